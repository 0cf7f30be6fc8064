"""A plane of an image: its regions are read, normalised and written."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from math import prod
from typing import Any, Final, Protocol

import numpy as np

from napari_zerodce.core import arrays
from napari_zerodce.core.memory_order import row_blocks
from napari_zerodce.core.thumbnails import Span, middle_pixels
from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.progress import PlaneMeter
from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.blocks import BlockwisePlane
from napari_zerodce.imaging.exposure import UNCHANGED, Correction
from napari_zerodce.imaging.intensity import (
    Window,
    intensities_for,
    normalise,
    outside_of,
    restore,
)
from napari_zerodce.imaging.planes import PlaneLayout, SelectedPlane, layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.tiling import Region, Tile, within
from napari_zerodce.imaging.unreadable import array_reading_told

Array = np.ndarray[Any, Any]

_LARGEST_LOADED = 2**28
"""Bytes. A lazy plane of up to this size is read at once, a larger one block by block."""


_IN_CACHE: Final = 2**16
"""Samples that become intensities at a time: the floats between stay in a core's cache."""


class SharedMaps(Protocol):
    """The curves that a plane shares with others of its series."""

    @property
    def spans(self) -> tuple[Span, Span]:
        """The part of the maps' height and width that the plane shows."""
        ...

    def estimate(self, crew: Crew, tile_size: int, meter: PlaneMeter) -> arrays.Array:
        """Return the maps, shape (1, maps, C, h, w); the first plane that asks estimates them.

        Parameters
        ----------
        crew : Crew
            Does parts of the work side by side.
        tile_size : int
            Side of tiles in pixels.
        meter : PlaneMeter
            It says whether to stop.
        """
        ...


@dataclass(frozen=True)
class Shared:
    """What a plane has in common with others of its series.

    Parameters
    ----------
    correction : Correction, optional
        Makes the exposure of the plane that of the frames around it.
    maps : SharedMaps, optional
        The curves of the series; None if the plane has curves of its own.
    """

    correction: Correction = UNCHANGED
    maps: SharedMaps | None = None


NOTHING_SHARED: Final = Shared()
"""A plane that is no part of a series."""


class Plane:
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

    Attributes
    ----------
    is_grey : bool
        Whether its colours are equal, so that they share their curves; at first False.
    """

    leading: tuple[int, ...] = ()
    """What comes before colours, rows and columns in the shape of a block: nothing."""

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
        self.shape = (layout.height, layout.width)
        self.colours = layout.colours
        self.index = index
        self.window, self.is_grey = window, False
        self.correction, self.shared_maps = shared.correction, shared.maps
        self._own_window = self.correction.window(window)
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
        """Return the colour samples of a region as they are, without alpha.

        Parameters
        ----------
        rows, columns : slice

        Returns
        -------
        ndarray, shape (C, h, w)
            It may be a view of the image, with interleaved colours: do not write to it.

        Raises
        ------
        UnreadableError
            If the image's library cannot read it.
        """
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

    def normalised(self, block: Array) -> Array:
        """Return samples from `read` as float32 in [0, 1]."""
        return normalise(block, self._own_window)

    def restored(self, unit: Array, block: Array) -> Array:
        """Return intensities for enhanced values of samples from `read`.

        Parameters
        ----------
        unit : ndarray, float32, values in [0, 1]
        block : ndarray of the same shape
            As they are; if outside the window, they are only corrected.
        """
        made = np.empty_like(block, subok=False)
        for rows in row_blocks(block.shape, _IN_CACHE):
            key = (..., rows, slice(None))
            made[key] = restore(unit[key], self.correction.apply(block[key]), self.window)
        return made

    def translated(self, unit: Array, block: Array) -> Array:
        """Return intensities for values of another picture in the place of samples from `read`.

        Parameters
        ----------
        unit : ndarray, float32, values in [0, 1]
        block : ndarray of the same shape
            As they are; NaN stays NaN.
        """
        made = intensities_for(unit, block, self.window)
        if block.dtype.kind == "f":
            missing = np.isnan(block)
            made[missing] = block[missing]
        return made

    def outside(self, block: Array) -> Array:
        """Return which samples from `read` lie outside the window."""
        return outside_of(self.correction.apply(block), self.window)

    def thumbnail(self, rows: slice, columns: slice, scale_factor: int) -> Array:
        """Return the thumbnail of a region of whole blocks, shape (C, h, w), float32 in [0, 1].

        The result equals that of `core.thumbnails.thumbnail`, but only the pixels that count are
        normalised: for Zero-DCE++, the whole region would take as long as its enhancement.

        Parameters
        ----------
        rows, columns : slice
        scale_factor : int
            Side of a block in pixels.
        """
        block = self.read(rows, columns)
        pairs = [middle_pixels(length, scale_factor) for length in block.shape[-2:]]
        corners = [
            [self.normalised(block[:, row, column]) for column in pairs[1]] for row in pairs[0]
        ]
        (upper_left, upper_right), (lower_left, lower_right) = corners
        small: Array = ((upper_left + upper_right) + (lower_left + lower_right)) / np.float32(4)
        return small

    def write(self, output: Array, tile: Tile, block: Array, scope: Scope) -> None:
        """Write an enhanced tile, and the alpha of the source, into the output.

        Parameters
        ----------
        output : ndarray
            The enhanced part of the image.
        tile : Tile
        block : ndarray, shape (C, h, w)
        scope : Scope
            The part of the image that the output holds.
        """
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
