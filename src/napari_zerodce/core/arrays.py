"""What NumPy and PyTorch name differently, so that a formula is written once for both.

Only who has a tensor has imported torch: nothing here imports it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = Any
"""A NumPy array or a PyTorch tensor. A result is of the kind of the arguments."""


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


def empty_array(shape: Sequence[int], like: Array) -> Array:
    """Return an array of any content, of the kind, the dtype and the device of another one.

    Parameters
    ----------
    shape : sequence of int
    like : ndarray or Tensor
    """
    return np.empty(shape, like.dtype) if is_numpy(like) else like.new_empty(tuple(shape))
