"""The mean brightness of each frame of a series, from evenly spread samples."""

from __future__ import annotations

from math import ceil, prod, sqrt
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.planes import Array, PlaneLayout
from napari_zerodce.imaging.sampling import OnRegion, unseen
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.unreadable import array_reading_told
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped

_SAMPLES: Final = 2**16
"""Of a frame, about: a mean of noise with the width of a window then varies by 0.2 % of it."""


def frame_brightness(
    array: Any,
    layout: PlaneLayout,
    axis: int,
    *,
    part: Scope,
    should_stop: ShouldStop = never,
    on_frame: OnRegion = unseen,
) -> Array:
    """Return the mean brightness of each frame of a part of an image.

    Parameters
    ----------
    array : array-like
    layout : PlaneLayout
        Of the array.
    axis : int
        The leading axis of time.
    part : Scope
        The frames, and what counts of them.
    should_stop : callable, optional
        Called before each frame.
    on_frame : callable, optional
        Called with the number of frames that are measured, and of all.

    Returns
    -------
    ndarray, shape (frames,), in units of the image
        NaN for a frame without a finite sample.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    ImageError
        If a frame cannot be read.
    """
    slices = _spread_slices(part, axis)
    start, stop = part.leading[axis]
    means = np.full(stop - start, np.nan)
    for number, frame in enumerate(range(start, stop)):
        raise_if_stopped(should_stop)
        on_frame(number, len(means))
        region = (*slices[:axis], frame, *slices[axis + 1 :])
        with array_reading_told(f"Frame {frame}", advice="check the file that it comes from"):
            samples = np.asarray(array[region])
        samples = samples if layout.channels == "mono" else samples[..., :3]
        finite = samples[np.isfinite(samples)]
        means[number] = finite.mean(dtype=np.float64) if finite.size else np.nan
    return means


def _spread_slices(part: Scope, axis: int) -> list[slice]:
    """Return slices of all axes whose steps leave about `_SAMPLES` pixels of a frame."""
    others = [ends for place, ends in enumerate(part.leading) if place != axis]
    planes = prod(stop - start for start, stop in others)
    step = max(1, ceil(sqrt(planes * prod(part.extent) / _SAMPLES)))
    sides = [slice(start, stop, step) for start, stop in (part.rows, part.columns)]
    return [*(slice(*ends) for ends in part.leading), *sides]
