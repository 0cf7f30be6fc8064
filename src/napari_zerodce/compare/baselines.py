"""The classical baselines: pure functions of values in [0, 1], nearly all of them scikit-image's.

An image has the shape (H, W), or (H, W, 3) in colour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from napari_zerodce.compare.candidates import BaselineCandidate, BaselineName
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.sampling import thinning_step

Array = np.ndarray[Any, Any]

TARGET_BRIGHTNESS: Final = 0.4
"""The mean that an automatic gamma gives: that of well-exposed photos. The mean of twelve Kodak
photos is 0.40, and half of them are between 0.37 and 0.42."""

BYTES_A_SAMPLE: Final[Mapping[BaselineName, int]] = MappingProxyType(
    {"gamma": 8, "clahe": 65, "histogram": 31, "mean-std": 8}
)
"""The memory that each baseline needs, as measured."""

_EXPONENTS: Final = (0.05, 20.0)
_MOST_SAMPLES: Final = 2**20


def apply_baseline(
    candidate: BaselineCandidate, unit: Array, reference: Array | None
) -> tuple[Array, str]:
    """Return an image as a baseline changes it, and how in a few words.

    Parameters
    ----------
    candidate : BaselineCandidate
    unit : ndarray, values in [0, 1]
    reference : ndarray, values in [0, 1], optional
        Any height and width.

    Raises
    ------
    RequestError
        If the baseline needs a reference, and there is none of the same number of colours.
    """
    if candidate.name == "gamma":
        exponent = candidate.exponent or exponent_for(unit)
        return gamma(unit, exponent), f"exponent {exponent:.3g}"
    if candidate.name == "clahe":
        return clahe(unit), "scikit-image's defaults"
    if reference is None:
        raise RequestError(
            f"{candidate.title.capitalize()} makes the image like a reference, and there is none; "
            "choose one."
        )
    if reference.shape[2:] != unit.shape[2:]:
        raise RequestError(
            f"The image is {_kind(unit)} and the reference is {_kind(reference)}; "
            "choose a reference of the same kind."
        )
    return _MATCHINGS[candidate.name](unit, reference), ""


def gamma(unit: Array, exponent: float) -> Array:
    """Return the power of each value.

    Parameters
    ----------
    unit : ndarray, values in [0, 1]
    exponent : float
        Below 1, the image becomes brighter.
    """
    from skimage.exposure import adjust_gamma

    changed: Array = adjust_gamma(unit, exponent)  # type: ignore[no-untyped-call]
    return changed


def exponent_for(unit: Array, target: float = TARGET_BRIGHTNESS) -> float:
    """Return the exponent with which the samples that gamma changes get a mean.

    Black and white stay as they are with any exponent, so they do not count: the background of a
    fluorescence image, which is mostly black in its window, does not make the signal white.

    Parameters
    ----------
    unit : ndarray, values in [0, 1]
    target : float
        The mean, in (0, 1).

    Returns
    -------
    float
        From 0.05 to 20; 1 if no sample lies between black and white.
    """
    from scipy.optimize import brentq

    step = thinning_step(ceil(unit.size / _MOST_SAMPLES), unit.shape)
    samples = unit.ravel()[::step].astype(np.float64)
    samples = samples[(samples > 0) & (samples < 1)]
    if not samples.size:
        return 1.0

    def excess(exponent: float) -> float:
        return float(np.mean(samples**exponent)) - target

    low, high = _EXPONENTS  # the mean falls while the exponent grows
    if excess(low) <= 0:
        return low
    return high if excess(high) >= 0 else float(brentq(excess, low, high))


def clahe(unit: Array) -> Array:
    """Return the image with contrast-limited adaptive histogram equalisation.

    In colour it changes the value of hue, saturation and value only.

    Parameters
    ----------
    unit : ndarray, values in [0, 1]
    """
    from skimage.exposure import equalize_adapthist

    if unit.min() == unit.max():  # it would divide by the range
        return unit
    equalised: Array = equalize_adapthist(unit)
    return equalised


def match_histogram(unit: Array, reference: Array) -> Array:
    """Return the image with the histogram of a reference, colour by colour.

    Parameters
    ----------
    unit, reference : ndarray, values in [0, 1]
    """
    from skimage.exposure import match_histograms

    return _by_colour(match_histograms, unit, reference)


def match_mean_std(unit: Array, reference: Array) -> Array:
    """Return the image with mean and standard deviation of a reference, colour by colour.

    Parameters
    ----------
    unit, reference : ndarray, values in [0, 1]
    """
    return _by_colour(_moved, unit, reference)


def _moved(plane: Array, reference: Array) -> Array:
    # Python's numbers leave float32 as it is, which needs half the memory.
    mean, wanted = (float(each.mean(dtype=np.float64)) for each in (plane, reference))
    deviation, spread = (float(each.std(dtype=np.float64)) for each in (plane, reference))
    moved: Array = (plane - mean) * (spread / deviation if deviation else 1.0)
    moved += wanted
    return moved.clip(0, 1, out=moved)


def _by_colour(match: Callable[[Array, Array], Array], unit: Array, reference: Array) -> Array:
    if unit.ndim == 2:
        return match(unit, reference)
    matched = np.empty_like(unit)
    for colour in range(unit.shape[-1]):
        matched[..., colour] = match(unit[..., colour], reference[..., colour])
    return matched


_MATCHINGS: Final[dict[str, Callable[[Array, Array], Array]]] = {
    "histogram": match_histogram,
    "mean-std": match_mean_std,
}


def _kind(unit: Array) -> str:
    return "in colour" if unit.ndim == 3 else "mono"
