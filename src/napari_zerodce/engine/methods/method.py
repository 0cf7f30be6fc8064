"""What every method has to offer that says what one tile of a plane becomes."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import numpy as np

from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import Meter
from napari_zerodce.imaging.tiling import Tile

Made_co = TypeVar("Made_co", covariant=True)


class PlaneMethod(Protocol[Made_co]):
    """A method at work on one plane, cut into tiles of one size."""

    halo: int
    """Pixels around a tile that it has to see."""

    work: int
    """What `prepare` has to do, in units of progress."""

    def prepare(self) -> None:
        """Do what has to be done once for the plane, before the first tile."""
        ...

    def apply(self, tile: Tile, block: np.ndarray[Any, Any]) -> Made_co:
        """Return what a tile becomes.

        Parameters
        ----------
        tile : Tile
        block : ndarray, shape (C, H, W)
            The samples of the tile and its halo as they are; not to be written to.
        """
        ...


class TileMethod(Protocol[Made_co]):
    """What becomes of an image, tile by tile."""

    def on_plane(self, plane: Plane, *, tile_size: int, meter: Meter) -> PlaneMethod[Made_co]:
        """Return the method at work on one plane.

        Parameters
        ----------
        plane : Plane
        tile_size : int
            Side of the tiles in pixels.
        meter : Meter
            It is told of the work of `prepare`, and asked whether to stop.
        """
        ...
