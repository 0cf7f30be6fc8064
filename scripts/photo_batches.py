"""Training batches of simulated photos, and the brightness they should reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from simulated_photos import SensorNoise, photograph

from napari_zerodce.training.batches import Batch, Goals

Picture = NDArray[np.float32]

SHOT = (-4.5, -2.5)
READ = (-4.0, -2.7)
"""Powers of ten of the noise: from a large sensor in daylight to a phone at ISO 3200."""

CLEAN = SensorNoise()
WELL_EXPOSED = 0.55
"""Mean brightness from which a photo should stay as it is."""

_GAMMAS = (0.05, 1.0)
_HALVINGS = 20


@dataclass(frozen=True)
class PhotoBatches:
    """Linear pictures at several sizes, photographed again at each step: a `BatchSource`.

    The goal of a photo is a gamma of the same photo without noise. One gamma serves a whole photo:
    if each patch had the same target, as in the paper, dark leaves beside bright ones would lose
    their contrast. The gamma makes the mean brightness ``0.55 (M / 0.55)^follow`` for a photo of
    mean M below 0.55, and is 1 for all others: what is well exposed or too bright stays.

    Attributes
    ----------
    pictures : sequence of sequence of ndarray, shape (H, W, 3)
        Metered linear light; each picture is followed by its halves.
    whole_share : float
        Share of crops from a picture's smallest size, which show most of a scene. In use,
        Zero-DCE++ gets thumbnails, Zero-DCE every pixel.
    stops : tuple of float
        The range of exposures, relative to that of a light meter.
    grey_share : float
        Share of grey crops, so that grey stays grey.
    follow : float
        How much the goal depends on the photo's own brightness; 0 for one goal for all.
    """

    pictures: Sequence[Sequence[Picture]]
    whole_share: float
    stops: tuple[float, float] = (-6.0, 2.0)
    grey_share: float = 0.3
    follow: float = 0.08

    def __call__(self, generator: np.random.Generator, *, count: int, side: int) -> Batch:
        """Return square photographs of random exposure, with their goals."""
        shots = [self._one(generator, side) for _ in range(count)]
        images, goals = (np.stack(part) for part in zip(*shots, strict=True))
        images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        goals = goals[:, np.newaxis]
        return Batch(images, goals=Goals(goals, np.ones_like(goals)))

    def _one(self, generator: np.random.Generator, side: int) -> tuple[Picture, Picture]:
        sizes = self.pictures[int(generator.integers(len(self.pictures)))]
        large = [picture for picture in sizes if min(picture.shape[:2]) >= side]
        is_whole = generator.random() < self.whole_share
        picture = large[-1] if is_whole else large[generator.integers(len(large))]
        crop = _crop(generator, picture, side)
        if generator.random() < self.grey_share:
            crop = np.repeat(crop.mean(axis=2, keepdims=True), 3, axis=2)
        noise = SensorNoise(10 ** generator.uniform(*SHOT), 10 ** generator.uniform(*READ))
        stops = generator.uniform(*self.stops)
        photo, clean = (
            photograph(crop, stops, noise=kind, generator=generator) for kind in (noise, CLEAN)
        )
        scene = photograph(sizes[-1], stops, noise=CLEAN, generator=generator).mean(axis=2)
        goal = clean.mean(axis=2) ** np.float32(goal_gamma(scene, self.follow))
        return photo, goal


def goal_gamma(scene: Picture, follow: float) -> float:
    """Return the gamma that gives a scene its goal; 1 for well exposed and brighter scenes.

    Parameters
    ----------
    scene : ndarray, values in [0, 1]
        Brightness, without noise.
    follow : float
        As in `PhotoBatches`.
    """
    mean = float(scene.mean())
    if mean >= WELL_EXPOSED or mean <= 0:
        return 1.0
    goal = WELL_EXPOSED * (mean / WELL_EXPOSED) ** follow
    low, high = _GAMMAS
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if float((scene**middle).mean()) > goal else (low, middle)
    return (low + high) / 2


def _crop(generator: np.random.Generator, picture: Picture, side: int) -> Picture:
    row, column = (generator.integers(length - side + 1) for length in picture.shape[:2])
    crop = picture[row : row + side, column : column + side]
    return crop[:, ::-1] if generator.random() < 0.5 else crop
