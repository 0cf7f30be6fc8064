"""The background of an image: its level, its noise, and whether it is dark as in fluorescence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from napari_zerodce.imaging.planes import Array

_CORE_SHARE: Final = 0.15
"""Share of samples in the narrowest interval, whose middle is the mode (the shorth of a histogram).

It adapts to any width of the peak; bins of a fixed width do not.
"""

_REACH: Final = 1.0
"""Reach of the mean shift, in widths of that interval: 0.4 standard deviations of a clean peak."""

_MOST_SHIFTS: Final = 50
_SMALLEST_SHIFT: Final = 1e-3

_WITHIN_ONE: Final = 0.6827
_BEYOND_ONE: Final = 0.3981
"""Of a normal distribution: the share within one standard deviation, and the mass from one to two
standard deviations relative to that from zero to one."""

_CLIPPED_SHARE: Final = 0.05
"""With fewer samples below the mode, the camera or a black level has cut that side off."""

_NOISE_WIDTH: Final = 3.0

# The limits below tell fluorescence from photos and grey backgrounds; the table of mistakes is in
# docs/fluorescence.md.
_LEAST_SHARE: Final = 0.3
_LEAST_SKEW: Final = 4.0
_MOST_BELOW: Final = 5.0
_MOST_SPREAD: Final = 0.15
_SHARE_OF_TEXTURE: Final = 0.2

# With few photons, the signal is hardly above the noise. Its darker side is that of noise alone
# (the percentile 0.1 of a normal distribution is 3.1 standard deviations below the mode), as in few
# photos, and nearly all of the image is background.
_NOISE_END: Final = 3.1
_NOISE_BELOW: Final = (2.5, 3.5)
_LEAST_SHARE_OF_NOISE: Final = 0.9
_LEAST_SKEW_OF_NOISE: Final = 2.0


@dataclass(frozen=True)
class Background:
    """The background of an image, from its histogram.

    Attributes
    ----------
    level : float
        The mode: the most frequent intensity.
    spread : float
        Standard deviation of the noise around the level, from its darker side, where there is no
        signal. It is 0 if the background has no noise.
    share : float in [0, 1]
        Share of the samples that are at most three spreads above the level.
    is_dark : bool
        Whether hardly anything is darker than the background and much is far brighter, as in
        fluorescence. The grey background of phase contrast or brightfield is not dark.
    """

    level: float
    spread: float
    share: float
    is_dark: bool

    @property
    def end(self) -> float:
        """Where the signal begins: one spread above the level."""
        return self.level + self.spread


def find_background(values: Array, counts: Array) -> Background:
    """Find the background in a histogram.

    Parameters
    ----------
    values : ndarray, shape (n,), ascending, n >= 1
        The intensities that occur, or the middles of bins.
    counts : ndarray of integers, shape (n,)
        How often each occurs; above 0.

    Returns
    -------
    Background
    """
    values = values.astype(np.float64)
    ranks = np.cumsum(counts)
    with np.errstate(over="ignore"):  # an infinite distance is also far away
        level = _mode(values, counts, ranks)
        spread = _spread(values, counts, ranks, level)
        share = _share_up_to(values, ranks, level + _NOISE_WIDTH * spread)
        is_dark = _is_dark(values, ranks, level, spread, share)
    return Background(level, spread, share, is_dark)


def _step(values: Array) -> float:
    """Return the smallest difference of two values, 0 if there is only one."""
    return float(np.diff(values).min()) if values.size > 1 else 0.0


def _mode(values: Array, counts: Array, ranks: Array) -> float:
    """Return the peak at the narrowest interval with a fixed share of the samples.

    Where that interval lies within a peak depends on chance. The mean of its surroundings does not:
    its repetition (mean shift) climbs to the middle of the peak.
    """
    needed = max(1, int(_CORE_SHARE * ranks[-1]))
    starts = ranks - counts
    ends = np.minimum(np.searchsorted(ranks, starts + needed), values.size - 1)
    enough = ranks[-1] - starts >= needed
    width = np.where(enough, values[ends] - values, np.inf)
    # Integers in bins have rounding errors, and of equal widths the one with most samples counts.
    narrowest = np.flatnonzero(width <= width.min() + _step(values) / 2)
    mass = ranks[ends[narrowest]] - starts[narrowest]
    first = narrowest[np.argmax(mass)]
    reach = _REACH * float(values[ends[first]] - values[first])
    level = float(_mean(values, counts, slice(first, ends[first] + 1)))
    for _ in range(_MOST_SHIFTS if reach else 0):
        near = slice(*np.searchsorted(values, (level - reach, level + reach)))
        before, level = level, _mean(values, counts, near)
        if abs(level - before) < _SMALLEST_SHIFT * reach:
            break
    return level


def _mean(values: Array, counts: Array, places: slice) -> float:
    """Return the mean of a part of the histogram; sums of the largest floats would overflow."""
    shares = counts[places] / counts[places].sum()
    first = values[places][0]
    return float(first + (shares * (values[places] - first)).sum())


def _spread(values: Array, counts: Array, ranks: Array, level: float) -> float:
    below = int(np.searchsorted(values, level))
    if below and ranks[below - 1] >= _CLIPPED_SHARE * ranks[-1]:
        edge = np.searchsorted(ranks[:below], (1 - _WITHIN_ONE) * ranks[below - 1])
        return level - float(values[edge])
    return _upper_spread(values, counts, ranks, level)


def _upper_spread(values: Array, counts: Array, ranks: Array, level: float) -> float:
    """Return the distance d with 0.4 times as many samples from d to 2 d as from 0 to d."""
    distances, step = values[values > level] - level, _step(values)
    if distances.size < 2 or distances[0] > 2 * step:
        return 0.0  # there is no noise between the background and the signal
    start = np.searchsorted(values, level, side="left")
    before = ranks[start] - counts[start]
    near = ranks[np.searchsorted(values, level + distances, side="right") - 1] - before
    far = ranks[np.searchsorted(values, level + 2 * distances, side="right") - 1] - before - near
    fitting = np.flatnonzero(far <= _BEYOND_ONE * near)
    return float(distances[fitting[0]]) if fitting.size else 0.0


def _is_dark(values: Array, ranks: Array, level: float, spread: float, share: float) -> bool:
    darkest, dark, bright = (_percentile(values, ranks, percent) for percent in (0.1, 1, 99.9))
    signal, below = bright - level, level - darkest
    noise = below or _NOISE_END * spread  # a detector without an offset has no darker side
    if _is_noise(share, noise, spread) and signal >= _LEAST_SKEW_OF_NOISE * noise > 0:
        return True
    return (
        share >= _LEAST_SHARE
        and signal > 0
        and signal >= _LEAST_SKEW * below
        and level - dark <= _MOST_BELOW * spread
        # Dark parts of photos have texture: they are wider the less of the photo they cover.
        and spread <= _MOST_SPREAD * (share - _SHARE_OF_TEXTURE) * signal
    )


def _is_noise(share: float, below: float, spread: float) -> bool:
    """Return whether nearly all is background, and its darker side that of noise alone."""
    least, most = (factor * spread for factor in _NOISE_BELOW)
    return share >= _LEAST_SHARE_OF_NOISE and least <= below <= most


def _share_up_to(values: Array, ranks: Array, limit: float) -> float:
    place = np.searchsorted(values, limit, side="right")
    return float(ranks[place - 1] / ranks[-1]) if place else 0.0


def _percentile(values: Array, ranks: Array, percent: float) -> float:
    place = np.searchsorted(ranks, percent / 100 * ranks[-1])
    return float(values[min(place, values.size - 1)])
