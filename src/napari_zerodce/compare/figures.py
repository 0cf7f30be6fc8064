"""The figures of a compared image: pure functions of values in [0, 1].

Each is the mean over the colours of an image of shape (H, W, 3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, isnan, nan, sqrt
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.rank_correlation import rank_correlation

Array = np.ndarray[Any, Any]

_MOST_PIXELS: Final = 2**20
"""That are ranked: half a second for each colour, and more give the same three decimals."""

_LAPLACIANS: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""The difference of two Laplacians (Immerkær 1996, equation 1): edges and slopes almost vanish, and
noise of deviation 1 gets the deviation 6."""

_DEVIATION_OF_NORMAL: Final = 0.6745
"""The median of the absolute values of normal noise, divided by its standard deviation."""

_SSIM_SIDE: Final = 11
"""Of the Gaussian window with sigma 1.5, in pixels."""


@dataclass(frozen=True)
class Figures:
    """An image in figures, all of values where the window is 0 to 1.

    Parameters
    ----------
    brightness : float
        The mean.
    noise : float
        Robust standard deviation of the noise.
    rank_correlation : float
        Spearman's, with the source: 1 if the order of intensities is kept, -1 if it is inverted;
        NaN if all are equal.
    ssim, psnr : float, optional
        Against the reference, with a data range of 1; None without a reference of the same size.
        The PSNR is in dB.
    """

    brightness: float
    noise: float
    rank_correlation: float
    ssim: float | None = None
    psnr: float | None = None


def measure(unit: Array, source: Array, reference: Array | None = None) -> Figures:
    """Measure an image.

    Parameters
    ----------
    unit, source : ndarray, shape (H, W) or (H, W, 3), values in [0, 1]
    reference : ndarray of the same shape, optional
    """
    brightness = float(unit.mean(dtype=np.float64))
    rank = _mean_over_colours(_rank_correlation, unit, source)
    noise = _mean_over_colours(noise_deviation, unit)
    if reference is None:
        return Figures(brightness, noise, rank)
    likeness = _mean_over_colours(ssim, unit, reference)
    return Figures(brightness, noise, rank, likeness, psnr(unit, reference))


def noise_deviation(plane: Array) -> float:
    """Return the standard deviation of the noise of a plane, nearly independent of its content.

    It is Immerkær's estimate with a median instead of a mean, so that few edges do not count. As
    in scikit-image's estimate from wavelets, which needs PyWavelets, results that are exactly 0 do
    not count: they come from flat areas, such as a clipped background.

    Parameters
    ----------
    plane : ndarray, shape (H, W)

    Returns
    -------
    float
        0 for less than 3 x 3 pixels.
    """
    from scipy.signal import convolve2d

    if min(plane.shape) < 3:
        return 0.0
    residual = convolve2d(plane.astype(np.float32, copy=False), _LAPLACIANS, mode="valid")
    sizes = np.abs(residual[np.abs(residual) > _ROUNDING])
    return float(np.median(sizes)) / _DEVIATION_OF_NORMAL / 6 if sizes.size else 0.0


_ROUNDING: Final = 1e-6
"""Differences of float32 values in [0, 1] below it are rounding errors."""


def ssim(plane: Array, reference: Array) -> float:
    """Return the structural similarity (Wang et al. 2004: Gaussian window, sigma 1.5).

    Parameters
    ----------
    plane, reference : ndarray, shape (H, W), values in [0, 1]

    Returns
    -------
    float
        NaN if a side is shorter than 11 pixels.
    """
    from skimage.metrics import structural_similarity

    if min(plane.shape) < _SSIM_SIDE:
        return nan
    return float(
        structural_similarity(  # type: ignore[no-untyped-call]
            reference,
            plane,
            data_range=1,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def psnr(unit: Array, reference: Array) -> float:
    """Return the peak signal-to-noise ratio in dB; infinite for equal images.

    Parameters
    ----------
    unit, reference : ndarray of the same shape, values in [0, 1]
    """
    from skimage.metrics import peak_signal_noise_ratio

    with np.errstate(divide="ignore"):
        return float(
            peak_signal_noise_ratio(reference, unit, data_range=1)  # type: ignore[no-untyped-call]
        )


def _rank_correlation(plane: Array, source: Array) -> float:
    step = max(1, ceil(sqrt(plane.size / _MOST_PIXELS)))
    return rank_correlation(source[::step, ::step].ravel(), plane[::step, ::step].ravel())


def _mean_over_colours(figure: Callable[..., float], *images: Array) -> float:
    """Return the mean of a figure, without the colours where it is NaN."""
    if images[0].ndim == 2:
        return figure(*images)
    values = [figure(*(image[..., colour] for image in images)) for colour in range(3)]
    known = [value for value in values if not isnan(value)]
    return sum(known) / len(known) if known else nan
