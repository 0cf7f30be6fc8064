"""The toy task: small bright scenes of ellipses, and others of them in the dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Pictures = NDArray[np.float32]
"""Shape (N, H, W, C), values in [0, 1]."""

SIDE: Final = 64
TRAINED: Final = 32
"""Dark scenes for training, and as many bright ones of other scenes."""
HELD_ASIDE: Final = 16
NOISE: Final = 0.007

# Ground and objects differ in hue: if colours could be exchanged, nothing in unpaired pictures
# would say which dark colour belongs to which bright one.
_GROUND: Final = np.array((0.13, 0.17, 0.27))
_AMBER: Final = np.array((0.95, 0.68, 0.28))


@dataclass(frozen=True)
class Task:
    """Pictures of two domains, and held-aside pairs whose answer is known.

    Attributes
    ----------
    sources, targets : ndarray, shape (N, H, W, C), float32
        Unpaired: of different scenes.
    paired_targets : ndarray, shape (N, H, W, C), float32
        The same scenes as `sources`, for pix2pix only.
    held_sources, held_targets : ndarray, shape (M, H, W, C), float32
        Pairs that no training sees.
    """

    sources: Pictures
    targets: Pictures
    paired_targets: Pictures
    held_sources: Pictures
    held_targets: Pictures


def toy(seed: int = 0, *, trained: int = TRAINED, held: int = HELD_ASIDE) -> Task:
    """Return the toy task, the same for the same seed.

    Parameters
    ----------
    seed : int
        Of the scenes and their noise, not of a training.
    trained, held : int
        Pictures for each domain, and pairs held aside.
    """
    generator = np.random.default_rng(seed)
    targets, paired, held_targets = (scenes(generator, n) for n in (trained, trained, held))
    sources, held_sources = (darkened(generator, bright) for bright in (paired, held_targets))
    return Task(sources, targets, paired, held_sources, held_targets)


def scenes(generator: np.random.Generator, count: int) -> Pictures:
    """Return bright scenes of shape (count, 64, 64, 3): amber ellipses on a bluish ground."""
    return np.stack([_scene(generator) for _ in range(count)]).astype(np.float32)


def darkened(generator: np.random.Generator, bright: Pictures) -> Pictures:
    """Return scenes in the dark: less light, more contrast, reddish, noisy."""
    dark = 0.30 * bright**1.6 * np.array((1, 0.85, 0.65))
    noisy = dark + generator.normal(0, NOISE, bright.shape)
    return noisy.clip(0, 1).astype(np.float32)


def _scene(generator: np.random.Generator) -> NDArray[np.float64]:
    scene = np.tile(_GROUND, (SIDE, SIDE, 1))
    for _ in range(generator.integers(4, 9)):
        colour = _AMBER * generator.uniform(0.7, 1.0)
        cover = _ellipse(generator)[..., None]
        scene = scene * (1 - cover) + colour * cover
    texture = gaussian_filter(generator.normal(0, 1, (SIDE, SIDE)), 1)
    return (scene * (1 + 0.35 * texture[..., None])).clip(0, 1)


def _ellipse(generator: np.random.Generator) -> NDArray[np.float64]:
    """Return how much an ellipse with a soft edge covers each pixel, shape (64, 64)."""
    y, x = np.mgrid[:SIDE, :SIDE] - generator.uniform(4, SIDE - 4, (2, 1, 1))
    angle, radii = generator.uniform(0, np.pi), generator.uniform(5, 13, 2)
    along, across = (x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle))
    distance = np.hypot(along / radii[0], across / radii[1])
    softness = 8.0
    return np.asarray(1 / (1 + np.exp(softness * (distance - 1))))
