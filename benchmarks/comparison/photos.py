"""Measures of an enhanced photo: pure functions of arrays of shape (H, W, 3), values in [0, 1].

Brightness is made equal in three ways, because none is fair to every method:

scaled     multiplied so that the mean luminance (Rec. 709) is that of the reference, and clipped
GT mean    the same with the grey of Rec. 601, as in the literature on the LOL pairs, where SSIM is
           that of the colours
trimmed    a gamma, found by bisection, gives the wanted mean luminance: black and white stay
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from comparison.fluorescence import matching_gamma, with_gamma

Array = NDArray[Any]

REC_709 = (0.2126, 0.7152, 0.0722)
REC_601 = (0.299, 0.587, 0.114)
STEEPEST = 0.9
_SMALLEST = 1e-6


@dataclass(frozen=True)
class Fidelity:
    """How near a result is to the well-exposed photo of the same scene.

    Attributes
    ----------
    brightness : float
        Mean luminance of the result.
    psnr, ssim : float
        As it is; the PSNR of the colours, the SSIM of the luminance (Gaussian, sigma 1.5).
    scaled_psnr, scaled_ssim : float
        The same after scaling to the mean luminance of the reference.
    gt_mean_psnr, gt_mean_ssim : float
        After scaling to the mean grey of the reference; the SSIM is that of the colours.
    edges : float
        Correlation of the gradients with those of the reference, on its steepest tenth, after
        scaling: a method that blurs, or makes noise, lowers it.
    """

    brightness: float
    psnr: float
    ssim: float
    scaled_psnr: float
    scaled_ssim: float
    gt_mean_psnr: float
    gt_mean_ssim: float
    edges: float


def fidelity(out: Array, reference: Array) -> Fidelity:
    """Return how near a result is to the reference, both of shape (H, W, 3) and in [0, 1]."""
    scaled, gt_mean = scaled_to(out, reference), scaled_to(out, reference, weights=REC_601)
    plane, wanted = luminance(scaled), luminance(reference)
    return Fidelity(
        brightness=float(luminance(out).mean()),
        psnr=_psnr(out, reference),
        ssim=_ssim(luminance(out), wanted),
        scaled_psnr=_psnr(scaled, reference),
        scaled_ssim=_ssim(plane, wanted),
        gt_mean_psnr=_psnr(gt_mean, reference),
        gt_mean_ssim=_ssim(gt_mean, reference),
        edges=edge_correlation(plane, wanted),
    )


def luminance(picture: Array, *, weights: tuple[float, ...] = REC_709) -> NDArray[np.float32]:
    """Return the weighted sum of the colours, shape (H, W), float32."""
    return np.asarray(picture.astype(np.float32) @ np.array(weights, np.float32))


def scaled_to(
    picture: Array, reference: Array, *, weights: tuple[float, ...] = REC_709
) -> NDArray[np.float32]:
    """Return a picture, scaled to the mean luminance of a reference and clipped to [0, 1]."""
    wanted, found = (
        float(luminance(each, weights=weights).mean()) for each in (reference, picture)
    )
    return (picture * np.float32(wanted / max(found, _SMALLEST))).clip(0, 1).astype(np.float32)


def trimmed_to(picture: Array, mean: float) -> NDArray[np.float64]:
    """Return a picture or plane whose luminance has a mean, by a gamma of the luminance.

    Colours keep their ratios. NaN where no gamma gives that mean.
    """
    plane = luminance(picture).astype(np.float64) if picture.ndim == 3 else picture
    curved = with_gamma(plane, matching_gamma(plane, np.ones(plane.shape, bool), mean))
    if picture.ndim == 2:
        return curved
    return np.asarray(picture * (curved / np.maximum(plane, _SMALLEST))[..., None])


def edge_correlation(plane: Array, wanted: Array) -> float:
    """Return the correlation of the gradients of two planes, on the steepest tenth of `wanted`.

    NaN if one of the planes is constant there.
    """
    gradients, wanted_gradients = (
        np.stack(np.gradient(gaussian_filter(each, 1))) for each in (plane, wanted)
    )
    steepness = np.hypot(*wanted_gradients)
    edges = steepness >= np.quantile(steepness, STEEPEST)
    with np.errstate(all="ignore"):
        found = np.corrcoef(gradients[:, edges].ravel(), wanted_gradients[:, edges].ravel())
    return float(found[0, 1])


def local_contrast(picture: Array, *, window: int = 15) -> float:
    """Return the mean standard deviation of the luminance in square windows, over its mean."""
    plane = luminance(picture).astype(np.float64) if picture.ndim == 3 else picture
    variance = uniform_filter(plane**2, window) - uniform_filter(plane, window) ** 2
    return float(np.sqrt(variance.clip(0)).mean() / max(float(plane.mean()), _SMALLEST))


def local_contrast_at(picture: Array, mean: float, *, window: int = 15) -> float:
    """Return the local contrast after trimming the luminance to a mean."""
    plane = luminance(picture).astype(np.float64) if picture.ndim == 3 else picture
    return local_contrast(trimmed_to(plane, mean), window=window)


def tint(picture: Array) -> float:
    """Return the mean of abs(R - B), which is 0 where a grey photo stays grey."""
    return float(np.abs(picture[..., 0].astype(np.float64) - picture[..., 2]).mean())


def grey(picture: Array) -> NDArray[np.float32]:
    """Return a photo with its luminance in all three colours."""
    return np.repeat(luminance(picture)[..., None], 3, axis=2)


def _psnr(picture: Array, reference: Array) -> float:
    with np.errstate(divide="ignore"):  # equal pictures have an infinite PSNR
        return float(
            peak_signal_noise_ratio(
                reference.astype(np.float64), picture.astype(np.float64), data_range=1
            )
        )


def _ssim(picture: Array, reference: Array) -> float:
    return float(
        structural_similarity(
            reference.astype(np.float64),
            picture.astype(np.float64),
            data_range=1,
            gaussian_weights=True,
            channel_axis=2 if picture.ndim == 3 else None,
        )
    )
