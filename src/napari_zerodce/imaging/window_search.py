"""How to find the window of an image: one for all planes and colours, so that nothing flickers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.planes import Array, Channels, layout_of
from napari_zerodce.imaging.sampling import Sampler
from napari_zerodce.imaging.windows import DEFAULT_PERCENTILES, Window, WindowChoice
from napari_zerodce.stopping import ShouldStop, never

MOST_SAMPLES_SORTED = 2**24
"""Up to this number percentiles of 32- and 64-bit dtypes are exact; above, samples are skipped."""

_SAMPLES_COUNTED_AT_ONCE = 2**20  # numpy.bincount needs 8 bytes for each


def resolve_window(
    array: Any, choice: WindowChoice, *, channels: Channels, should_stop: ShouldStop = never
) -> Window:
    """Find the window of an image.

    NaN, infinities and the alpha channel do not count. If almost all samples are equal, so that
    both percentiles are the same, the window goes from minimum to maximum. If all samples are
    equal, the window is one that leaves them unchanged.

    Minimum and maximum are exact. The low percentile is the sample of the image just below the
    requested percentage, the high percentile the one just above. Both are exact for 8- and 16-bit
    dtypes, and for other dtypes up to 2^24 samples; in larger images only every n-th sample counts.
    Of lazy images (dask, zarr, memory-mapped files, ...) with more than 2^28 samples, only evenly
    spaced regions are read.

    Parameters
    ----------
    array : array-like
        From NumPy, dask, zarr, ...; it is read in regions of whole chunks, with about 2^22 samples
        each.
    choice : WindowChoice
    channels : {"mono", "rgb", "rgba"}
    should_stop : callable, optional
        Called before each region; returns whether the user cancelled.

    Returns
    -------
    Window
        With integer ends for an image of integers, except for the choice "range".

    Raises
    ------
    ImageError
        If the array is not an image with these channels.
    RequestError
        If the choice is "contrast", which only a layer has.
    Cancelled
        If `should_stop` returned True.
    """
    layout = layout_of(array, channels=channels)
    dtype: np.dtype[Any] = np.dtype(array.dtype)
    low, high = choice.low, choice.high
    if choice.kind == "range":
        assert low is not None
        assert high is not None
        return Window(low, high)
    if choice.kind == "dtype" or (choice.kind == "auto" and dtype.itemsize == 1):
        return _dtype_window(dtype)
    if choice.kind == "contrast":
        raise RequestError(
            "The window 'contrast' needs the contrast limits of a layer, but this image is not a "
            "layer; give two intensities, or 'auto'."
        )
    sampler = Sampler(array, layout, should_stop)
    if choice.kind == "minmax":
        return _between(*_extremes(sampler), dtype)
    if low is None or high is None:
        low, high = DEFAULT_PERCENTILES
    ends = (_counted if dtype.itemsize <= 2 else _sorted)(sampler, dtype, low, high)
    # Equal percentiles are rare, so reading the image a second time is acceptable.
    return _between(*(ends if ends[0] < ends[1] else _extremes(sampler)), dtype)


def _dtype_window(dtype: np.dtype[Any]) -> Window:
    if dtype.kind == "f":
        return Window(0.0, 1.0)
    limits = np.iinfo(dtype)
    return Window(int(limits.min), int(limits.max))


def _between(low: float, high: float, dtype: np.dtype[Any]) -> Window:
    if low < high:
        return Window(low, high)
    if low > high:  # no finite sample
        return Window(0, 1)
    # All samples are equal. Curves do not change samples at an end of the window.
    width = 1 if dtype.kind in "iu" else max(1.0, abs(low))
    if dtype.kind == "f" and low > float(np.finfo(dtype).max) - width:
        return Window(low - width, low)
    return Window(low, low + width)


def _extremes(sampler: Sampler) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for samples in sampler.all_samples():
        if samples.size:
            low, high = min(low, samples.min().item()), max(high, samples.max().item())
    return low, high


def _counted(
    sampler: Sampler, dtype: np.dtype[Any], low: float, high: float
) -> tuple[float, float]:
    """Return percentiles of a dtype of at most 16 bits from the count of each value."""
    native = dtype.newbyteorder("=")
    bits = np.dtype(f"u{dtype.itemsize}")
    counts = np.zeros(2 ** (8 * dtype.itemsize), np.int64)
    for samples in sampler.spread_samples():
        patterns = np.ascontiguousarray(samples, native).view(bits)
        for start in range(0, patterns.size, _SAMPLES_COUNTED_AT_ONCE):
            part = patterns[start : start + _SAMPLES_COUNTED_AT_ONCE]
            counts += np.bincount(part, minlength=counts.size)
    present = np.flatnonzero(counts)
    values = present.astype(bits).view(native)
    order = np.argsort(values)
    ranks = np.cumsum(counts[present][order])
    if not ranks.size:
        return math.inf, -math.inf
    first, last = np.searchsorted(ranks, _places(int(ranks[-1]), low, high), side="right")
    return values[order[first]].item(), values[order[last]].item()


def _sorted(sampler: Sampler, dtype: np.dtype[Any], low: float, high: float) -> tuple[float, float]:
    """Return percentiles of any dtype from partially sorted samples."""
    parts = list(sampler.spread_samples(most=MOST_SAMPLES_SORTED))
    samples: Array = np.concatenate(parts, dtype=dtype.newbyteorder("="))
    del parts
    if not samples.size:
        return math.inf, -math.inf
    first, last = _places(samples.size, low, high)
    samples.partition((first, last))
    return samples[first].item(), samples[last].item()


def _places(count: int, low: float, high: float) -> tuple[int, int]:
    """Return the positions of the percentiles among `count` sorted samples, rounded outwards."""
    first, last = (percent / 100 * (count - 1) for percent in (low, high))
    # 99.9 percent of 1000 is 999, but slightly more in floating point.
    return math.floor(round(first, 6)), math.ceil(round(last, 6))
