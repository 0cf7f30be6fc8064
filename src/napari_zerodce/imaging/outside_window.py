"""Samples outside the window: which ones they are, and how they stay unchanged."""

from __future__ import annotations

import math

import numpy as np

from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.windows import Window


def integers_outside(original: Array, window: Window) -> Array:
    """Return which integers lie outside the window.

    Parameters
    ----------
    original : ndarray of integers, any shape
    window : Window

    Returns
    -------
    ndarray of bool, shape of `original`
    """
    limits = np.iinfo(original.dtype)
    lowest = max(math.ceil(window.low), int(limits.min))
    highest = min(math.floor(window.high), int(limits.max))
    if lowest > highest:
        return np.ones(original.shape, np.bool_)
    number = original.dtype.newbyteorder("=").type
    outside: Array = original < number(lowest)
    outside |= original > number(highest)
    return outside


def keep(original: Array, restored: Array, outside: Array) -> None:
    """Copy the original samples outside the window into the result, bit for bit.

    The function combines bits instead of copying samples: NumPy copies samples under a mask one by
    one, which takes 30 times as long for 8-bit noise.

    Parameters
    ----------
    original : ndarray
    restored : ndarray, shape and dtype of `original`
        Changed in place.
    outside : ndarray of bool, shape of `original`
    """
    if not outside.any():
        return
    bits = f"u{original.dtype.itemsize}"
    mask = outside.astype(bits)
    np.negative(mask, out=mask)  # 1 becomes all ones
    mask &= restored.view(bits) ^ original.view(bits)
    mixed = restored.view(bits)
    mixed ^= mask
