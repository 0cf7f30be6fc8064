"""A lazy array that keeps the chunks read last, so that tiles beside each other read them once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.keys import complete_key, picked, pieces_of, without_integers
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.sampling import chunks_of

_SIDE: Final = 512
"""Pixels. Smaller chunks are read together: a store answers one large question faster than many."""

_MOST_BYTES: Final = 2**28
"""Of kept chunks. A chunk of more than half of it is not kept, and read in parts."""

Unit = tuple[int, ...]
"""The sides of what is read at once: whole chunks."""

Number = tuple[int, ...]
"""Of a unit, counted along each axis."""


class RecentChunks:
    """An array that reads whole chunks of another one, and keeps those that were read last.

    It may be read in several threads.

    Parameters
    ----------
    array : array-like
    unit : tuple of int
        As `reading_unit` returns it.
    """

    def __init__(self, array: Any, unit: Unit) -> None:
        self._array, self._unit = array, unit
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype = np.dtype(array.dtype)
        self.ndim = len(self.shape)
        self.chunks = unit
        self._kept: OrderedDict[Number, Array] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, key: Any) -> Array:
        """Return a region; `key` holds integers, slices and an ellipsis."""
        return self.read(key, self.chunk)

    def read(self, key: Any, chunk: Callable[[Number], Array]) -> Array:
        """Return a region.

        Parameters
        ----------
        key : int, slice, Ellipsis or tuple of these
        chunk : callable
            Given the number of a chunk, it returns that.
        """
        parts = complete_key(key, self.ndim)
        places = picked(parts, self.shape)
        made: Array = np.empty(tuple(map(len, places)), self.dtype)
        pieces = [pieces_of(*axis) for axis in zip(places, self._unit, strict=True)]
        with self._lock:
            for each in product(*pieces):
                number, there, here = zip(*each, strict=True)
                made[there] = chunk(number)[here]
        chosen: Array = made[without_integers(parts)]
        return chosen

    def region_of(self, number: Number) -> tuple[slice, ...]:
        """Return where a chunk is."""
        return tuple(
            slice(n * side, min((n + 1) * side, length))
            for n, side, length in zip(number, self._unit, self.shape, strict=True)
        )

    def parts_of(self, number: Number) -> list[tuple[slice, ...]]:
        """Return where the array's own chunks are that are read together."""
        sides = chunks_of(self._array) or self._unit
        axes = [
            [
                slice(start, min(start + side, whole.stop))
                for start in range(whole.start, whole.stop, side)
            ]
            for whole, side in zip(self.region_of(number), sides, strict=True)
        ]
        return list(product(*axes))

    def part(self, region: tuple[slice, ...]) -> Array:
        """Return a part of a chunk, which is not kept; called by `read` only."""
        return np.asarray(self._array[region])

    def chunk(self, number: Number) -> Array:
        """Return a chunk; called by `read` only, which lets no other thread in."""
        if number not in self._kept:
            self._kept[number] = self.part(self.region_of(number))
            most = max(1, _MOST_BYTES // (prod(self._unit) * self.dtype.itemsize))
            while len(self._kept) > most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]


def with_recent_chunks(array: Any) -> Any:
    """Return a lazy array that keeps its recent chunks; any other array is returned unchanged.

    Parameters
    ----------
    array : array-like
    """
    unit = reading_unit(array)
    return array if unit is None else RecentChunks(array, unit)


def reading_unit(array: Any) -> Unit | None:
    """Return the sides of what is read of a lazy array at once, None if it has no suitable chunks.

    Parameters
    ----------
    array : array-like
    """
    chunks = chunks_of(array)
    if isinstance(array, np.ndarray) or chunks is None or not _are_regular(array.chunks):
        return None
    # Of colour images, the last two axes are columns and colours: chunks of few rows stay so.
    count = len(chunks)
    sides = [
        min(length, side if axis < count - 2 or side >= _SIDE else -(-_SIDE // side) * side)
        for axis, (side, length) in enumerate(zip(chunks, array.shape, strict=True))
    ]
    size = prod(sides) * np.dtype(array.dtype).itemsize
    return tuple(sides) if size <= _MOST_BYTES // 2 else None


def tile_sides(array: Any, rows: int) -> tuple[int, int]:
    """Return the rows and columns of tiles that suit the chunks of an array.

    Parameters
    ----------
    array : array-like
    rows : int
        The position of the axis of rows.
    """
    unit = reading_unit(array)
    sides = array.shape[rows : rows + 2]
    chunks = sides if unit is None else unit[rows : rows + 2]
    down, across = (min(_tile_side(chunk), side) for chunk, side in zip(chunks, sides, strict=True))
    return down, across


def _tile_side(chunk: int) -> int:
    """Return whole small chunks; a large one is kept while its tiles are read."""
    return -(-_SIDE // chunk) * chunk if chunk < 2 * _SIDE else _SIDE


def _are_regular(chunks: Sequence[Any]) -> bool:
    """Return whether all chunks along each axis have one length, but for the last one."""
    listed = [axis for axis in chunks if isinstance(axis, tuple)]
    return all(len({*axis[:-1]} | {axis[0]}) == 1 and axis[-1] <= axis[0] for axis in listed)
