"""The maps of a thumbnail, or of a series, enlarged for a tile."""

from __future__ import annotations

from collections.abc import Callable

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.core.arrays import Array, namespace
from napari_zerodce.core.memory_order import in_order_of
from napari_zerodce.imaging.tiling import Tile


def enlarged(maps: Array, tile: Tile, outer: Array, enlarge: Callable[..., Array]) -> Array:
    """Return the curve parameters of a tile.

    Parameters
    ----------
    maps : array, shape (N, maps, C, h, w)
    tile : Tile
    outer : array, shape (N, C, H, W)
        Its order in memory is that of the result.
    enlarge : callable
        Given maps, shape (N * maps, C, h, w), `rows` and `columns`, it returns those of this part.

    Returns
    -------
    array, shape (N, 8, C, tile height, tile width)
    """
    rows, columns = ((part.start, part.stop) for part in (tile.rows, tile.columns))
    planes, count, *each = maps.shape
    flat = in_order_of(maps.reshape(planes * count, *each), outer)
    large = enlarge(flat, rows=rows, columns=columns)
    return repeated(large.reshape(planes, count, *large.shape[1:]))


def repeated(maps: Array) -> Array:
    """Return maps of shape (N, 8, C, H, W); one map that serves all iterations is not copied.

    Parameters
    ----------
    maps : array, shape (N, 8 or 1, C, H, W)
    """
    return namespace(maps).broadcast_to(maps, (len(maps), ITERATIONS, *maps.shape[2:]))
