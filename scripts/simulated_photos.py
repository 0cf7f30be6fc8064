"""Simulated photos from linear light: metered, exposed, noisy, clipped and encoded as sRGB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.training.exposures import encode_srgb, expose

MIDDLE_GREY = 0.18
"""Linear reflectance that a light meter puts in the middle of the scale; sRGB 0.46."""

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
_DARKEST = 1e-3


@dataclass(frozen=True)
class SensorNoise:
    """Poisson-Gaussian noise of linear light in [0, 1], where 1 is the full well.

    Parameters
    ----------
    shot : float
        Light per photo-electron: the variance grows by ``shot`` times the light. 0 means none.
    read : float
        Standard deviation of the noise of the electronics.
    """

    shot: float = 0.0
    read: float = 0.0


def meter(linear: NDArray[np.float32]) -> float:
    """Return the factor for linear light by which its average becomes middle grey.

    The average is the geometric mean of the luminance, as in a light meter: lamps and the sun, a
    thousand times brighter than their surroundings, hardly change it.

    Parameters
    ----------
    linear : ndarray, shape (H, W, 3), values >= 0

    Returns
    -------
    float
        Above 0; 1.0 for black images.
    """
    luminance = linear @ _LUMINANCE
    lit = luminance[luminance > 0]
    if lit.size == 0:
        return 1.0
    # Without a floor, a few almost black pixels would decide a logarithmic average.
    floor = _DARKEST * float(np.median(lit))
    return MIDDLE_GREY / float(np.exp(np.log(np.maximum(lit, floor), dtype=np.float64).mean()))


def add_noise(
    linear: NDArray[np.float32], noise: SensorNoise, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Add shot and read noise to linear light; the mean stays, values below 0 can occur.

    Light above the full well counts as a full well, as on a sensor.

    Parameters
    ----------
    linear : ndarray, any shape, values >= 0
    noise : SensorNoise
    generator : numpy.random.Generator

    Returns
    -------
    ndarray, same shape, float32
    """
    light = np.clip(linear, 0.0, 1.0).astype(np.float32)
    if noise.shot > 0:
        light = generator.poisson(light / noise.shot).astype(np.float32) * np.float32(noise.shot)
    if noise.read > 0:
        light = light + generator.standard_normal(light.shape, np.float32) * np.float32(noise.read)
    return light


def photograph(
    linear: NDArray[np.float32],
    stops: float,
    *,
    noise: SensorNoise,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Expose linear light, add noise, clip, and encode as sRGB, in the order of a camera.

    Parameters
    ----------
    linear : ndarray, any shape, values >= 0
        1 is the full well at 0 stops.
    stops : float
        Exposure value: +1 doubles the light.
    noise : SensorNoise
    generator : numpy.random.Generator

    Returns
    -------
    ndarray, same shape, float32, values in [0, 1]
    """
    return encode_srgb(add_noise(expose(linear, stops), noise, generator))
