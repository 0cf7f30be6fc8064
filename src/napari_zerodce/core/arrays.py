"""What NumPy and PyTorch name differently, so that a formula is written once for both.

Only who has a tensor has imported torch: nothing here imports it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = Any
"""A NumPy array or a PyTorch tensor. A result is of the kind of the arguments."""


LINE: Final = 64
"""Bytes of a line of the cache."""


def is_numpy(values: Array) -> bool:
    """Return whether values are a NumPy array, and not a tensor.

    Parameters
    ----------
    values : ndarray or Tensor
    """
    return isinstance(values, np.ndarray)


def namespace(values: Array) -> Any:
    """Return the module of an array, for functions that both modules have under one name.

    Parameters
    ----------
    values : ndarray or Tensor

    Returns
    -------
    module
        `numpy` or `torch`. Both know `abs`, `clip`, `concatenate`, `stack`, `sqrt`, `where`,
        `broadcast_to`, `ones_like` and `finfo`; the number of an axis is given by its place.
    """
    return np if is_numpy(values) else sys.modules["torch"]


def to_numpy(values: Array) -> NDArray[Any]:
    """Return values as a NumPy array in the memory of the CPU; one that is there is not copied.

    Parameters
    ----------
    values : ndarray or Tensor
    """
    found: NDArray[Any] = values if is_numpy(values) else values.detach().cpu().numpy()
    return found


def array_like(values: ArrayLike, like: Array) -> Array:
    """Return numbers as an array of the kind, the dtype and the device of another one.

    Parameters
    ----------
    values : array-like
    like : ndarray or Tensor
    """
    if is_numpy(like):
        return np.asarray(values, like.dtype)
    return sys.modules["torch"].as_tensor(values, dtype=like.dtype, device=like.device)


def packed(values: Array) -> Array:
    """Return a part of a tensor without gaps in memory; NumPy is as quick with gaps between rows.

    Parameters
    ----------
    values : ndarray or Tensor
    """
    return values if is_numpy(values) else values.contiguous()


def repeats_one(values: Array, axis: int) -> bool:
    """Return whether an axis repeats one entry that is in memory once.

    Parameters
    ----------
    values : ndarray or Tensor
    axis : int
    """
    stride = values.strides[axis] if is_numpy(values) else values.stride(axis)
    return bool(stride == 0 and values.shape[axis])


def distinct(values: Array, axis: int) -> Array:
    """Return values without the repetitions of an axis that repeats one entry.

    Parameters
    ----------
    values : ndarray or Tensor
    axis : int
    """
    key = (slice(None),) * axis + (slice(0, 1),)
    return values[key] if repeats_one(values, axis) else values


def each_along(values: Array, axis: int) -> list[Array]:
    """Return the entries along an axis, without it.

    Parameters
    ----------
    values : ndarray or Tensor
    axis : int
    """
    key = (slice(None),) * axis
    return [values[(*key, place)] for place in range(values.shape[axis])]


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


_ALIGNED_ROWS: Final = LINE // 4


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


def empty_array(shape: Sequence[int], like: Array) -> Array:
    """Return an array of any content, of the kind, the dtype and the device of another one.

    Parameters
    ----------
    shape : sequence of int
    like : ndarray or Tensor
    """
    return np.empty(shape, like.dtype) if is_numpy(like) else like.new_empty(tuple(shape))


def without_gradients() -> AbstractContextManager[Any]:
    """Return a context in which tensors remember no gradients; if torch is not loaded, any.

    Returns
    -------
    context manager
    """
    torch = sys.modules.get("torch")
    found: AbstractContextManager[Any] = torch.inference_mode() if torch else nullcontext()
    return found
