"""Whether a colour image is grey: red, green and blue are equal in each pixel that is looked at."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.planes import Array, PlaneLayout, SelectedPlane, layout_of
from napari_zerodce.imaging.sampling import Sampler
from napari_zerodce.stopping import ShouldStop, never

_GLANCES: Final = 16
"""So many samples along each axis, or up to twice as many, are compared first."""

_MOST_READ: Final = 2**24
"""Samples. Of a larger lazy image, many regions are read, until one has a colour."""


def is_grey(
    array: Any,
    layout: PlaneLayout,
    *,
    should_stop: ShouldStop = never,
    coarser: Sequence[Any] = (),
) -> bool:
    """Return whether all colours of an image are equal; False for a mono one.

    Of a large lazy image, regions that are spread over all of it tell. In doubt it has colours: if
    these regions have one brightness only, such as black, they tell nothing.

    Parameters
    ----------
    array : array-like
        One in memory is read whole, unless it has colours.
    layout : PlaneLayout
        Of the array.
    should_stop : callable, optional
        Called before each region; returns whether the user cancelled.
    coarser : sequence of array-like, optional
        The coarser levels of a lazy image, if it has some.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    if layout.channels == "mono":
        return False
    sampler = Sampler(array, layout, should_stop, coarser=coarser)
    first, varies = None, sampler.is_read_whole(_MOST_READ)
    try:
        for region in sampler.regions(most_read=_MOST_READ):
            if not has_no_colour(np.moveaxis(region, -1, 0)):
                return False
            first = region.flat[0] if first is None else first
            varies = varies or bool((region != first).any())
    except UnreadableError:  # who needs the samples says so
        return False
    return varies


def has_no_colour(block: Array) -> bool:
    """Return whether all channels are equal.

    Parameters
    ----------
    block : ndarray, shape (C, ...)
    """
    # In most photos, a few samples that are spread over all of the block have colours already.
    few = tuple(slice(None, None, max(1, length // _GLANCES)) for length in block.shape[1:])
    return _are_equal(block[(slice(None), *few)]) and _are_equal(block)


def _are_equal(channels: Array) -> bool:
    may_be_nan = channels.dtype.kind == "f"
    return all(np.array_equal(channels[0], other, equal_nan=may_be_nan) for other in channels[1:])


class GreyPlanes:
    """Which planes of an image are grey; each is looked at once, when it is asked for.

    So all tiles, regions and levels of a plane are treated alike. It may be used by several
    threads.

    Parameters
    ----------
    array : array-like
    layout : PlaneLayout
        Of the array.
    """

    def __init__(self, array: Any, layout: PlaneLayout) -> None:
        self._array, self._layout = array, layout
        self._found: dict[tuple[int, ...], bool] = {}
        self._reading = threading.Lock()  # not every library can be read in several threads

    def holds(
        self,
        index: tuple[int, ...],
        *,
        loaded: Array | None = None,
        should_stop: ShouldStop = never,
    ) -> bool:
        """Return whether a plane is grey.

        Parameters
        ----------
        index : tuple of int
            In the leading axes.
        loaded : ndarray, shape (C, H, W), optional
            The colour samples of the plane or of a level of it, if they are in memory.
        should_stop : callable, optional
            As in `is_grey`.

        Raises
        ------
        Cancelled
            If `should_stop` returned True.
        """
        if self._layout.channels == "mono":
            return False
        with self._reading:
            if index not in self._found:
                if loaded is not None and self._is_whole(loaded):
                    self._found[index] = has_no_colour(loaded)
                else:
                    self._found[index] = self._is_grey(index, should_stop)
            return self._found[index]

    def _is_whole(self, loaded: Array) -> bool:
        """Return whether samples are all that would be read of a plane."""
        whole = loaded.shape[-2:] == (self._layout.height, self._layout.width)
        return whole and loaded.size <= _MOST_READ

    def index_of(self, index: tuple[int, ...], leading: Sequence[int]) -> tuple[int, ...]:
        """Return the index of the plane that a plane of a coarser level shows.

        Parameters
        ----------
        index : tuple of int
            In the leading axes of the level, or empty.
        leading : sequence of int
            Their lengths, of which some may be smaller than those of the image.
        """
        own = self._layout.leading
        if tuple(leading) == own or not index:
            return index
        return tuple(
            place * length // other
            for place, length, other in zip(index, own, leading, strict=True)
        )

    def _is_grey(self, index: tuple[int, ...], should_stop: ShouldStop) -> bool:
        in_memory = isinstance(self._array, np.ndarray)
        plane = self._array[index] if in_memory else SelectedPlane(self._array, index)
        layout = layout_of(plane, channels=self._layout.channels)
        return is_grey(plane, layout, should_stop=should_stop)
