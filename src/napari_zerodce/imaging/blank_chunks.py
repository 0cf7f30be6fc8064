"""A lazy array whose chunks that cannot be read are blank, and are named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.recent_chunks import Number, RecentChunks
from napari_zerodce.imaging.unreadable import array_reading_told

_ADVICE: Final = "check the file that it comes from, and press Enhance again"


class BlankChunks:
    """Recent chunks; those that cannot be read are NaN, or 0 if the dtype has none.

    A chunk is tried once: each failure may take long, for example until a server does not answer.

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
        self._unread: dict[Number, UnreadableError] = {}

    def __getitem__(self, key: Any) -> Array:
        """Return a region; `key` holds integers, slices and an ellipsis."""
        return self._recent.read(key, self._chunk)

    def _chunk(self, number: Number) -> Array:
        region = self._recent.region_of(number)
        if number not in self._unread:
            try:
                with array_reading_told(_described(region, self._rows), advice=_ADVICE):
                    return self._recent.chunk(number)
            except UnreadableError as err:
                self._unread[number] = err
        return np.full([side.stop - side.start for side in region], self._blank, self.dtype)

    def unread_places(self) -> list[tuple[str, str]]:
        """Return, of each chunk that could not be read so far, a sentence for users, and where."""
        return [
            (str(error), _described(self._recent.region_of(number), self._rows))
            for number, error in tuple(self._unread.items())
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
        for number in tuple(self._unread):
            chunk = self._recent.region_of(number)
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
