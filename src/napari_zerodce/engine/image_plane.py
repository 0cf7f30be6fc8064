"""A plane of an image, whose regions are read from the image and written into a result."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import Any

import numpy as np

from napari_zerodce.engine.plane import NOTHING_SHARED, Plane, Shared
from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.blocks import BlockwisePlane
from napari_zerodce.imaging.intensity import Window
from napari_zerodce.imaging.planes import PlaneLayout, SelectedPlane, layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.tiling import Region, Tile, within
from napari_zerodce.imaging.unreadable import array_reading_told

Array = np.ndarray[Any, Any]

_LARGEST_LOADED = 2**28
"""Bytes. A lazy plane of up to this size is read at once, a larger one block by block."""


class ImagePlane(Plane):
    """A plane of an image.

    Parameters
    ----------
    image : array-like
    index : tuple of int
        Index of the plane in the leading axes.
    layout : PlaneLayout
        Of the image.
    window : Window
        In units of corrected samples.
    shared : Shared, optional
        What it shares with other planes, by default nothing.
    region : tuple of slice, optional
        The rows and columns that will be read, by default all. Those of a lazy image are read at
        once if they are few, and others must not be read.
    """

    def __init__(
        self,
        image: Any,
        index: tuple[int, ...],
        *,
        layout: PlaneLayout,
        window: Window,
        shared: Shared = NOTHING_SHARED,
        region: Region | None = None,
    ) -> None:
        shape = layout.height, layout.width
        super().__init__(index, shape=shape, colours=layout.colours, window=window, shared=shared)
        self._layout = layout
        self._source, self._source_index, self._source_layout = image, index, layout
        self._loaded_from: Region | None = None
        self._failure: UnreadableError | None = None
        if not isinstance(image, np.ndarray):
            region = region or (slice(0, layout.height), slice(0, layout.width))
            loaded: Any = self._loaded(region)
            if loaded is None:
                loaded = BlockwisePlane(SelectedPlane(image, index))
            else:
                self._loaded_from = region
            self._source, self._source_index = loaded, ()
            self._source_layout = layout_of(loaded, channels=layout.channels)
        # Not every library can be read in several threads at a time.
        lazy = not isinstance(self._source, np.ndarray)
        self._reading: AbstractContextManager[Any] = threading.Lock() if lazy else nullcontext()

    @property
    def loaded(self) -> Array | None:
        """The colour samples of the plane if all are in memory, shape (C, H, W), else None."""
        whole = slice(0, self.shape[0]), slice(0, self.shape[1])
        if not isinstance(self._source, np.ndarray) or self._loaded_from not in (None, whole):
            return None
        return self._source_layout.read(self._source, self._source_index, *whole)

    def _loaded(self, region: Region) -> Array | None:
        """Return a region of a lazy image as an array; a failure is raised by `read`."""
        try:
            with self._reading_told():
                return _loaded(self._source, self.index, self._layout, region)
        except UnreadableError as err:
            self._failure = err
        return None

    def _reading_told(self) -> AbstractContextManager[None]:
        place = ", ".join(map(str, self.index))
        if not place:
            return array_reading_told("The image", advice="check the file that it comes from")
        advice = "check its file, or choose a part without this plane"
        return array_reading_told(f"Plane {place}", advice=advice)

    def read(self, rows: slice, columns: slice) -> Array:
        """Return the colour samples of a region, shape (C, h, w), as `Plane.read` says."""
        if self._failure is not None:
            raise self._failure
        place = self._place(rows, columns)
        with self._reading, self._reading_told():
            return self._source_layout.read(self._source, self._source_index, *place)

    def _place(self, rows: slice, columns: slice) -> Region:
        """Return where a region of the plane is in the array that it is read from."""
        if self._loaded_from is None:
            return rows, columns
        return within(rows, self._loaded_from[0]), within(columns, self._loaded_from[1])

    def write(self, output: Array, tile: Tile, block: Array, scope: Scope) -> None:
        """Write an enhanced tile, and the alpha of the source, as `Plane.write` says."""
        index, rows, columns = scope.place(self.index, tile.rows, tile.columns)
        self._layout.write(output, index, rows, columns, block)
        if self._layout.channels == "rgba":
            with self._reading, self._reading_told():
                own = self._place(tile.rows, tile.columns)
                alpha = self._source[(*self._source_index, *own, slice(3, 4))]
            place: tuple[int | slice, ...] = (*index, rows, columns, slice(3, 4))
            output[place] = alpha


def _loaded(
    image: Any, index: tuple[int, ...], layout: PlaneLayout, region: Region
) -> Array | None:
    """Return a region of a lazy image's plane as an array, or None if it is read in blocks."""
    sides = prod(side.stop - side.start for side in region)
    samples = sides * (1 if layout.channels == "mono" else layout.shape[-1])
    if samples * np.dtype(image.dtype).itemsize > _LARGEST_LOADED:
        return None
    try:
        return np.asarray(image[(*index, *region)])
    except MemoryError:
        return None
