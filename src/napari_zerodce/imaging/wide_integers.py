"""Intensities of 64-bit integers: exact offsets in the window, because float64 cannot hold all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.windows import Window


def are_in(block: Array) -> bool:
    """Return whether a block has a dtype with integers that float64 cannot hold."""
    return block.dtype.kind in "iu" and block.dtype.itemsize == 8


def normalise(block: Array, window: Window) -> Array:
    """Map 64-bit integers to [0, 1] like `intensity.normalise`.

    Parameters
    ----------
    block : ndarray of int64 or uint64, any shape
    window : Window

    Returns
    -------
    ndarray, float32, shape of `block`, values in [0, 1]
    """
    bottom, top = rounded_ends(window, block.dtype)
    number = block.dtype.newbyteorder("=").type
    offsets = _offsets(np.clip(block, number(bottom), number(top)), bottom)
    unit = offsets.astype(np.float64)
    unit += float(bottom - window.low)
    unit /= float(window.high - window.low)
    np.clip(unit, 0, 1, out=unit)
    return unit.astype(np.float32)


def intensities_for(unit: Array, dtype: np.dtype[Any], window: Window) -> Array:
    """Map [0, 1] to 64-bit integers like `intensity.intensities_for`.

    Parameters
    ----------
    unit : ndarray, float32, values in [0, 1]
    dtype : dtype
        int64 or uint64.
    window : Window

    Returns
    -------
    ndarray of the dtype, shape of `unit`
    """
    bottom, top = rounded_ends(window, dtype)
    values = np.multiply(unit, float(window.high - window.low), dtype=np.float64)
    values += float(window.low - bottom) + 0.5
    np.clip(values, 0, None, out=values)
    # float64 cannot hold the largest 64-bit integers, so the top is assigned after the cast.
    highest = values >= float(top - bottom)
    values[highest] = 0
    with np.errstate(invalid="ignore"):
        offsets = values.astype(np.uint64)
    offsets[highest] = top - bottom
    return (offsets + _wrapped(bottom)).astype(dtype)


def rounded_ends(window: Window, dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return the integers that 0 and 1 become.

    Parameters
    ----------
    window : Window
    dtype : dtype of integers

    Returns
    -------
    tuple of int
        The ends of the window, rounded half up and clipped to the dtype's range.
    """
    limits = np.iinfo(dtype)
    bottom, top = (
        min(max(_half_up(end), int(limits.min)), int(limits.max))
        for end in (window.low, window.high)
    )
    return bottom, top


def _half_up(number: float) -> int:
    return number if isinstance(number, int) else math.floor(number + 0.5)


def _offsets(block: Array, bottom: int) -> Array:
    # Modulo 2^64, so that the distance from a negative to a positive integer is right, too.
    offsets: Array = block.astype(np.uint64) - _wrapped(bottom)
    return offsets


def _wrapped(number: int) -> np.uint64:
    return np.uint64(number % 2**64)
