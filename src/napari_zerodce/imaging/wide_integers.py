"""Intensities of 64-bit integers, whose offsets in the window are exact: not all are floats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from napari_zerodce.imaging.outliers import integers_outside, keep
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.windows import Window


def are_in(block: Array) -> bool:
    """Say whether a block has integers that float64 cannot hold."""
    return block.dtype.kind in "iu" and block.dtype.itemsize == 8


def normalise(block: Array, window: Window) -> Array:
    """Map 64-bit integers to [0, 1] as `intensity.normalise` does."""
    bottom, top = rounded_ends(window, block.dtype)
    number = block.dtype.newbyteorder("=").type
    offsets = _offsets(np.clip(block, number(bottom), number(top)), bottom)
    unit = offsets.astype(np.float64)
    unit += float(bottom - window.low)
    unit /= float(window.high - window.low)
    np.clip(unit, 0, 1, out=unit)
    return unit.astype(np.float32)


def restore(unit: Array, original: Array, window: Window) -> Array:
    """Map [0, 1] back to 64-bit integers as `intensity.restore` does."""
    bottom, top = rounded_ends(window, original.dtype)
    values = np.multiply(unit, float(window.high - window.low), dtype=np.float64)
    values += float(window.low - bottom) + 0.5
    np.clip(values, 0, None, out=values)
    # The largest 64-bit integers are no floats: what reaches the top is put there after the cast.
    highest = values >= float(top - bottom)
    values[highest] = 0
    with np.errstate(invalid="ignore"):
        offsets = values.astype(np.uint64)
    offsets[highest] = top - bottom
    restored = (offsets + _wrapped(bottom)).astype(original.dtype)
    keep(original, restored, integers_outside(original, window))
    return restored


def rounded_ends(window: Window, dtype: np.dtype[Any]) -> tuple[int, int]:
    """Return the integers that 0 and 1 become: rounded half up, within the dtype's range."""
    limits = np.iinfo(dtype)
    bottom, top = (
        min(max(_half_up(end), int(limits.min)), int(limits.max))
        for end in (window.low, window.high)
    )
    return bottom, top


def _half_up(number: float) -> int:
    return number if isinstance(number, int) else math.floor(number + 0.5)


def _offsets(block: Array, bottom: int) -> Array:
    # Modulo 2^64, so that the distance of a negative from a positive integer is right too.
    offsets: Array = block.astype(np.uint64) - _wrapped(bottom)
    return offsets


def _wrapped(number: int) -> np.uint64:
    return np.uint64(number % 2**64)
