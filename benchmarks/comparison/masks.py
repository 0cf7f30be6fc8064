"""Where the cells of a frame are and where there is nothing, from a clean partner of the frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter, median_filter
from skimage.filters import threshold_otsu

Mask = NDArray[np.bool_]

SMOOTHING = 1.0
AWAY = 10
"""The background keeps this distance from the foreground, in pixels."""

SPREAD = 3.0
"""The background ends this many standard deviations above the most frequent brightness."""

_BINS = 512
_BRIGHTEST = 99.9


@dataclass(frozen=True)
class Masks:
    """Foreground and background; pixels may belong to neither.

    Attributes
    ----------
    foreground : ndarray of bool, shape (H, W)
        Smoothed brightness above Otsu's threshold.
    background : ndarray of bool, shape (H, W)
        Smoothed brightness at most the most frequent one and `SPREAD` standard deviations, and
        `AWAY` pixels or more from the foreground. Dim cells are in neither.
    """

    foreground: Mask
    background: Mask

    @property
    def shares(self) -> tuple[float, float]:
        """The percentages of pixels in foreground and background."""
        return 100 * float(self.foreground.mean()), 100 * float(self.background.mean())


def masks_of(reference: NDArray[Any], *, smoothing: float = SMOOTHING) -> Masks:
    """Return the masks of a clean image, the high-exposure partner of a noisy one.

    Parameters
    ----------
    reference : ndarray, shape (H, W)
        Constant images have no foreground and no background.
    smoothing : float
        Standard deviation of the Gaussian in pixels; more for a reference with noise.
    """
    # The median of 3x3 removes hot pixels, which a Gaussian would turn into spots.
    clean = median_filter(np.nan_to_num(reference.astype(np.float64)), 3)
    smooth = gaussian_filter(clean, smoothing)
    # Beside a few very bright pixels, Otsu's histogram would have one bin for all the rest.
    smooth = np.minimum(smooth, np.percentile(smooth, _BRIGHTEST))
    if np.ptp(smooth) <= 1e-9 * max(1.0, float(np.abs(smooth).max())):
        nothing = np.zeros(smooth.shape, bool)
        return Masks(nothing, nothing)
    foreground = smooth > threshold_otsu(smooth, nbins=_BINS)  # type: ignore[no-untyped-call]
    level, spread = _background_level(smooth[~foreground])
    away = ~binary_dilation(foreground, iterations=AWAY)
    return Masks(foreground, (smooth <= level + SPREAD * spread) & away)


def _background_level(dark: NDArray[np.float64]) -> tuple[float, float]:
    """Return the most frequent brightness and the spread, from the side without cells."""
    counts, edges = np.histogram(dark, bins=_BINS)
    # A smoothed histogram: in an 8-bit image most of its bins are empty.
    highest = int(np.argmax(gaussian_filter(counts.astype(np.float64), 3)))
    level = float((edges[highest] + edges[highest + 1]) / 2)
    below = dark[dark <= level]
    spread = float(np.sqrt(np.mean((below - level) ** 2))) if below.size else 0.0
    return level, max(spread, float(edges[1] - edges[0]))
