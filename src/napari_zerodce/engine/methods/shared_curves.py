"""The curves that the planes of a series share, for any tile of any plane."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.core.networks import stretch_maps
from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.estimators.grey import equal_colours
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
        self._maps = torch.empty(0)

    def prepare(self, crew: Crew) -> None:
        """Estimate the curves of the series, unless another plane has done it."""
        maps = self._shared.estimate(crew, self._tile_size, self._meter)
        self._maps = equal_colours(maps) if self._is_grey else maps

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:  # noqa: ARG002  (the maps are known)
        """Enlarge the part of the maps that lies under the tile.

        Parameters
        ----------
        tile : Tile
        outer : Tensor
            Not used.
        """
        rows, columns = ((part.start, part.stop) for part in (tile.rows, tile.columns))
        flat = self._maps.flatten(1, 2)
        maps = stretch_maps(flat, self._shape, rows=rows, columns=columns, spans=self._shared.spans)
        maps = maps.reshape(*self._maps.shape[:3], *maps.shape[-2:])
        return maps.expand(-1, ITERATIONS, -1, -1, -1)
