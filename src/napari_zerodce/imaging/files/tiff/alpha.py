"""Premultiplied ("associated") alpha: how colours are divided by it, and multiplied again."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.planes import Array

_WIDE: Final[dict[int, type[np.unsignedinteger[Any]]]] = {1: np.uint32, 2: np.uint64, 4: np.uint64}


def can_divide(dtype: np.dtype[Any]) -> bool:
    """Return whether colours of this dtype can be divided by their alpha.

    Parameters
    ----------
    dtype : dtype
    """
    return dtype.kind == "f" or (dtype.kind == "u" and dtype.itemsize in _WIDE)


def divided(array: Array, white: int) -> Array:
    """Return colours as they are without transparency; where alpha is 0, they stay.

    Parameters
    ----------
    array : ndarray, shape (..., S)
        Premultiplied, alpha last, of a dtype that `can_divide` accepts.
    white : int
        The value of no transparency.

    Returns
    -------
    ndarray, shape (..., S), dtype of `array`
    """
    result = np.array(array, order="C")
    for plane in _planes(result):
        colours, alpha = plane[:, :-1], plane[:, -1:]
        seen = alpha > 0
        if result.dtype.kind == "f":
            plane[:, :-1] = np.divide(colours, alpha, out=np.array(colours), where=seen)
            continue
        wide = _WIDE[result.dtype.itemsize]
        safe = np.where(seen, alpha, 1).astype(wide)
        whole = np.minimum((colours * wide(white) + safe // wide(2)) // safe, wide(white))
        plane[:, :-1] = np.where(seen, whole, colours)
    return result


def multiplied(array: Array, white: int) -> Array:
    """Return the inverse of `divided`; where alpha is 0, colours become 0.

    Parameters
    ----------
    array : ndarray, shape (..., S)
        Of a dtype that `can_divide` accepts.
    white : int
        The value of no transparency.

    Returns
    -------
    ndarray, shape (..., S), dtype of `array`
    """
    result = np.array(array, order="C")
    for plane in _planes(result):
        colours, alpha = plane[:, :-1], plane[:, -1:]
        if result.dtype.kind == "f":
            plane[:, :-1] = colours * alpha
        else:
            wide = _WIDE[result.dtype.itemsize]
            plane[:, :-1] = (colours * alpha.astype(wide) + wide(white // 2)) // wide(white)
    return result


def _planes(array: Array) -> Array:
    """Return rows of pixels, so that wide integers of a few of them are in memory at a time."""
    return array.reshape(-1, *array.shape[-2:])
