"""A large lazy plane, read in blocks of whole chunks; the last blocks stay in memory.

Tiles are smaller than chunks and overlap: without this, each chunk would be read for each of them.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import product
from math import prod
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.sampling import chunks_of, region_steps

_SAMPLES_OF_BLOCK: Final = 2**20
"""Unless one chunk has more."""

_ROOM: Final = 2**28
"""Bytes of the blocks that stay, unless one block has more."""


class BlockwisePlane:
    """A plane of a lazy array. Not for several threads at a time.

    Parameters
    ----------
    array : array-like, shape (H, W) or (H, W, 3 or 4)
    """

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype = np.dtype(array.dtype)
        chunks = chunks_of(array)
        square = (1024, 1024, *self.shape[2:])
        steps = region_steps(self.shape, chunks, _SAMPLES_OF_BLOCK) if chunks else square
        self._steps = steps[:2]
        size = prod(self._steps) * prod(self.shape[2:]) * self.dtype.itemsize
        self._most = max(1, _ROOM // size)
        self._blocks: OrderedDict[tuple[int, int], Array] = OrderedDict()

    def __getitem__(self, key: tuple[slice, ...]) -> Array:
        """Return a region, given by slices with a start and an end for rows and columns."""
        sides, rest = key[:2], key[2:]
        ends = [side.indices(length)[:2] for side, length in zip(sides, self.shape, strict=False)]
        region = np.empty((*(max(0, b - a) for a, b in ends), *self.shape[2:]), self.dtype)
        for place in product(*(range(a // s, -(-b // s)) for (a, b), s in self._with(ends))):
            there, here = self._overlap(place, ends)
            region[there] = self._block(place)[here]
        return region[(slice(None), slice(None), *rest)]

    def _with(self, ends: Any) -> Any:
        return zip(ends, self._steps, strict=True)

    def _overlap(
        self, place: tuple[int, ...], ends: Any
    ) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """Return where a block lies in a region, and which part of the block that is."""
        there, here = [], []
        for number, ((start, stop), step) in zip(place, self._with(ends), strict=True):
            first, last = max(start, number * step), min(stop, (number + 1) * step)
            there.append(slice(first - start, last - start))
            here.append(slice(first - number * step, last - number * step))
        return tuple(there), tuple(here)

    def _block(self, place: Any) -> Array:
        if place in self._blocks:
            self._blocks.move_to_end(place)
            return self._blocks[place]
        if len(self._blocks) >= self._most:
            self._blocks.popitem(last=False)  # first, so that its memory is free
        rows, columns = (slice(n * s, (n + 1) * s) for n, s in zip(place, self._steps, strict=True))
        self._blocks[place] = np.asarray(self._array[rows, columns])
        return self._blocks[place]
