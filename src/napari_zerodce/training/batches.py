"""The batch of each step: crops, rotated and mirrored, some of them darker or brighter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.training.config import TrainingConfig
from napari_zerodce.training.crops import Crops
from napari_zerodce.training.exposures import decode_srgb, encode_srgb, expose

Images = NDArray[np.float32]

_AUGMENTED = 0.5


@dataclass(frozen=True)
class Goals:
    """The brightness that each pixel should reach, for images whose light is known.

    Parameters
    ----------
    brightness : ndarray, shape (N, 1, side, side), float32, values in [0, 1]
    weight : ndarray, shape (N, 1, side, side), float32, values >= 0
        How much a pixel counts; pixels of weight 0 are background, which should not change.
    """

    brightness: Images
    weight: Images

    def between(self, places: slice) -> Goals:
        """Return the goals of some of the images."""
        return Goals(self.brightness[places], self.weight[places])


@dataclass(frozen=True)
class Batch:
    """The images of one step.

    Parameters
    ----------
    images : ndarray, shape (N, 3 or 1, side, side), float32, values in [0, 1]
    background : ndarray, shape (N,), float32, optional
        Patches of each image up to this brightness are background.
    goals : Goals, optional
        They replace the exposure target and the background's limit.
    """

    images: Images
    background: NDArray[np.float32] | None = None
    goals: Goals | None = None

    def after(self, start: int) -> Batch:
        """Return the images from number `start` on."""
        return self._between(slice(start, None))

    def first(self, count: int) -> Batch:
        """Return the first `count` images."""
        return self._between(slice(count))

    def _between(self, places: slice) -> Batch:
        return Batch(
            self.images[places],
            None if self.background is None else self.background[places],
            None if self.goals is None else self.goals.between(places),
        )


class BatchSource(Protocol):
    """A source of training batches."""

    def __call__(self, generator: np.random.Generator, *, count: int, side: int) -> Batch:
        """Return square images.

        Parameters
        ----------
        generator : numpy.random.Generator
            All random numbers come from it.
        count : int
            Number of images.
        side : int
            Side of an image in pixels.
        """
        ...


class CropBatches:
    """Source of batches of random crops, rotated and mirrored, half of them darker or brighter.

    Parameters
    ----------
    crops : Crops
    config : TrainingConfig
    """

    def __init__(self, crops: Crops, config: TrainingConfig) -> None:
        self._crops = crops
        self._config = config

    def __call__(self, generator: np.random.Generator, *, count: int, side: int) -> Batch:
        """Return random crops.

        Parameters
        ----------
        generator : numpy.random.Generator
        count : int
            Number of images.
        side : int
            Side of the crops in pixels; it cannot differ from theirs.
        """
        assert side == self._crops.side
        crops = self._crops.training
        chosen = generator.integers(len(crops), size=count)
        images, limits = _as_unit(crops.values[chosen]), crops.background[chosen].copy()
        for number in range(count):
            images[number] = _turned(images[number], generator)
            stops = _stops(self._config, generator)
            if stops:
                images[number] = exposed(images[number], stops, self._config)
                limits[number] = exposed(limits[number], stops, self._config)
        return Batch(images, limits if self._config.keep_background else None)


def validation_batches(crops: Crops, config: TrainingConfig) -> list[Batch]:
    """Return the crops for validation, unchanged, in batches of the usual size.

    Parameters
    ----------
    crops : Crops
    config : TrainingConfig
    """
    held_back, size = crops.validation, config.batch
    limits = held_back.background if config.keep_background else None
    return [
        Batch(
            _as_unit(held_back.values[start : start + size]),
            None if limits is None else limits[start : start + size],
        )
        for start in range(0, len(held_back), size)
    ]


def exposed(values: Images, stops: float, config: TrainingConfig) -> Images:
    """Return values under another exposure, clipped to [0, 1] as in a camera.

    Parameters
    ----------
    values : ndarray, float32, values in [0, 1]
        Images, or the brightness of a background. Values below 0 stay below 0.
    stops : float
    config : TrainingConfig
        States whether the values are linear light or sRGB.
    """
    if config.encoding == "linear":
        return np.minimum(expose(values, stops), 1)
    return np.where(values < 0, values, encode_srgb(expose(decode_srgb(values), stops)))


def _stops(config: TrainingConfig, generator: np.random.Generator) -> float:
    low, high = config.exposure_stops
    augment, stops = generator.random() < _AUGMENTED, generator.uniform(low, high)
    return float(stops) if augment else 0.0


def _turned(image: Images, generator: np.random.Generator) -> Images:
    across, down, swapped = generator.integers(2, size=3)
    image = image[:, :: -1 if down else 1, :: -1 if across else 1]
    return image.swapaxes(1, 2) if swapped else image


def _as_unit(crops: NDArray[np.uint16]) -> Images:
    return crops.astype(np.float32) / np.float32(65535)
