"""Measures of an enhanced fluorescence frame: pure functions of arrays.

All brightness is in one unit: ``(value - low) / (high - low)``, where `low` and `high` are the
percentiles 0.1 and 99.9 of the source. The result is measured with the window of the source, so a
raised background or a saturated cell cannot hide in a new stretch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from scipy.stats import rankdata

Array = NDArray[Any]
Mask = NDArray[np.bool_]

PERCENTILES = (0.1, 99.9)
GAMMAS = (0.02, 50.0)
_HALVINGS = 50
RING = (2, 8)
"""A ring round the foreground begins and ends this many pixels from it."""


@dataclass(frozen=True)
class Fluorescence:
    """What one result does to one frame. NaN where something cannot be said.

    Attributes
    ----------
    foreground, background : float
        Mean brightness of both in the result.
    background_rise : float
        Mean background of the result minus that of the source.
    contrast_to_noise : float
        (mean foreground - mean background) / (standard deviation of the background).
    gamma : float
        Exponent that gives the source the same mean foreground.
    gamma_contrast_to_noise : float
        Contrast-to-noise of the source after that gamma.
    ratio : float
        The contrast-to-noise of the result divided by that of the gamma.
    rank_correlation : float
        Spearman's, of all finite pixels of source and result.
    noise : float
        Standard deviation of the background in the result, divided by that in the source.
    ring, source_ring : float
        Mean of a ring round the foreground minus the mean background, in result and source. A
        negative value in the result alone is a dark ring that the method made.
    """

    foreground: float
    background: float
    background_rise: float
    contrast_to_noise: float
    gamma: float
    gamma_contrast_to_noise: float
    ratio: float
    rank_correlation: float
    noise: float
    ring: float
    source_ring: float


def fluorescence(out: Array, source: Array, foreground: Mask, background: Mask) -> Fluorescence:
    """Return the measures of a result.

    Parameters
    ----------
    out, source : ndarray, shape (H, W), the same unit
    foreground, background : ndarray of bool, shape (H, W)
        `comparison.masks.masks_of` makes them from a clean partner. An empty one gives NaN.

    Notes
    -----
    Pixels that are not finite in `out` or `source` do not count.
    """
    finite = np.isfinite(out) & np.isfinite(source)
    window = window_of(source)
    result, before = unit(out, window), unit(source, window)
    ring = ring_round(foreground) & finite
    foreground, background = foreground & finite, background & finite
    gamma = matching_gamma(before, foreground, _mean(result[foreground]))
    ours = contrast_to_noise(result, foreground, background)
    theirs = contrast_to_noise(with_gamma(before, gamma), foreground, background)
    level, level_before = _mean(result[background]), _mean(before[background])
    return Fluorescence(
        foreground=_mean(result[foreground]),
        background=level,
        background_rise=level - level_before,
        contrast_to_noise=ours,
        gamma=gamma,
        gamma_contrast_to_noise=theirs,
        ratio=_divided(ours, theirs),
        rank_correlation=rank_correlation(result[finite], before[finite]),
        noise=_divided(_deviation(result[background]), _deviation(before[background])),
        ring=_mean(result[ring]) - level,
        source_ring=_mean(before[ring]) - level_before,
    )


def window_of(source: Array) -> tuple[float, float]:
    """Return the percentiles 0.1 and 99.9 of the finite pixels; NaN if there are none."""
    pixels = source[np.isfinite(source)]
    if not pixels.size:
        return np.nan, np.nan
    low, high = np.percentile(pixels, PERCENTILES)
    return float(low), float(high)


def unit(image: Array, window: tuple[float, float]) -> NDArray[np.float64]:
    """Return an image in the unit of a window, not clipped; NaN if the window has no width."""
    low, high = window
    width = high - low if high > low else np.nan
    return (image.astype(np.float64) - low) / width


def with_gamma(image: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    """Return ``image ** gamma`` in [0, 1]; values outside it stay, as in the plugin.

    Without a gamma, which is NaN, all is NaN.
    """
    if np.isnan(gamma):
        return np.full_like(image, np.nan)
    inside = (image > 0) & (image < 1)
    return np.where(inside, np.where(inside, image, 0.5) ** gamma, image)


def matching_gamma(image: NDArray[np.float64], where: Mask, mean: float) -> float:
    """Return the exponent that gives some pixels a mean, by bisection; NaN if there is none."""
    pixels = image[where]
    least, most = GAMMAS
    if not _mean(with_gamma(pixels, most)) <= mean <= _mean(with_gamma(pixels, least)):
        return np.nan
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(least * most))
        least, most = (
            (middle, most) if _mean(with_gamma(pixels, middle)) > mean else (least, middle)
        )
    return float(np.sqrt(least * most))


def contrast_to_noise(image: Array, foreground: Mask, background: Mask) -> float:
    """Return (mean foreground - mean background) / (standard deviation of the background)."""
    contrast = _mean(image[foreground]) - _mean(image[background])
    return _divided(contrast, _deviation(image[background]))


def rank_correlation(one: Array, other: Array) -> float:
    """Return Spearman's rank correlation of two arrays; NaN if one of them is constant."""
    if one.size < 2 or np.isnan(one).any() or np.isnan(other).any():
        return np.nan
    ranks = [rankdata(values.ravel()) for values in (one, other)]
    ranks = [each - each.mean() for each in ranks]
    norm = np.sqrt((ranks[0] @ ranks[0]) * (ranks[1] @ ranks[1]))
    return _divided(float(ranks[0] @ ranks[1]), float(norm))


def ring_round(mask: Mask) -> Mask:
    """Return the pixels that are from 3 to 8 pixels outside a mask, in city-block distance."""
    if not mask.any():
        return np.zeros_like(mask)
    near, far = (binary_dilation(mask, iterations=distance) for distance in RING)
    return np.asarray(far & ~near)


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else np.nan


def _deviation(values: Array) -> float:
    return float(values.std()) if values.size else np.nan


def _divided(number: float, by: float) -> float:
    """Return a quotient; infinity for a positive number by 0, NaN for 0 by 0."""
    with np.errstate(all="ignore"):
        return float(np.float64(number) / np.float64(by))
