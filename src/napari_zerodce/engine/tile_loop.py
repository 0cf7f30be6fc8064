"""The one loop over planes and their tiles: read, apply the method, use the result, count it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from napari_zerodce.engine.crew import ALONE, Crew
from napari_zerodce.engine.methods.method import TileMethod
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.plane_stack import Numbered, PlaneStack, in_stacks
from napari_zerodce.engine.progress import TILE, Meter
from napari_zerodce.engine.tile_size import TileSize
from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.tiling import Region, Tile, flat_sides, tile_region

Made = TypeVar("Made")

Use = Callable[[Plane, Tile, Made], None]
"""Called with a plane, a tile of it, and the result for the tile; in any thread."""

_Once = Callable[..., None]
"""Processes a plane with tiles of a size; then come its numbers."""


def _nothing(_: Plane) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class TileLoop:
    """Goes through planes tile by tile; if the device runs out of memory, with smaller tiles.

    Parameters
    ----------
    sizes : TileSize
    meter : Meter
    of_planes, of_tiles : Crew
        They process several planes at a time, or several tiles of a plane. One of them is `ALONE`.
        Of the sizes, a stack of several planes is for methods that take blocks with one more axis.
    on_unreadable : callable, optional
        Called with a plane that cannot be read, in any thread; the plane is left out. By default,
        the error is raised.
    """

    sizes: TileSize
    meter: Meter
    of_planes: Crew = ALONE
    of_tiles: Crew = ALONE
    on_unreadable: Callable[[Plane, UnreadableError], None] | None = None

    def run(
        self,
        method: TileMethod[Made],
        planes: Iterable[Plane],
        use: Use[Made],
        *,
        first: int = 0,
        region: Region | None = None,
        begin: Callable[[Plane], None] = _nothing,
    ) -> None:
        """Apply a method to each tile of planes.

        Parameters
        ----------
        method : TileMethod
        planes : iterable of Plane
            Taken in the calling thread, few at a time, so that they may be read here.
        use : callable
            Called with a plane, a tile and its result, on the device of the method. Calls
            for different tiles may be at the same time, in any order.
        first : int
            Number of the first plane, for the meter.
        region : tuple of slice, optional
            Rows and columns to process; by default all.
        begin : callable, optional
            Called before the first tile of a plane, and again if it starts again with smaller
            tiles.

        Raises
        ------
        Cancelled
            If the user asked to stop.
        DeviceError
            If the device has too little memory for the smallest tiles.
        UnreadableError
            If a plane cannot be read.
        """

        def once(plane: Plane, tile_size: int, *numbers: int) -> None:
            begin(plane)
            self._once(method, plane, use, tile_size=tile_size, numbers=numbers, region=region)

        def process(numbered: Numbered) -> None:
            if self._is_done_as_one(once, numbered):
                return
            for number, plane in zip(*numbered, strict=True):
                self._alone(once, plane, number)

        numbered = enumerate(planes, start=first)
        self.of_planes.each(process, in_stacks(numbered, lambda: self.sizes.stack))

    def _is_done_as_one(self, once: _Once, numbered: Numbered) -> bool:
        """Process planes as one, and return whether they could be read and had room together."""
        numbers, planes = numbered
        if len(planes) == 1:
            return False
        stack, tile_size = PlaneStack(planes), self.sizes.side
        try:
            return self.sizes.fits(len(planes), lambda: once(stack, tile_size, *numbers))
        except UnreadableError:
            return False

    def _alone(self, once: _Once, plane: Plane, number: int) -> None:
        """Process a plane, with smaller tiles if memory runs out."""
        try:
            self.sizes.shrink_until_it_fits(lambda tile_size: once(plane, tile_size, number))
        except UnreadableError as err:
            if self.on_unreadable is None:
                raise
            self.on_unreadable(plane, err)
            self.meter.advance(number, 1)

    def _once(
        self,
        method: TileMethod[Made],
        plane: Plane,
        use: Use[Made],
        *,
        tile_size: int,
        numbers: tuple[int, ...],
        region: Region | None,
    ) -> None:
        rows, columns = region or (slice(0, plane.shape[0]), slice(0, plane.shape[1]))
        meter = self.meter.plane(*numbers)
        applied = method.on_plane(plane, tile_size=tile_size, region=(rows, columns), meter=meter)
        width = columns.stop - columns.start
        size = flat_sides(tile_size, width) if applied.has_flat_tiles else tile_size
        tiles = tile_region(rows, columns, plane.shape, size=size, halo=applied.halo)
        meter.begin(applied.work + TILE * len(tiles))

        def process(tile: Tile) -> None:
            block = plane.read(tile.outer_rows, tile.outer_columns)
            use(plane, tile, applied.apply(tile, block))
            meter.visit()

        applied.prepare(self.of_tiles)
        self.of_tiles.each(process, tiles)
