"""Intensities of any dtype to [0, 1] and back; samples outside the window stay unchanged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_zerodce.imaging import wide_integers
from napari_zerodce.imaging.outside_window import integers_outside, keep
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.window_search import resolve_window
from napari_zerodce.imaging.windows import DEFAULT_PERCENTILES, Window, WindowChoice, WindowKind

__all__ = [
    "DEFAULT_PERCENTILES",
    "Window",
    "WindowChoice",
    "WindowKind",
    "intensities_for",
    "normalise",
    "outside_of",
    "resolve_window",
    "restore",
]


def normalise(block: Array, window: Window) -> Array:
    """Map intensities to [0, 1].

    Parameters
    ----------
    block : ndarray, any integer or real dtype, any shape
    window : Window
        For float32, its ends are rounded to float32.

    Returns
    -------
    ndarray, float32, values in [0, 1]
        A new array with the memory order of `block`. Samples below the window and NaN become 0,
        samples above it 1.
    """
    if wide_integers.are_in(block):
        return wide_integers.normalise(block, window)
    scale = _scale_for(block.dtype, window)
    with np.errstate(all="ignore"):  # samples far outside may overflow; they are clipped below
        unit = scale.unit_of(block)
    if not _covers(window, block.dtype):
        np.clip(unit, 0, 1, out=unit)
    if block.dtype.kind == "f" and unit.size and np.isnan(unit.min()):
        unit[np.isnan(unit)] = 0
    return unit.astype(np.float32, copy=False)


def restore(unit: Array, original: Array, window: Window) -> Array:
    """Map [0, 1] back to intensities, the inverse of `normalise`.

    ``restore(normalise(x, window), x, window)`` is `x` for integers if the window is at most 2^23
    wide. For wider windows and for floats it differs from `x` by less than 2^-23 times the largest
    of the window's width and its two ends.

    Parameters
    ----------
    unit : ndarray, float32, values in [0, 1]
        A greater value never gives a smaller intensity.
    original : ndarray of the same shape
        The intensities from which `unit` was computed. Samples that are outside the window, NaN or
        infinite are returned unchanged, bit for bit.
    window : Window

    Returns
    -------
    ndarray, dtype of `original`
        A new array. 0 becomes exactly the window's low end and 1 its high end, as far as the dtype
        holds them. Integers are rounded half up.
    """
    restored = intensities_for(unit, original, window)
    if not _covers(window, original.dtype):
        keep(original, restored, outside_of(original, window))
    return restored


def intensities_for(unit: Array, like: Array, window: Window) -> Array:
    """Map [0, 1] to the intensities of a window, wherever those of the source are.

    Parameters
    ----------
    unit : ndarray, float32, values in [0, 1]
        A greater value never gives a smaller intensity.
    like : ndarray of the same shape
        Its dtype and its memory order are those of the result.
    window : Window

    Returns
    -------
    ndarray, dtype of `like`
        A new array, as in `restore`.
    """
    if wide_integers.are_in(like):
        return wide_integers.intensities_for(unit, like.dtype, window)
    scale = _scale_for(like.dtype, window)
    # With the memory order of `like`, because passes that mix two orders are very slow.
    real = scale.width.dtype
    values = np.empty_like(like, real, subok=False)
    np.multiply(unit, scale.width, out=values, dtype=real)  # NumPy 1 would use float32
    if like.dtype.kind == "f":
        return scale.restore_floats(values, unit, like.dtype)
    return _round(values, window, like.dtype)


def outside_of(block: Array, window: Window) -> Array:
    """Return which samples, NaN included, lie outside the window and so stay unchanged.

    Parameters
    ----------
    block : ndarray, any integer or real dtype, any shape
    window : Window

    Returns
    -------
    ndarray of bool, shape of `block`
    """
    if block.dtype.kind in "iu":
        return integers_outside(block, window)
    return _scale_for(block.dtype, window).outside(block)


@dataclass(frozen=True)
class _Scale:
    """A window as NumPy numbers of the dtype in which the arithmetic is done.

    The numbers are the window's, multiplied by `factor`, a power of two that keeps the width
    finite.
    """

    low: np.floating[Any]
    high: np.floating[Any]
    width: np.floating[Any]
    factor: float = 1.0

    def unit_of(self, block: Array) -> Array:
        """Return how far samples are from the low end, in widths of the window."""
        dtype = self.low.dtype
        if self.factor != 1:
            block = block.astype(dtype) * self.factor
        unit: Array
        if not self.low:  # in one pass: the samples become floats in small parts
            unit = np.divide(block, self.width, dtype=dtype)
            return unit
        unit = np.subtract(block, self.low, dtype=dtype)
        unit /= self.width
        return unit

    def restore_floats(self, values: Array, unit: Array, dtype: np.dtype[Any]) -> Array:
        """Return intensities from ``values = unit * width``."""
        limits = np.finfo(dtype)
        values += self.low
        ends = np.array([self.low, self.high])
        low, high = ends.clip(float(limits.min) * self.factor, float(limits.max) * self.factor)
        np.clip(values, low, high, out=values)
        if self.low + self.width != high:
            values[unit >= 1] = high
        if self.factor != 1:
            values /= self.factor
        return values.astype(dtype, copy=False)

    def outside(self, original: Array) -> Array:
        # NumPy 1 would compare float32 with a scalar of any type in float32.
        samples = original.astype(np.result_type(self.low.dtype, original.dtype), copy=False)
        if self.factor != 1:
            samples = samples * self.factor
        with np.errstate(invalid="ignore"):
            inside = samples >= self.low
            inside &= samples <= self.high
        return np.logical_not(inside, out=inside)  # NaN is not inside


def _scale_for(dtype: np.dtype[Any], window: Window) -> _Scale:
    """Return the window in float32 if that is enough (it is twice as fast), else in float64."""
    if dtype.itemsize <= 2 or (dtype.kind == "f" and dtype.itemsize == 4):
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            low, high = np.float32(window.low), np.float32(window.high)
            width = high - low
        if np.isfinite(width) and width >= np.finfo(np.float32).tiny:
            return _Scale(low, high, width)
    factor = 1.0 if math.isfinite(float(window.high) - float(window.low)) else 0.25
    low64, high64 = np.float64(window.low) * factor, np.float64(window.high) * factor
    return _Scale(low64, high64, high64 - low64, factor)


def _round(values: Array, window: Window, dtype: np.dtype[Any]) -> Array:
    """Return integers of the window from ``values = unit * width``."""
    bottom, top = wide_integers.rounded_ends(window, dtype)
    values += values.dtype.type(window.low + 0.5)
    np.clip(values, values.dtype.type(bottom), values.dtype.type(top), out=values)
    if bottom < 0:  # the cast rounds towards 0
        np.floor(values, out=values)
    with np.errstate(invalid="ignore"):
        return values.astype(dtype)


def _covers(window: Window, dtype: np.dtype[Any]) -> bool:
    if dtype.kind == "f":
        return False
    limits = np.iinfo(dtype)
    return bool(window.low <= limits.min and limits.max <= window.high)
