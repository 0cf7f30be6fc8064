"""How a plane is cut into tiles, as pure arithmetic with integers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


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


def tile_plane(
    height: int, width: int, *, size: int, halo: int, multiple: int = 1
) -> tuple[Tile, ...]:
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
    tuple of Tile
        Every pixel is in exactly one tile.

    Raises
    ------
    ValueError
        If a number is invalid. That is always our own mistake, because users' sizes are checked
        earlier.
    """
    if min(height, width, size, multiple) < 1 or halo < 0:
        raise ValueError(f"invalid tiles: {height=}, {width=}, {size=}, {halo=}, {multiple=}")
    return tuple(
        Tile(*(part for pair in zip(rows, columns, strict=True) for part in pair))
        for rows in _cut(height, size, halo, multiple)
        for columns in _cut(width, size, halo, multiple)
    )


def tile_region(
    rows: slice, columns: slice, shape: tuple[int, int], *, size: int, halo: int
) -> tuple[Tile, ...]:
    """Cut a region of a plane into tiles whose halo reaches beyond the region.

    Parameters
    ----------
    rows, columns : slice
        The region, in pixels of the plane.
    shape : tuple of int
        Rows and columns of the plane.
    size, halo : int
        As in `tile_plane`.

    Returns
    -------
    tuple of Tile
        Every pixel of the region is in exactly one tile. Positions are those of the plane.
    """
    tiles = []
    for tile in tile_plane(rows.stop - rows.start, columns.stop - columns.start, size=size, halo=0):
        down = _placed(tile.rows, rows, shape[0], halo)
        across = _placed(tile.columns, columns, shape[1], halo)
        tiles.append(Tile(*(part for pair in zip(down, across, strict=True) for part in pair)))
    return tuple(tiles)


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


def _placed(side: slice, region: slice, length: int, halo: int) -> tuple[slice, slice, slice]:
    """Return a part of a region as (written, read, written within read)."""
    written = slice(side.start + region.start, side.stop + region.start)
    read = grown(written, length, halo)
    return written, read, within(written, read)


def _cut(length: int, size: int, halo: int, multiple: int) -> list[tuple[slice, slice, slice]]:
    """Cut one axis into (written, read, written within read)."""
    units = -(-length // multiple)
    parts = -(-units // max(1, size // multiple))
    # Equal parts, because a narrow last part would have almost only halo.
    borders = [min(length, units * part // parts * multiple) for part in range(parts + 1)]
    cuts = []
    for start, stop in pairwise(borders):
        cuts.append(_placed(slice(start, stop), slice(0, length), length, halo))
    return cuts
