"""How samples of fewer bits than their dtype become samples of that many bits, or of all bits."""

from __future__ import annotations

import numpy as np

from napari_zerodce.imaging.planes import Array


def limited(array: Array, bits: int) -> Array:
    """Return samples that fit into some bits.

    Parameters
    ----------
    array : ndarray, unsigned integers
    bits : int
    """
    return np.asarray(np.minimum(array, array.dtype.type(2**bits - 1)))


def spread(array: Array, bits: int) -> Array:
    """Return samples of fewer bits over the range of their dtype: white stays white.

    Parameters
    ----------
    array : ndarray, uint8, uint16 or uint32
    bits : int
    """
    white, full = 2**bits - 1, int(np.iinfo(array.dtype).max)
    wide: Array = limited(array, bits).astype("u4" if array.dtype.itemsize < 4 else "u8")
    result: Array = ((wide * full + white // 2) // white).astype(array.dtype)
    return result
