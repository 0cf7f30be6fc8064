"""Whether a colour image is grey: red, green and blue are equal in each pixel that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.planes import Array, PlaneLayout
from napari_zerodce.imaging.sampling import Sampler
from napari_zerodce.stopping import ShouldStop, never

_MOST_READ: Final = 2**24
"""Samples that are read of a lazy image: 4 regions of its 64. Of a photo, the first one decides."""


def is_grey(
    array: Any,
    layout: PlaneLayout,
    *,
    should_stop: ShouldStop = never,
    coarser: Sequence[Any] = (),
) -> bool:
    """Return whether all colours of an image are equal; False for a mono one.

    Parameters
    ----------
    array : array-like
        One in memory is read whole, unless it has colours; of a lazy one, some regions are.
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
    try:
        regions = sampler.regions(most_read=_MOST_READ)
        return all(has_no_colour(np.moveaxis(region, -1, 0)) for region in regions)
    except UnreadableError:  # who needs the samples says so
        return False


def has_no_colour(block: Array) -> bool:
    """Return whether all channels are equal.

    Parameters
    ----------
    block : ndarray, shape (C, ...)
    """
    may_be_nan = block.dtype.kind == "f"
    return all(np.array_equal(block[0], other, equal_nan=may_be_nan) for other in block[1:])
