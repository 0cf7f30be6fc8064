"""The curves that the planes of a series share, for any tile of any plane."""

from __future__ import annotations

from functools import partial

import numpy as np

from napari_zerodce.core.arrays import Array
from napari_zerodce.core.thumbnails import stretch_maps
from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.estimators.grey import equal_colours
from napari_zerodce.engine.methods.enlarged import enlarged
from napari_zerodce.engine.plane import SharedMaps
from napari_zerodce.engine.progress import PlaneMeter
from napari_zerodce.imaging.tiling import Tile


class SharedCurves:
    """Curves that the planes of a series share, enlarged for each tile.

    Parameters
    ----------
    shared : SharedMaps
    shape : tuple of int
        Rows and columns of the plane.
    tile_size : int
        Side of the tiles in pixels.
    meter : PlaneMeter
        It says whether to stop.
    is_grey : bool
        Whether all colours of the plane get the mean of their curves.
    """

    halo = 0
    work = 0
    keeps_order = True

    def __init__(
        self,
        shared: SharedMaps,
        shape: tuple[int, int],
        tile_size: int,
        meter: PlaneMeter,
        *,
        is_grey: bool,
    ) -> None:
        self._shared, self._shape, self._is_grey = shared, shape, is_grey
        self._tile_size, self._meter = tile_size, meter
        self._maps: Array = np.empty(0)

    def prepare(self, crew: Crew) -> None:
        """Estimate the curves of the series, unless another plane has done it."""
        maps = self._shared.estimate(crew, self._tile_size, self._meter)
        self._maps = equal_colours(maps) if self._is_grey else maps

    def alphas(self, tile: Tile, outer: Array) -> Array:
        """Enlarge the part of the maps that lies under the tile.

        Parameters
        ----------
        tile : Tile
        outer : array
            Only its order in memory is used.
        """
        stretch = partial(stretch_maps, shape=self._shape, spans=self._shared.spans)
        return enlarged(self._maps, tile, outer, stretch)
