"""How a plane is cut into tiles, as pure arithmetic with integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, overload

Region = tuple[slice, slice]
"""Rows and columns of a plane."""

_FEWEST_ROWS: Final = 96
"""Of flat tiles that are not smaller: with fewer rows, they would have more halo than square ones.
"""


@dataclass(frozen=True)
class Tile:
    """A rectangle of a plane to write, and the larger rectangle around it to read.

    Parameters
    ----------
    rows, columns : slice
        The rectangle to write, in pixels of the plane.
    outer_rows, outer_columns : slice
        The rectangle to read: with the halo, clipped at the plane's edges.
    inner_rows, inner_columns : slice
        The place of the rectangle to write inside the block that is read.
    """

    rows: slice
    columns: slice
    outer_rows: slice
    outer_columns: slice
    inner_rows: slice
    inner_columns: slice


Cut = tuple[slice, slice, slice]
"""A part of one axis: to write, to read, and the place of the first within the second."""


class Tiles(Sequence[Tile]):
    """Tiles of a plane, row by row, each made when it is asked for: a plane may have a million.

    Parameters
    ----------
    rows, columns : sequence of Cut
        The parts of both axes.
    """

    def __init__(self, rows: Sequence[Cut], columns: Sequence[Cut]) -> None:
        self._rows, self._columns = rows, columns

    def __len__(self) -> int:
        return len(self._rows) * len(self._columns)

    @overload
    def __getitem__(self, number: int) -> Tile: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[Tile, ...]: ...

    def __getitem__(self, number: int | slice) -> Tile | tuple[Tile, ...]:
        """Return a tile by its number."""
        if isinstance(number, slice):
            return tuple(self[place] for place in range(*number.indices(len(self))))
        row, column = divmod(range(len(self))[number], len(self._columns))
        pairs = zip(self._rows[row], self._columns[column], strict=True)
        return Tile(*(part for pair in pairs for part in pair))


def tile_plane(height: int, width: int, *, size: int, halo: int, multiple: int = 1) -> Tiles:
    """Cut a plane into tiles of about equal size, row by row.

    Parameters
    ----------
    height, width : int
        Size of the plane in pixels, at least 1.
    size : int
        Largest side of a tile in pixels, without its halo.
    halo : int
        Pixels to read around a tile. The halo is clipped at the plane's edges, because the
        network's own zero padding belongs there.
    multiple : int
        Tiles begin at multiples of this number. `size` is rounded down to a multiple, but not to 0.

    Returns
    -------
    Tiles
        Every pixel is in exactly one tile.

    Raises
    ------
    ValueError
        If a number is invalid. That is always our own mistake, because users' sizes are checked
        earlier.
    """
    whole = slice(0, height), slice(0, width)
    return tile_region(*whole, (height, width), size=size, halo=halo, multiple=multiple)


def flat_sides(size: int, width: int) -> tuple[int, int]:
    """Return rows and columns of tiles that are as wide as a region, but not too flat.

    Parameters
    ----------
    size : int
        Side of square tiles with as many pixels.
    width : int
        Columns of the region.
    """
    columns = min(width, size * max(1, size // _FEWEST_ROWS))
    return max(1, size * size // columns), columns


def tile_region(
    rows: slice,
    columns: slice,
    shape: tuple[int, int],
    *,
    size: int | tuple[int, int],
    halo: int,
    multiple: int = 1,
) -> Tiles:
    """Cut a region of a plane into tiles whose halo reaches beyond the region.

    Parameters
    ----------
    rows, columns : slice
        The region, in pixels of the plane.
    shape : tuple of int
        Rows and columns of the plane.
    size : int or tuple of int
        As in `tile_plane`, or the most rows and columns of a tile.
    halo, multiple : int
        As in `tile_plane`; a multiple counts from the region's start.

    Returns
    -------
    Tiles
        Every pixel of the region is in exactly one tile. Positions are those of the plane.

    Raises
    ------
    ValueError
        As in `tile_plane`.
    """
    sizes = (size, size) if isinstance(size, int) else size
    if min(*shape, *sizes, multiple) < 1 or halo < 0:
        raise ValueError(f"invalid tiles: {shape=}, {size=}, {halo=}, {multiple=}")
    return Tiles(
        *(
            [
                _placed(part, side, length, halo)
                for part in _cut(side.stop - side.start, most, multiple)
            ]
            for side, length, most in zip((rows, columns), shape, sizes, strict=True)
        )
    )


def grown(side: slice, length: int, halo: int) -> slice:
    """Return a side with a halo, clipped at the ends of the axis.

    Parameters
    ----------
    side : slice
    length : int
        Length of the axis in pixels.
    halo : int
        Pixels to add at both ends.
    """
    return slice(max(0, side.start - halo), min(length, side.stop + halo))


def within(side: slice, outer: slice) -> slice:
    """Return the place of a side inside a larger one.

    Parameters
    ----------
    side, outer : slice
        In pixels of the plane.
    """
    return slice(side.start - outer.start, side.stop - outer.start)


def _placed(side: slice, region: slice, length: int, halo: int) -> Cut:
    """Return a part of a region with its halo."""
    written = slice(side.start + region.start, side.stop + region.start)
    read = grown(written, length, halo)
    return written, read, within(written, read)


def _cut(length: int, size: int, multiple: int) -> list[slice]:
    """Cut a length into parts."""
    units = -(-length // multiple)
    parts = -(-units // max(1, size // multiple))
    # Equal parts, because a narrow last part would have almost only halo.
    borders = [min(length, units * part // parts * multiple) for part in range(parts + 1)]
    return [slice(start, stop) for start, stop in pairwise(borders)]
