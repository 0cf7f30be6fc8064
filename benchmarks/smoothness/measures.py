"""Measures of pictures and maps as docs/smoothness-study.md defines them; numpy only."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_dilation,
    gaussian_filter,
    gaussian_laplace,
    maximum_filter,
    minimum_filter,
    uniform_filter,
)

Plane = NDArray[np.floating]

SCALES: Final = (0.8, 1.2, 1.8, 2.7)
SPOT: Final = 0.04
FLAT: Final = 0.02
CARD: Final = 0.1
"""The value of the grey card whose picture shows the curves."""

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
_NEAR_EDGE = 8
_FAR = (100, 150)
"""Columns of a step edge's plateaus, by their distance from it: no map of theirs sees the edge."""

_NEAR = 96
_DARKEST = 1e-4


def luminance(picture: Plane) -> Plane:
    """Return the luminance of an RGB picture, shape (H, W, 3)."""
    result: Plane = picture @ _LUMINANCE
    return result


def flat_places(clean: Plane) -> NDArray[np.bool_]:
    """Return where a clean luminance is flat: its less varying half, and at most 0.02."""
    variance = uniform_filter(clean**2, 9) - uniform_filter(clean, 9) ** 2
    flat: NDArray[np.bool_] = variance <= min(float(np.median(variance)), FLAT**2)
    return flat


def spots(found: Plane, places: NDArray[np.bool_]) -> tuple[float, ...]:
    """Return the spots of a luminance in some places, per million of their pixels, by scale.

    A spot is a local extreme, in 5x5 pixels, of the scale-normalised Laplacian of a Gaussian.
    """
    area = max(1, int(places.sum()))
    counts = []
    for scale in SCALES:
        response = scale**2 * gaussian_laplace(found, scale)
        bright = (response == minimum_filter(response, 5)) & (response < -SPOT)
        dark = (response == maximum_filter(response, 5)) & (response > SPOT)
        counts.append(1e6 * float(((bright | dark) & places).sum()) / area)
    return tuple(counts)


def map_noise(both: Plane, clean: Plane, image_alone: Plane) -> float:
    """Return how much stronger noise becomes because maps see it: 1 if they add none.

    Parameters
    ----------
    both : ndarray
        The noisy image under the maps of the noisy image.
    clean : ndarray
        The clean image under its own maps.
    image_alone : ndarray
        The noisy image under the maps of the clean one.
    """
    deviation = float(np.std(image_alone - clean))
    return float(np.std(both - clean)) / deviation if deviation else float("nan")


def texture(found: Plane, clean: Plane, places: NDArray[np.bool_]) -> float:
    """Return the factor from the clean luminance's fine detail to that of the result."""
    ours, wanted = ((plane - gaussian_filter(plane, 2))[places] for plane in (found, clean))
    energy = float((wanted * wanted).sum())
    return float((ours * wanted).sum()) / energy if energy else float("nan")


def step_halo(found: Plane) -> float:
    """Return the overshoot at a step edge in the middle of a luminance, bright on the right.

    In per cent of the step between the plateaus; the middle third of the rows counts.
    """
    height, width = found.shape
    profile = found[height // 3 : height - height // 3].mean(axis=0)
    middle = width // 2
    dark = float(np.median(profile[middle - _FAR[1] : middle - _FAR[0]]))
    bright = float(np.median(profile[middle + _FAR[0] : middle + _FAR[1]]))
    over = max(0.0, float(profile[middle : middle + _NEAR].max()) - bright)
    under = max(0.0, dark - float(profile[middle - _NEAR : middle].min()))
    step = bright - dark
    return 100 * (over + under) / step if step > 0 else float("nan")


def real_halo(found: Plane, source: Plane, clean: Plane) -> float:
    """Return how much a result exaggerates the two sides of strong edges, in per cent.

    Compared with its own tone curve, the median of the result for each value of the source.
    0: no halo; below 0: edges are flattened.
    """
    steepness = np.hypot(*np.gradient(gaussian_filter(clean, 1)))
    near = (steepness >= np.quantile(steepness, 0.98)) & (steepness > 0)
    if not near.any():
        return float("nan")
    near = binary_dilation(near, iterations=_NEAR_EDGE)
    toned = _tone_curve(source, found)
    side = np.sign(source - gaussian_filter(source, _NEAR_EDGE))
    contrast = float(np.abs(toned - gaussian_filter(toned, _NEAR_EDGE))[near].sum())
    exaggerated = float(((found - toned) * side)[near].sum())
    return 100 * exaggerated / contrast if contrast else float("nan")


def _tone_curve(source: Plane, found: Plane) -> Plane:
    """Return the result's median for each value of the source, between 64 groups of pixels."""
    order = np.argsort(source, axis=None, kind="stable")
    groups = np.array_split(order, min(64, order.size))
    middles = np.array([np.median(source.flat[group]) for group in groups])
    medians = np.array([np.median(found.flat[group]) for group in groups])
    middles, first = np.unique(middles, return_index=True)
    curve: Plane = np.interp(source, middles, medians[first])
    return curve


def ramp_left(with_ramp: Plane, without: Plane, stops: Plane) -> float:
    """Return how much of a ramp of the light remains in a result, in per cent.

    Parameters
    ----------
    with_ramp, without : ndarray
        Linear luminance of the results for the darkened and the undarkened image.
    stops : ndarray
        The ramp: log2 of the factor by which the light of each pixel was multiplied.
    """
    ratio = np.log2(np.maximum(with_ramp, _DARKEST)) - np.log2(np.maximum(without, _DARKEST))
    ratio, ramp = gaussian_filter(ratio, 16), gaussian_filter(stops, 16)
    ramp = ramp - ramp.mean()
    energy = float((ramp * ramp).sum())
    return 100 * float((ratio * ramp).sum()) / energy if energy else float("nan")


def lattice_lines(length: int, scale_factor: int) -> NDArray[np.bool_]:
    """Return the pixels of an axis whose second difference crosses a line of enlarged maps.

    Between two lines, the maps are linear along the axis.
    """
    size = max(1, length // scale_factor)
    places = np.arange(length) * ((size - 1) / max(1, size * scale_factor - 1))
    places = np.minimum(places, size - 1)
    crossed = np.zeros(length, bool)
    # A line is crossed between the two neighbours, but not if it only touches one of them.
    crossed[1:-1] = np.ceil(places[2:]) - np.floor(places[:-2]) > 1
    if length > size * scale_factor:
        crossed[size * scale_factor - 1] = True  # from here on, maps have the value of their edge
    return crossed


def kinks_and_slope(card: Plane, scale_factor: int) -> tuple[float, float]:
    """Return the kinks of the picture of a grey card, and its slope, both in 1/255.

    Kinks are the root of the mean square of second differences across the lattice lines of the
    enlarged maps, minus that elsewhere; the slope is the root mean square of first differences.
    """
    excess, slope = 0.0, 0.0
    for plane in (card, card.T):
        crossed = lattice_lines(len(plane), scale_factor)[1:-1]
        energy = np.square(np.diff(plane, n=2, axis=0)).mean(axis=1)
        if crossed.any() and not crossed.all():
            excess += float(energy[crossed].mean() - energy[~crossed].mean()) / 2
        slope += float(np.square(np.diff(plane, axis=0)).mean()) / 2
    return 255 * max(0.0, excess) ** 0.5, 255 * slope**0.5
