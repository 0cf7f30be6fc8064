"""Intensities of any dtype to [0, 1] and back; what lies outside the window is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from napari_zerodce.errors import Cancelled, RequestError
from napari_zerodce.imaging.planes import Array, Channels, PlaneLayout, layout_of

WindowKind = Literal["auto", "dtype", "minmax", "percentile", "range"]

DEFAULT_PERCENTILES = (0.1, 99.9)

_SAMPLES_IN_A_BAND = 2**22
_MOST_SAMPLES_COUNTED = 2**28  # 8- and 16-bit percentiles are exact up to here, about two seconds
_MOST_SAMPLES_SORTED = 2**24  # percentiles of other dtypes are exact up to here


@dataclass(frozen=True)
class WindowChoice:
    """How the window is to be found.

    Parameters
    ----------
    kind : {"auto", "dtype", "minmax", "percentile", "range"}
        "auto" is "dtype" for 8-bit integers and the percentiles 0.1 to 99.9 for all others;
        "dtype" is 0 to 1 for floats.
    low, high : float, optional
        Percentiles in [0, 100], or intensities in units of the image.

    Raises
    ------
    RequestError
        If the numbers are missing or make no window.
    """

    kind: WindowKind = "auto"
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in ("percentile", "range"):
            return
        if self.low is None or self.high is None:
            raise RequestError(f"The window {self.kind!r} needs two numbers, as in {_EXAMPLE[self.kind]}.")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise RequestError(
                f"The window goes from {self.low:g} to {self.high:g}; the first number must be the smaller one, "
                f"as in {_EXAMPLE[self.kind]}."
            )
        if self.kind == "percentile" and not (self.low >= 0 and self.high <= 100):
            raise RequestError(
                f"The percentiles {self.low:g} and {self.high:g} must lie between 0 and 100, "
                f"as in {_EXAMPLE['percentile']}."
            )

    @classmethod
    def parse(cls, text: str) -> WindowChoice:
        """Return the choice written as "auto", "dtype", "minmax", "percentile:0.1,99.9" or "120,4000".

        Raises
        ------
        RequestError
            If it is written otherwise.
        """
        name, colon, numbers = text.strip().rpartition(":")
        if not colon and numbers in ("auto", "dtype", "minmax"):
            return cls(numbers)
        if not colon and numbers == "percentile":
            return cls("percentile", *DEFAULT_PERCENTILES)
        try:
            low, high = (_number(part) for part in numbers.split(","))
        except ValueError:
            low = high = math.nan
        if name in ("", "percentile", "range") and not (math.isnan(low) or math.isnan(high)):
            return cls("percentile" if name == "percentile" else "range", low, high)
        raise RequestError(
            f"The window {text!r} is not understood; write auto, dtype, minmax, percentile:0.1,99.9 or two "
            "intensities such as 120,4000."
        )

    def __str__(self) -> str:
        if self.kind in ("percentile", "range"):
            prefix = "percentile:" if self.kind == "percentile" else ""
            return f"{prefix}{self.low},{self.high}"
        return self.kind


_EXAMPLE = {"percentile": "percentile:0.1,99.9", "range": "120,4000"}


def _number(text: str) -> float:
    try:
        return int(text)  # whole intensities above 2^53 would not survive as floats
    except ValueError:
        return float(text)


@dataclass(frozen=True)
class Window:
    """The intensities that are mapped to 0 and to 1, in units of the image; high > low."""

    low: float
    high: float


def resolve_window(
    array: Any,
    choice: WindowChoice,
    *,
    channels: Channels,
    should_stop: Callable[[], bool] = lambda: False,
) -> Window:
    """Find the window of an image: one for all its planes and colours, so that nothing flickers.

    Percentiles are exact for up to 2^28 samples of 8- and 16-bit integers and 2^24 of other dtypes;
    of larger images, evenly spaced planes and rows are looked at. Minimum and maximum are always
    exact. NaN, infinities and the alpha channel are left out. Memory is bounded.

    Parameters
    ----------
    array : array-like
        NumPy, dask, zarr, ...; read band by band.
    choice : WindowChoice
    channels : {"mono", "rgb", "rgba"}
    should_stop : callable, optional
        Asked before each band.

    Raises
    ------
    Cancelled
        If `should_stop` said so.
    """
    dtype = np.dtype(array.dtype)
    if choice.kind == "range":
        assert choice.low is not None and choice.high is not None
        return Window(choice.low, choice.high)
    if choice.kind == "dtype" or (choice.kind == "auto" and dtype.kind in "iu" and dtype.itemsize == 1):
        return _dtype_window(dtype)
    layout = layout_of(array, channels=channels)
    if choice.kind == "minmax":
        bands = _bands(array, layout, None, should_stop)
        return _widened(*_extremes(bands, dtype), *_NOTHING)
    low, high = (choice.low, choice.high) if choice.kind == "percentile" else DEFAULT_PERCENTILES
    assert low is not None and high is not None
    if dtype.kind in "iu" and dtype.itemsize <= 2:
        bands = _bands(array, layout, _MOST_SAMPLES_COUNTED, should_stop)
        return _window_from_counts(_counts(bands, dtype), int(np.iinfo(dtype).min), (low, high))
    bands = _bands(array, layout, _MOST_SAMPLES_SORTED, should_stop)
    return _window_from_samples(list(bands), (low, high))


def _dtype_window(dtype: np.dtype[Any]) -> Window:
    if dtype.kind == "f":
        return Window(0.0, 1.0)
    limits = np.iinfo(dtype)
    return Window(int(limits.min), int(limits.max))


def _bands(
    array: Any, layout: PlaneLayout, most: int | None, should_stop: Callable[[], bool]
) -> Iterator[Array]:
    """Yield the finite colour samples, flat, band of rows by band; at most about `most` of them."""
    total = layout.count * layout.height * layout.width * layout.colours
    thinning = 1 if most is None else -(-total // most)
    plane_step = min(layout.count, thinning)
    row_step = -(-thinning // plane_step)
    rows_in_a_band = max(1, _SAMPLES_IN_A_BAND // (layout.width * layout.colours)) * row_step
    for number, index in enumerate(layout.indices()):
        if number % plane_step:
            continue
        for start in range(0, layout.height, rows_in_a_band):
            if should_stop():
                raise Cancelled
            rows = slice(start, min(start + rows_in_a_band, layout.height), row_step)
            samples = layout.read(array, index, rows, slice(0, layout.width)).ravel()
            yield samples[np.isfinite(samples)] if samples.dtype.kind == "f" else samples


_NOTHING = (0, 1)


def _extremes(bands: Iterator[Array], dtype: np.dtype[Any]) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for band in bands:
        if band.size:
            low, high = min(low, band.min().item()), max(high, band.max().item())
    return (low, high) if low <= high else _NOTHING


def _counts(bands: Iterator[Array], dtype: np.dtype[Any]) -> Array:
    """Return how often each value of an 8- or 16-bit dtype occurs, smallest value first."""
    limits = np.iinfo(dtype)
    counts = np.zeros(limits.max - limits.min + 1, np.int64)
    for band in bands:
        counts += np.bincount(band.astype(np.int64) - limits.min, minlength=counts.size)
    return counts


def _window_from_counts(counts: Array, smallest: int, percentiles: tuple[float, float]) -> Window:
    """Return percentiles with linear interpolation, as NumPy defines them."""
    ranks = np.cumsum(counts)
    occurring = np.flatnonzero(counts)
    limits = []
    for percentile in percentiles:
        place = percentile / 100 * (ranks[-1] - 1)
        below, above = np.searchsorted(ranks, (math.floor(place), math.ceil(place)), side="right")
        limits.append(smallest + below + (above - below) * (place - math.floor(place)))
    low, high = (float(limit) for limit in limits)
    return _widened(low, high, smallest + int(occurring[0]), smallest + int(occurring[-1]))


def _window_from_samples(bands: list[Array], percentiles: tuple[float, float]) -> Window:
    samples = np.concatenate(bands)
    if not samples.size:
        return Window(*_NOTHING)
    extremes = samples.min().item(), samples.max().item()
    low, high = np.percentile(samples.astype(np.float64), percentiles)
    return _widened(float(low), float(high), *extremes)


def _widened(low: float, high: float, smallest: float, largest: float) -> Window:
    """Return a window that is one, also of images where almost all or all samples are equal."""
    if low < high:
        return Window(low, high)
    if smallest < largest and smallest <= low <= largest:
        return Window(smallest, largest)
    # Constant: the value is the window's low end, a fixed point of all curves, and stays as it is.
    return Window(low, low + max(1, abs(low) * 1e-6))


def normalise(block: Array, window: Window) -> Array:
    """Map intensities to [0, 1].

    Parameters
    ----------
    block : ndarray, any integer or real dtype
    window : Window

    Returns
    -------
    ndarray, float32, values in [0, 1]
        Samples outside the window become 0 or 1; NaN becomes 0.
    """
    if _fits_float32(block.dtype):
        unit = np.subtract(block, np.float32(window.low), dtype=np.float32)
        unit /= np.float32(float(window.high) - float(window.low))
    else:
        unit = _unit64(block, window).astype(np.float32)
    np.clip(unit, 0, 1, out=unit)
    return np.nan_to_num(unit, copy=False, nan=0.0) if block.dtype.kind == "f" else unit


def _unit64(block: Array, window: Window) -> Array:
    # Halves, because the difference of two large float64 numbers may be infinite.
    low, high = float(window.low) / 2, float(window.high) / 2
    with np.errstate(invalid="ignore", over="ignore"):
        unit: Array = (block.astype(np.float64) / 2 - low) / (high - low)
    return unit


def restore(unit: Array, original: Array, window: Window) -> Array:
    """Map [0, 1] back to intensities.

    Parameters
    ----------
    unit : ndarray, float32, values in [0, 1]
    original : ndarray of the same shape
        What `unit` came from; its samples outside the window, NaN and infinities are returned as
        they are.
    window : Window

    Returns
    -------
    ndarray, dtype of `original`
        0 becomes exactly the window's low end and 1 its high end, as far as the dtype holds them;
        integers are rounded half up.
    """
    dtype = original.dtype.newbyteorder("=")
    if _fits_float32(dtype):
        low, span = np.float32(window.low), np.float32(float(window.high) - float(window.low))
        restored = _rounded(unit * span + low, dtype)
    elif dtype.kind == "f":
        limits = np.finfo(dtype)
        restored = _interpolated(unit, window).clip(limits.min, limits.max).astype(dtype)
    else:
        restored = _rounded(_interpolated(unit, window), dtype)
        _pin_ends(restored, unit, window)
    if _covers(window, dtype):
        return restored
    return np.where(_inside(original, window), restored, original)


def _interpolated(unit: Array, window: Window) -> Array:
    unit = unit.astype(np.float64)
    return (1 - unit) * float(window.low) + unit * float(window.high)


def _rounded(values: Array, dtype: np.dtype[Any]) -> Array:
    limits = np.iinfo(dtype)
    values += 0.5
    np.floor(values, out=values)
    # The largest int64 is no float64: compare with the number above it and clip after the cast.
    too_large = values >= float(limits.max)
    values[too_large] = 0
    np.maximum(values, limits.min, out=values)
    rounded = values.astype(dtype)
    rounded[too_large] = limits.max
    return rounded


def _pin_ends(restored: Array, unit: Array, window: Window) -> None:
    limits = np.iinfo(restored.dtype)
    for end, value in ((0, window.low), (1, window.high)):
        if isinstance(value, int):  # above 2^53 float arithmetic would miss it
            restored[unit == end] = min(max(value, limits.min), limits.max)


def _fits_float32(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "iu" and dtype.itemsize <= 2


def _covers(window: Window, dtype: np.dtype[Any]) -> bool:
    if dtype.kind == "f":
        return False
    limits = np.iinfo(dtype)
    return bool(window.low <= limits.min and limits.max <= window.high)


def _inside(original: Array, window: Window) -> Array:
    inside: Array = (original >= window.low) & (original <= window.high)  # false for NaN
    return inside
