"""The one loop over the tiles of a plane: read, apply the method, use the result, count it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from napari_zerodce.engine.methods.method import TileMethod
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import TILE, Meter
from napari_zerodce.engine.tile_size import TileSize
from napari_zerodce.imaging.tiling import Tile, tile_region

Made = TypeVar("Made")

Region = tuple[slice, slice]
"""Rows and columns of a plane."""


@dataclass(frozen=True)
class TileLoop:
    """Goes through planes tile by tile; if the device runs out of memory, with smaller tiles.

    Parameters
    ----------
    sizes : TileSize
    meter : Meter
    """

    sizes: TileSize
    meter: Meter

    def run(
        self,
        method: TileMethod[Made],
        plane: Plane,
        use: Callable[[Tile, Made], None],
        *,
        number: int = 0,
        region: Region | None = None,
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        """Apply a method to each tile of a plane.

        Parameters
        ----------
        method : TileMethod
        plane : Plane
        use : callable
            Called with each tile and its result, on the device of the method, in inference mode.
        number : int
            Of the plane, from 0, for the meter.
        region : tuple of slice, optional
            Rows and columns to process; by default all.
        begin : callable, optional
            Called before the first tile, and again if the plane starts again with smaller tiles.

        Raises
        ------
        Cancelled
            If the user asked to stop.
        DeviceError
            If the device has too little memory for the smallest tiles.
        """

        def attempt(tile_size: int) -> None:
            begin()
            self._once(method, plane, use, tile_size=tile_size, number=number, region=region)

        self.sizes.shrink_until_it_fits(attempt)

    def _once(
        self,
        method: TileMethod[Made],
        plane: Plane,
        use: Callable[[Tile, Made], None],
        *,
        tile_size: int,
        number: int,
        region: Region | None,
    ) -> None:
        rows, columns = region or tuple(slice(0, length) for length in plane.shape)
        applied = method.on_plane(plane, tile_size=tile_size, meter=self.meter)
        tiles = tile_region(rows, columns, plane.shape, size=tile_size, halo=applied.halo)
        self.meter.begin_plane(number, applied.work + TILE * len(tiles))
        with torch.inference_mode():
            applied.prepare()
            for tile in tiles:
                block = plane.read(tile.outer_rows, tile.outer_columns)
                use(tile, applied.apply(tile, block))
                self.meter.visit()
