"""What methods know of a plane: how its samples become values, and values become samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from napari_zerodce.core import arrays
from napari_zerodce.core.memory_order import row_blocks
from napari_zerodce.core.thumbnails import Span, middle_pixels
from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.progress import PlaneMeter
from napari_zerodce.imaging.exposure import UNCHANGED, Correction
from napari_zerodce.imaging.intensity import (
    Window,
    intensities_for,
    normalise,
    outside_of,
    restore,
)
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.tiling import Tile

Array = np.ndarray[Any, Any]

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


class Plane(ABC):
    """A plane of an image, or several that are processed as one.

    Parameters
    ----------
    index : tuple of int
        Index of the plane in the leading axes of the image.
    shape : tuple of int
        Its rows and columns.
    colours : int
        1 or 3.
    window : Window
        In units of corrected samples.
    shared : Shared, optional
        What it shares with other planes, by default nothing.

    Attributes
    ----------
    is_grey : bool
        Whether its colours are equal, so that they share their curves; at first False.
    """

    leading: tuple[int, ...] = ()
    """What comes before colours, rows and columns in the shape of a block: nothing."""

    def __init__(
        self,
        index: tuple[int, ...],
        *,
        shape: tuple[int, int],
        colours: int,
        window: Window,
        shared: Shared = NOTHING_SHARED,
    ) -> None:
        self.index, self.shape, self.colours = index, shape, colours
        self.window, self.is_grey = window, False
        self.correction, self.shared_maps = shared.correction, shared.maps
        self._own_window = self.correction.window(window)

    @abstractmethod
    def read(self, rows: slice, columns: slice) -> Array:
        """Return the colour samples of a region as they are, without alpha.

        Parameters
        ----------
        rows, columns : slice

        Returns
        -------
        ndarray, shape (*leading, C, h, w)
            It may be a view of the image, with interleaved colours: do not write to it.

        Raises
        ------
        UnreadableError
            If the image's library cannot read it.
        """

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

    @abstractmethod
    def write(self, output: Array, tile: Tile, block: Array, scope: Scope) -> None:
        """Write an enhanced tile, and the alpha of the source, into the output.

        Parameters
        ----------
        output : ndarray
            The enhanced part of the image.
        tile : Tile
        block : ndarray, shape (*leading, C, h, w)
        scope : Scope
            The part of the image that the output holds.
        """
