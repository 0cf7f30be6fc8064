"""The exposure of the frames of a series, and what makes it steady along time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.windows import Window

_HOT: Final = 99.9
"""Percentile above which samples count as it: one hot pixel must not decide an exposure."""

_OTHER: Final = 2.0
"""A frame whose contrast differs by more than this factor is another scene, or has no light."""

_UNSEEN: Final = 1e-3
"""Smaller corrections, relative to the contrast, are not made: nobody sees them."""


@dataclass(frozen=True)
class Exposure:
    """How bright a frame is.

    Both numbers follow any gain and any offset of a camera exactly, and average over all samples.
    The level of the background would not do: in 8-bit images it has few values.

    Parameters
    ----------
    brightness : float
        The mean.
    contrast : float
        The mean distance from the median.
    """

    brightness: float
    contrast: float


@dataclass(frozen=True)
class Correction:
    """What makes the exposure of a frame that of its surroundings: ``gain * sample + offset``.

    Parameters
    ----------
    gain : float
        Above 0.
    offset : float
        In units of the image.
    """

    gain: float = 1.0
    offset: float = 0.0

    def window(self, window: Window) -> Window:
        """Return the window of the frame that the correction turns into a window.

        Parameters
        ----------
        window : Window
            That of all frames.
        """
        if self == UNCHANGED:
            return window
        low, high = ((end - self.offset) / self.gain for end in (window.low, window.high))
        return Window(low, high) if low < high else window

    def apply(self, block: Array) -> Array:
        """Return corrected samples; they are clipped only by the range of their dtype.

        Parameters
        ----------
        block : ndarray, any integer or real dtype, any shape

        Returns
        -------
        ndarray
            Of the same dtype and shape: `block` itself if the correction changes nothing.
        """
        if self == UNCHANGED:
            return block
        real = np.result_type(block.dtype, np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            values = block.astype(real) * real.type(self.gain) + real.type(self.offset)
        return _as_integers(values, block.dtype) if block.dtype.kind in "iu" else _as(values, block)


UNCHANGED: Final = Correction()
"""The correction that changes nothing."""


def measure_exposure(samples: Array) -> Exposure | None:
    """Return the exposure of a frame, None if it has no finite sample.

    Parameters
    ----------
    samples : ndarray
        Samples of the frame, of any shape: the same places in all frames.
    """
    values = samples.ravel().astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    middle, hot = np.percentile(values, (50, _HOT))
    np.minimum(values, hot, out=values)
    exposure = Exposure(float(values.mean()), float(np.abs(values - middle).mean()))
    return exposure if math.isfinite(exposure.contrast) else None


def frames_around(frame: int, count: int, window: int) -> range:
    """Return the frames that decide the exposure of a frame: it is in the middle of them.

    Near an end of the series they are as many, but on one side of the frame there are more.

    Parameters
    ----------
    frame : int
        Number of the frame.
    count : int
        Number of all frames.
    window : int
        Wanted number of frames; an even number gives one more.
    """
    reach = window // 2
    start = max(0, min(frame - reach, count - 2 * reach - 1))
    return range(start, min(count, start + 2 * reach + 1))


def correction_in(frames: Mapping[int, Exposure | None], frame: int) -> Correction:
    """Return the correction that makes the exposure of a frame that of the frames around it.

    The exposure becomes that of a straight line, fitted to the exposures around the frame with
    weights that decrease to both sides. A steady rise or fall, for instance by bleaching, so stays
    as it is, also at both ends of the series.

    Parameters
    ----------
    frames : mapping of int to Exposure
        The exposures of `frames_around` the frame, by number; None if one is unknown.
    frame : int
        Number of the frame.

    Returns
    -------
    Correction
        `UNCHANGED` if the exposure of the frame is unknown, or too different to be corrected.
    """
    known = {number: exposure for number, exposure in frames.items() if exposure is not None}
    own = known.get(frame)
    if own is None:
        return UNCHANGED
    usual = float(np.median([exposure.contrast for exposure in known.values()]))
    alike = {number: each for number, each in known.items() if _is_alike(each.contrast, usual)}
    if frame not in alike:
        return UNCHANGED
    distances = np.array([number - frame for number in alike], np.float64)
    weights = 1 - np.abs(distances) / (1 + max(abs(number - frame) for number in frames))
    contrast = _fitted(distances, weights, [exposure.contrast for exposure in alike.values()])
    brightness = _fitted(distances, weights, [exposure.brightness for exposure in alike.values()])
    if own.contrast and not _is_alike(contrast, own.contrast):
        return UNCHANGED
    return _between(own, Exposure(brightness, contrast))


def _is_alike(one: float, other: float) -> bool:
    return other / _OTHER <= one <= other * _OTHER


def _fitted(distances: Array, weights: Array, values: list[float]) -> float:
    """Return the value at distance 0 of the line that fits best."""
    shares = weights / weights.sum()
    middle, mean = float(shares @ distances), float(shares @ np.array(values))
    spread = float(shares @ (distances - middle) ** 2)
    slope = float(shares @ ((distances - middle) * values)) / spread if spread else 0.0
    return mean - slope * middle


def _between(own: Exposure, wanted: Exposure) -> Correction:
    """Return the correction from one exposure to another."""
    gain = wanted.contrast / own.contrast if own.contrast else 1.0
    shift = wanted.brightness - own.brightness
    if abs(gain - 1) < _UNSEEN and abs(shift) <= _UNSEEN * own.contrast:
        return UNCHANGED
    return Correction(gain, wanted.brightness - gain * own.brightness)


def _as(values: Array, block: Array) -> Array:
    with np.errstate(over="ignore"):
        return values.astype(block.dtype, copy=False)


def _as_integers(values: Array, dtype: np.dtype[Any]) -> Array:
    """Return rounded integers; those that the dtype cannot hold become its ends."""
    limits = np.iinfo(dtype)
    top = values.dtype.type(limits.max)
    if int(top) > limits.max:  # floats cannot hold the largest 64-bit integers
        top = np.nextafter(top, values.dtype.type(0))
    np.clip(np.floor(values + 0.5), values.dtype.type(limits.min), top, out=values)
    return values.astype(dtype)
