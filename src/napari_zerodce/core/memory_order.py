"""The order of images in the memory of the CPU: aligned, in blocks, colours apart or together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_zerodce.core.arrays import Array, is_numpy

LINE: Final = 64
"""Bytes of a line of the cache."""

_ALIGNED_ROWS: Final = LINE // 4
"""As many rows of float32 end with a line, whatever their length is."""


def aligned(shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
    """Return a NumPy array of any content whose memory begins with a line of the cache.

    NumPy's own begin 16 bytes later: with AVX-512, operations that write to them take 1.7 times as
    long.

    Parameters
    ----------
    shape : sequence of int
    dtype : dtype
    """
    kind = np.dtype(dtype)
    count = math.prod(shape) * kind.itemsize
    memory = np.empty(count + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + count].view(kind).reshape(shape)


def aligned_like(values: NDArray[Any]) -> NDArray[Any]:
    """Return such an array with the shape, the dtype and the order in memory of another one.

    Parameters
    ----------
    values : ndarray
    """
    order = sorted(range(values.ndim), key=lambda axis: -values.strides[axis])
    made = aligned([values.shape[axis] for axis in order], values.dtype)
    return made.transpose(sorted(range(values.ndim), key=order.__getitem__))


def row_blocks(shape: tuple[int, ...], most: int) -> Iterator[slice]:
    """Yield all rows of images in blocks of at most so many numbers, but of one row at least.

    Parameters
    ----------
    shape : tuple of int
        Of the images, (..., H, W).
    most : int
        About as many numbers as a core's cache holds.
    """
    rows = shape[-2]
    height = max(1, most // max(1, math.prod(shape) // max(1, rows)))
    if height > _ALIGNED_ROWS:  # so that blocks begin with a line of the cache
        height -= height % _ALIGNED_ROWS
    for start in range(0, rows, height):
        yield slice(start, min(rows, start + height))


def is_interleaved(image: NDArray[Any]) -> bool:
    """Return whether the colours of a pixel are beside each other in memory.

    Parameters
    ----------
    image : ndarray, shape (..., C, H, W)
    """
    return image.shape[-3] > 1 and image.strides[-3] < image.strides[-1]


def interleaved(image: NDArray[Any]) -> NDArray[Any]:
    """Return images with the colours of a pixel beside each other in memory.

    Parameters
    ----------
    image : ndarray, shape (..., C, H, W)
    """
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(image, -3, -1)), -1, -3)


def in_order_of(maps: Array, image: Array) -> Array:
    """Return maps with the order in memory of the axes of an image; a tensor unchanged.

    Operations on arrays of two orders take ten times longer.

    Parameters
    ----------
    maps : array, shape (..., C, h, w)
    image : array, shape (..., C, H, W)
    """
    if is_numpy(maps) and is_numpy(image) and is_interleaved(image):
        return interleaved(maps)
    return maps
