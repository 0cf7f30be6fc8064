"""An image with its axes in another order; only the requested part is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_zerodce.imaging.axes import Axes, inverse
from napari_zerodce.imaging.keys import complete_key
from napari_zerodce.imaging.planes import Array


class Permuted:
    """A lazy array with its axes in another order.

    Parameters
    ----------
    array : array-like
        Any object with ``shape``, ``dtype`` and slicing.
    order : sequence of int
        For each axis of this image, the axis of the array.
    """

    def __init__(self, array: Any, order: Sequence[int]) -> None:
        self._array, self._places = array, inverse(order)
        self._order = tuple(order)
        self.shape: tuple[int, ...] = tuple(array.shape[place] for place in order)
        self.ndim = len(self.shape)
        self.dtype = array.dtype
        chunks: Any = getattr(array, "chunks", None)
        is_known = isinstance(chunks, tuple) and len(chunks) == self.ndim
        self.chunks = tuple(chunks[place] for place in order) if is_known else None

    def __getitem__(self, key: Any) -> Array:
        """Return a part; `key` holds integers, slices and an ellipsis."""
        whole = complete_key(key, self.ndim)
        block = np.asarray(self._array[tuple(whole[place] for place in self._places)])
        kept = [place for place in range(self.ndim) if isinstance(whole[place], slice)]
        there = sorted(self._order[place] for place in kept)
        return block.transpose([there.index(self._order[place]) for place in kept])


def permuted(array: Any, order: Sequence[int]) -> Any:
    """Return an image with its axes in another order, without reading it.

    Parameters
    ----------
    array : array-like
    order : sequence of int
        For each axis of the result, the axis of the array.
    """
    if tuple(order) == tuple(range(len(order))):
        return array  # itself, by which it is recognised
    if isinstance(array, np.ndarray):
        return array.transpose(order)
    return Permuted(array, order)


def planes_last(array: Any, axes: str) -> Any:
    """Return an image with rows and columns as the last axes before colours, without reading it.

    Parameters
    ----------
    array : array-like
    axes : str
        Letters of its axes, as in `Axes`; empty if they are in this order.
    """
    return permuted(array, Axes(axes).planes_last(range(len(array.shape)))) if axes else array


def as_stored(array: Any, axes: str) -> Any:
    """Return an image with its axes in the order of the letters; the inverse of `planes_last`.

    Parameters
    ----------
    array : array-like
        Rows and columns are its last axes before colours.
    axes : str
    """
    return permuted(array, Axes(axes).as_stored(range(len(array.shape)))) if axes else array
