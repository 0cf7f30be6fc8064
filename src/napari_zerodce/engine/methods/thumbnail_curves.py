"""Curves estimated on a plane's thumbnail, and which of its pixels decide those of a region."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np

from napari_zerodce.core.arrays import Array, empty_array
from napari_zerodce.core.thumbnails import RECEPTIVE_RADIUS, enlarge_maps, mapped_pixels
from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.estimators.estimator import CurveEstimator
from napari_zerodce.engine.methods.enlarged import enlarged
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import GLANCE, TILE, PlaneMeter
from napari_zerodce.imaging.tiling import Region, Tile, grown, tile_region, within


class ThumbnailCurves:
    """Curves estimated once on the plane's thumbnail (Zero-DCE++) and enlarged for each tile.

    Of the thumbnail, only what the region needs is made.

    Parameters
    ----------
    estimator : CurveEstimator
    plane : Plane
    scale_factor : int
        How many times smaller the thumbnail is.
    tile_size : int
        Side of the tiles in pixels.
    region : tuple of slice
        Rows and columns of the plane.
    meter : PlaneMeter
    """

    halo = 0
    keeps_order = True

    def __init__(
        self,
        estimator: CurveEstimator,
        plane: Plane,
        *,
        scale_factor: int,
        tile_size: int,
        region: Region,
        meter: PlaneMeter,
    ) -> None:
        self._estimator, self._plane, self._meter = estimator, plane, meter
        self._scale = scale = scale_factor
        height, width = (max(1, side // scale) for side in plane.shape)
        self._size = (height, width)
        rows, columns = region
        self._part = mapped_pixels(rows, height, scale), mapped_pixels(columns, width, scale)
        self._seen = seen_by_maps(region, plane.shape, scale)
        # Each pixel of the thumbnail depends on one block only, so parts of whole blocks suffice.
        # A plane smaller than a block is one part.
        blocks = blocks_of(self._seen, plane.shape, scale)
        # A thumbnail uses few pixels of a part, so parts may be larger than tiles.
        self._parts = tile_region(
            *blocks, plane.shape, size=max(4 * tile_size, scale), halo=0, multiple=scale
        )
        # The network needs far more memory for a pixel than the curves.
        side = max(1, tile_size // 3)
        self._tiles = tile_region(*self._part, self._size, size=side, halo=RECEPTIVE_RADIUS)
        self.work = GLANCE * len(self._parts) + TILE * len(self._tiles)
        self._maps: Array | None = None

    def prepare(self, crew: Crew) -> None:
        """Make the thumbnail of the plane and estimate its maps."""
        small = self._thumbnail(crew)
        self._maps = None
        making = threading.Lock()

        def estimate(tile: Tile) -> None:
            outer = small[(..., *_inside(self._seen, tile.outer_rows, tile.outer_columns))]
            maps = self._estimator.estimate(outer, check=self._meter.check)
            with making:
                if self._maps is None:
                    size = (side.stop - side.start for side in self._part)
                    self._maps = empty_array((*maps.shape[:3], *size), maps)
            inner = maps[..., tile.inner_rows, tile.inner_columns]
            self._maps[(..., *_inside(self._part, tile.rows, tile.columns))] = inner
            self._meter.visit(TILE)

        crew.each(estimate, self._tiles)

    @property
    def maps(self) -> Array:
        """The maps of the part of the thumbnail that the region needs, after `prepare`."""
        return self._maps

    def alphas(self, tile: Tile, outer: Array) -> Array:
        """Enlarge the part of the maps that lies under the tile.

        Parameters
        ----------
        tile : Tile
        outer : array
            Only its order in memory is used.
        """
        enlarge = partial(enlarge_maps, scale_factor=self._scale, part=self._part, size=self._size)
        return enlarged(self._maps, tile, outer, enlarge)

    def _thumbnail(self, crew: Crew) -> Array:
        """Return the part of the thumbnail that is needed, shape (1, C, h, w), on the device."""
        size = (side.stop - side.start for side in self._seen)
        small = np.empty((*self._plane.leading, self._plane.colours, *size), np.float32)
        top, left = (side.start for side in self._seen)

        def shrink(part: Tile) -> None:
            block = self._plane.thumbnail(part.rows, part.columns, self._scale)
            row, column = part.rows.start // self._scale, part.columns.start // self._scale
            place = slice(row - top, row - top + block.shape[-2])
            small[..., place, column - left : column - left + block.shape[-1]] = block
            self._meter.visit(GLANCE)

        crew.each(shrink, self._parts)
        return self._estimator.upload(small)


def seen_by_maps(region: Region, shape: tuple[int, int], scale_factor: int) -> Region:
    """Return the part of a plane's thumbnail that decides the maps of a region.

    Parameters
    ----------
    region : tuple of slice
        Rows and columns of the plane.
    shape : tuple of int
        Rows and columns of the whole plane.
    scale_factor : int

    Returns
    -------
    tuple of slice
        In pixels of the thumbnail.
    """
    height, width = (max(1, side // scale_factor) for side in shape)
    rows, columns = region
    mapped = mapped_pixels(rows, height, scale_factor), mapped_pixels(columns, width, scale_factor)
    return _grown(mapped, (height, width), RECEPTIVE_RADIUS)


def blocks_of(part: Region, shape: tuple[int, int], scale_factor: int) -> Region:
    """Return the pixels of a plane from which a part of its thumbnail is made.

    Parameters
    ----------
    part : tuple of slice
        In pixels of the thumbnail.
    shape : tuple of int
        Rows and columns of the plane.
    scale_factor : int
    """
    rows, columns = (
        slice(side.start * scale_factor, min(length, side.stop * scale_factor))
        for side, length in zip(part, shape, strict=True)
    )
    return rows, columns


def seen_region(region: Region, shape: tuple[int, int], scale_factor: int, *, halo: int) -> Region:
    """Return the pixels of a plane that decide the curves of a region, and its halo.

    Parameters
    ----------
    region : tuple of slice
        Rows and columns of the plane.
    shape : tuple of int
        Rows and columns of the whole plane.
    scale_factor : int
        1 if curves are estimated at full resolution.
    halo : int
        Pixels around the region that are needed apart from the curves.
    """
    own = _grown(region, shape, halo)
    if scale_factor == 1:
        return _grown(region, shape, max(halo, RECEPTIVE_RADIUS))
    blocks = blocks_of(seen_by_maps(region, shape, scale_factor), shape, scale_factor)
    rows, columns = (
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(own, blocks, strict=True)
    )
    return rows, columns


def _grown(region: Region, shape: tuple[int, int], halo: int) -> Region:
    rows, columns = (grown(side, size, halo) for side, size in zip(region, shape, strict=True))
    return rows, columns


def _inside(outer: Region, rows: slice, columns: slice) -> Region:
    return within(rows, outer[0]), within(columns, outer[1])
