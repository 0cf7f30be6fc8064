"""A lazy array whose chunks that cannot be read are blank, and are named."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np

from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.recent_chunks import Number, RecentChunks
from napari_zerodce.imaging.unreadable import array_reading_told

_ADVICE: Final = "check the file that it comes from, and press Enhance again"

_MOST_TRIED: Final = 8
"""Chunks that are read together, if the first ones are all lost."""

Region = tuple[slice, ...]


class _Lost(NamedTuple):
    """What cannot be read, and why."""

    region: Region
    error: UnreadableError


class BlankChunks:
    """Recent chunks; those that cannot be read are NaN, or 0 if the dtype has none.

    What is lost is not tried again: each failure may take long, for example until a server does not
    answer.

    Parameters
    ----------
    recent : RecentChunks
    rows : int
        The position of the axis of rows; that of columns follows.
    """

    def __init__(self, recent: RecentChunks, rows: int) -> None:
        self._recent, self._rows = recent, rows
        self.shape, self.dtype, self.ndim = recent.shape, recent.dtype, recent.ndim
        self.chunks = recent.chunks
        self._blank = np.nan if self.dtype.kind == "f" else 0
        self._lost: dict[Number, list[_Lost]] = {}

    def __getitem__(self, key: Any) -> Array:
        """Return a region; `key` holds integers, slices and an ellipsis."""
        return self._recent.read(key, self._chunk)

    def _chunk(self, number: Number) -> Array:
        region = self._recent.region_of(number)
        if number not in self._lost:
            try:
                with self._told(region):
                    return self._recent.chunk(number)
            except UnreadableError as err:
                self._lost[number] = self._searched(number, _Lost(region, err))
        return self._patched(number, [lost.region for lost in self._lost[number]])

    def _searched(self, number: Number, whole: _Lost) -> list[_Lost]:
        """Return which of the array's own chunks are lost, of those that are read together."""
        parts = self._recent.parts_of(number)
        lost: list[_Lost] = []
        if len(parts) == 1:
            return [whole]
        for tried, part in enumerate(parts):
            if len(lost) == tried == _MOST_TRIED:
                return [whole]
            try:
                with self._told(part):
                    self._recent.part(part)
            except UnreadableError as err:
                lost.append(_Lost(part, err))
        return [whole] if len(lost) == len(parts) else lost

    def _patched(self, number: Number, lost: list[Region]) -> Array:
        whole = self._recent.region_of(number)
        made = np.full([side.stop - side.start for side in whole], self._blank, self.dtype)
        for part in self._recent.parts_of(number) if whole not in lost else ():
            if part not in lost:
                made[tuple(map(_shared, part, whole))] = self._recent.part(part)
        return made

    def _told(self, region: Region) -> AbstractContextManager[None]:
        return array_reading_told(_described(region, self._rows), advice=_ADVICE)

    def unread_places(self) -> list[tuple[str, str]]:
        """Return, of each chunk that could not be read so far, a sentence for users, and where."""
        return [
            (str(error), _described(region, self._rows))
            for lost in tuple(self._lost.values())
            for region, error in lost
        ]

    def put_blanks(self, made: Array, region: Sequence[slice]) -> None:
        """Make those pixels blank in a result that could not be read.

        Parameters
        ----------
        made : ndarray
            What was made of a region.
        region : sequence of slice
            Of the first axes of this array, those of `made`.
        """
        for chunk, _ in chain.from_iterable(tuple(self._lost.values())):
            shared = [_shared(*sides) for sides in zip(chunk, region, strict=False)]
            if all(side.start < side.stop for side in shared):
                made[tuple(shared)] = self._blank


def with_blank_chunks(array: Any, rows: int) -> Any:
    """Return recent chunks with blank ones among them; any other array is returned unchanged.

    Parameters
    ----------
    array : array-like
    rows : int
        The position of the axis of rows.
    """
    return BlankChunks(array, rows) if isinstance(array, RecentChunks) else array


def _shared(chunk: slice, side: slice) -> slice:
    """Return where a side of a region is in a chunk, counted from the start of the side."""
    start, stop = max(chunk.start, side.start), min(chunk.stop, side.stop)
    return slice(start - side.start, stop - side.start)


def _described(region: Sequence[slice], rows: int) -> str:
    """Return the place of a chunk in words, such as "Plane 3, rows 0 to 511, columns 0 to 511"."""
    index = ", ".join(map(_span, region[:rows]))
    one = all(side.stop - side.start == 1 for side in region[:rows])
    place = f"rows {_span(region[rows])}, columns {_span(region[rows + 1])}"
    if not index:
        return place.capitalize()
    return f"{'Plane' if one else 'Planes'} {index}, {place}"


def _span(side: slice) -> str:
    last = side.stop - 1
    return str(last) if side.start == last else f"{side.start} to {last}"
