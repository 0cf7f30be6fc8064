"""Two tasks on real pictures, darkened by simulation: photos, and nuclei in fluorescence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_zerodce.training.exposures import decode_srgb, encode_srgb, expose
from translation.toy import SIDE, Pictures, Task

Plane = NDArray[np.float32]

HELD_PHOTOS: Final = 4
"""The last photos by name are held aside."""

STOPS: Final = (-4.0, -2.0)
PHOTO_SHOT: Final = 2e-4
PHOTO_READ: Final = 5e-4

CELL_FRAMES: Final = 64
"""Frames for each of dark, bright and held aside: a crop of each."""

HELD_CELLS: Final = 16
ELECTRONS: Final = 12.0
BACKGROUND: Final = 1.0
WHITE: Final = 20.0
"""Electrons that are white in the dark frames."""


def photos(folder: Path, *, seed: int = 0) -> Task:
    """Return crops of Kodak photos, each photographed again 2 to 4 stops too dark.

    Sources are cut from the left halves of the training photos, targets from their right halves:
    the same kinds of content, and no pixel twice.

    Parameters
    ----------
    folder : Path
        With ``photos/kodak``.
    seed : int
        Of exposures and noise.
    """
    generator = np.random.default_rng(seed)
    files = sorted((folder / "photos" / "kodak").glob("*.png"))
    pictures = [_halved(path) for path in files]
    training, held = pictures[:-HELD_PHOTOS], pictures[-HELD_PHOTOS:]
    left, right = (
        np.concatenate([_crops(each[:, part]) for each in training])
        for part in (slice(None, _middle(training)), slice(_middle(training), None))
    )
    bright = np.concatenate([_crops(each)[::3] for each in held])
    return Task(
        _photographed(generator, left), right, left, _photographed(generator, bright), bright
    )


def whole_photos(folder: Path, *, seed: int = 0) -> Task:
    """Return the held-aside photos of `photos` as wholes of 256 x 384 pixels; the rest is the same.

    Parameters
    ----------
    folder, seed
        As in `photos`.
    """
    files = sorted((folder / "photos" / "kodak").glob("*.png"))[-HELD_PHOTOS:]
    bright = np.stack([_halved(path) for path in files])
    dark = _photographed(np.random.default_rng(seed), bright)
    return replace(photos(folder, seed=seed), held_sources=dark, held_targets=bright)


def cells(folder: Path, *, seed: int = 0) -> Task:
    """Return crops of frames of nuclei (BBBC038), with 12 electrons in the brightest pixels.

    Sources, targets and held-aside crops come from different frames; one channel.

    Parameters
    ----------
    folder : Path
        With ``microscopy/dsb2018``.
    seed : int
        Of places and noise.
    """
    generator = np.random.default_rng(seed)
    files = sorted((folder / "microscopy" / "dsb2018").glob("*.png"))
    count = 2 * CELL_FRAMES + HELD_CELLS
    chosen = generator.permutation(len(files))[:count]
    crops = np.stack([_crop_with_cells(generator, files[number]) for number in chosen])
    dark, bright, held = np.split(crops, (CELL_FRAMES, 2 * CELL_FRAMES))
    return Task(_dim(generator, dark), bright, dark, _dim(generator, held), held)


def _halved(path: Path) -> Plane:
    """Return a photo at half size, lying, shape (256, 384, 3), in [0, 1]."""
    picture = Image.open(path).convert("RGB")
    halved = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX)
    pixels = np.asarray(halved, np.float32) / 255
    return pixels if pixels.shape[0] < pixels.shape[1] else pixels.swapaxes(0, 1)


def _middle(pictures: list[Plane]) -> int:
    return pictures[0].shape[1] // 2


def _crops(picture: Plane) -> Pictures:
    """Return the whole squares of 64 pixels, side by side."""
    rows, columns = (length // SIDE for length in picture.shape[:2])
    squares = picture[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE, -1)
    return squares.swapaxes(1, 2).reshape(-1, SIDE, SIDE, picture.shape[2])


def _photographed(generator: np.random.Generator, bright: Pictures) -> Pictures:
    return np.stack([_photo(generator, each) for each in bright])


def _photo(generator: np.random.Generator, bright: Plane) -> Plane:
    light = expose(decode_srgb(bright), generator.uniform(*STOPS))
    deviation = np.sqrt(PHOTO_SHOT * light + PHOTO_READ**2)
    return encode_srgb((light + deviation * generator.normal(0, 1, light.shape)).astype(np.float32))


def _crop_with_cells(generator: np.random.Generator, path: Path) -> Plane:
    """Return the one of some random crops that varies most, its frame stretched to [0, 1]."""
    frame = np.asarray(Image.open(path).convert("L"), np.float32)
    low, high = np.percentile(frame, (0.1, 99.9))
    stretched = ((frame - low) / (high - low)).clip(0, 1).astype(np.float32)
    return max(_random_crops(generator, stretched), key=np.std)[..., None]


def _random_crops(generator: np.random.Generator, frame: Plane, count: int = 8) -> Iterator[Plane]:
    for _ in range(count):
        row, column = (generator.integers(length - SIDE + 1) for length in frame.shape)
        yield frame[row : row + SIDE, column : column + SIDE]


def _dim(generator: np.random.Generator, bright: Pictures) -> Pictures:
    electrons: NDArray[Any] = generator.poisson(bright * ELECTRONS + BACKGROUND)
    return (electrons / WHITE).clip(0, 1).astype(np.float32)
