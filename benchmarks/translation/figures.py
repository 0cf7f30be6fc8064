"""How near translations are to the known answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from comparison.photos import luminance
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from translation.toy import Pictures


@dataclass(frozen=True)
class Figures:
    """Means over the held-aside pictures.

    Attributes
    ----------
    psnr : float
        Of the colours, in dB, as they are: a wrong brightness lowers it.
    structure : float
        Correlation of the luminance with that of the answer; negative if contrast is inverted.
    channel_error : float
        The largest difference of a colour's mean over all pictures from that of the answers.
    distribution : float
        The largest distance of a colour's values from those of the answers, wherever they are
        (Wasserstein): by how much they change on average if one becomes the other.
    ssim : float
        Of the luminance, Gaussian with sigma 1.5.
    """

    psnr: float
    structure: float
    channel_error: float
    distribution: float
    ssim: float

    def as_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


def figures(found: Pictures, wanted: Pictures) -> Figures:
    """Return the figures of translations, both of shape (N, H, W, C) and in [0, 1]."""
    pairs = list(zip(found, wanted, strict=True))
    planes = [(_plane(picture), _plane(answer)) for picture, answer in pairs]
    return Figures(
        psnr=mean_psnr(found, wanted),
        structure=float(np.mean([correlation(*pair) for pair in planes])),
        channel_error=channel_error(found, wanted),
        distribution=distribution_error(found, wanted),
        ssim=float(np.mean([_ssim(*pair) for pair in planes])),
    )


def mean_psnr(found: Pictures, wanted: Pictures) -> float:
    """Return the mean over pictures of the PSNR in dB, for values in [0, 1]."""
    each = [
        peak_signal_noise_ratio(answer.astype(np.float64), picture.astype(np.float64), data_range=1)
        for picture, answer in zip(found, wanted, strict=True)
    ]
    return float(np.mean(each))


def correlation(plane: NDArray[Any], wanted: NDArray[Any]) -> float:
    """Return Pearson's correlation of two planes; 0 if one is constant: it has no structure."""
    if not (np.ptp(plane) and np.ptp(wanted)):
        return 0.0
    return float(np.corrcoef(plane.ravel(), wanted.ravel())[0, 1])


def channel_error(found: Pictures, wanted: Pictures) -> float:
    """Return the largest difference of the mean of a colour, over all pictures."""
    means = [pictures.mean(axis=(0, 1, 2), dtype=np.float64) for pictures in (found, wanted)]
    return float(np.abs(means[0] - means[1]).max())


def distribution_error(found: Pictures, wanted: Pictures) -> float:
    """Return the largest Wasserstein distance of the values of a colour, over all pictures."""
    # As many values in both: the sorted ones belong together.
    sorted_ = [
        np.sort(each.reshape(-1, each.shape[-1]), axis=0).astype(np.float64)
        for each in (found, wanted)
    ]
    return float(np.abs(sorted_[0] - sorted_[1]).mean(axis=0).max())


def _plane(picture: NDArray[Any]) -> NDArray[Any]:
    return luminance(picture) if picture.shape[-1] == 3 else picture[..., 0]


def _ssim(plane: NDArray[Any], wanted: NDArray[Any]) -> float:
    return float(structural_similarity(wanted, plane, data_range=1, gaussian_weights=True))
