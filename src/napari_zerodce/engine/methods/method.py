"""The interface of a method that turns a tile of a plane into a result."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import numpy as np

from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import PlaneMeter
from napari_zerodce.imaging.tiling import Region, Tile

Made_co = TypeVar("Made_co", covariant=True)


class PlaneMethod(Protocol[Made_co]):
    """A method for one plane, with tiles of one size."""

    halo: int
    """Pixels around a tile that it needs."""

    work: int
    """The work of `prepare`, in units of progress."""

    has_flat_tiles: bool
    """Whether tiles are as wide as possible and have few rows, and are not square."""

    def prepare(self, crew: Crew) -> None:
        """Do the work that the plane needs once, before the first tile.

        Parameters
        ----------
        crew : Crew
            Does parts of it side by side.
        """
        ...

    def apply(self, tile: Tile, block: np.ndarray[Any, Any]) -> Made_co:
        """Return the result of a tile.

        Parameters
        ----------
        tile : Tile
        block : ndarray, shape (C, H, W)
            The samples of the tile and its halo, as they are; read only. Other threads may apply
            it to other tiles at the same time.
        """
        ...


class TileMethod(Protocol[Made_co]):
    """A method that turns an image into a result, tile by tile."""

    def on_plane(
        self, plane: Plane, *, tile_size: int, region: Region, meter: PlaneMeter
    ) -> PlaneMethod[Made_co]:
        """Return the method for one plane.

        Parameters
        ----------
        plane : Plane
        tile_size : int
            Side of the tiles in pixels.
        region : tuple of slice
            Rows and columns of the plane that are processed.
        meter : PlaneMeter
            It counts the work of `prepare` and says whether to stop.
        """
        ...
