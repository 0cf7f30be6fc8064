"""What is measured: held-out pictures under too little light, step edges and ramps of light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from simulated_photos import MIDDLE_GREY, SensorNoise, photograph

from smoothness.pictures import SIZE

Picture = NDArray[np.float32]

STOPS: Final = -4.0
NOISE: Final = SensorNoise(shot=5e-4, read=1e-3)
"""A full well of 2,000 electrons and 2 electrons of read noise: a phone at night."""

RAMP: Final = -2.0
"""Stops at the dark end of a ramp."""

STEP_BRIGHTNESS: Final = 0.45
"""Mean to which results of step edges are matched: that of a metered picture."""

_NONE = SensorNoise()


@dataclass(frozen=True)
class Scene:
    """One held-out picture: sRGB values in [0, 1], shape (H, W, 3).

    Attributes
    ----------
    clean : ndarray
        The photograph at 0 stops without noise.
    dark, noisy : ndarray
        The dark photograph without noise, and with noise as 8 bits.
    ramps : tuple of (ndarray, ndarray)
        The dark photograph without noise under ramps of light, and the ramps in stops, (H, W).
    """

    clean: Picture
    dark: Picture
    noisy: Picture
    ramps: tuple[tuple[Picture, Picture], ...]


def scene(light: NDArray[np.floating], seed: int) -> Scene:
    """Return the photographs of a picture in linear light."""
    light = light.astype(np.float32)
    generator = np.random.default_rng(seed)
    noisy = photograph(light, STOPS, noise=NOISE, generator=generator)
    return Scene(
        _photo(light, 0),
        _photo(light, STOPS),
        (np.round(noisy * 255) / 255).astype(np.float32),
        tuple((_photo(light * 2 ** ramp[..., None], STOPS), ramp) for ramp in ramps(light.shape)),
    )


def ramps(shape: tuple[int, ...]) -> tuple[Picture, Picture]:
    """Return a ramp from left to right and one from the middle to the corners, in stops."""
    down, across = (np.linspace(-1, 1, length, dtype=np.float32) for length in shape[:2])
    sideways = np.broadcast_to((across + 1) / 2, shape[:2])
    outwards = (down[:, None] ** 2 + across**2) / 2
    return np.float32(RAMP) * sideways, np.float32(RAMP) * outwards


def step_edges() -> list[Picture]:
    """Return dark photographs of grey step edges, bright on the right, without noise."""
    found = []
    for level in (-5, -4):
        for contrast in (1, 2, 3):
            light = np.full((*SIZE, 3), MIDDLE_GREY * 2.0**level, np.float32)
            light[:, SIZE[1] // 2 :] *= 2.0**contrast
            found.append(_photo(light, 0))
    return found


def _photo(light: Picture, stops: float) -> Picture:
    return photograph(light, stops, noise=_NONE, generator=np.random.default_rng(0))
