"""Images from files for training crops: only as many as needed, and as memory can hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped
from napari_zerodce.training.crops import CROPS, TrainingImage

_SHARE_OF_MEMORY = 0.5


def read_images(
    paths: Sequence[Path],
    window: WindowChoice,
    *,
    most: int = CROPS,
    seed: int = 0,
    below: Path | None = None,
    should_stop: ShouldStop = never,
) -> tuple[list[TrainingImage], list[str]]:
    """Read images for training; of many images only a random choice.

    Parameters
    ----------
    paths : sequence of Path
    window : WindowChoice
    most : int
        Largest number of images to read. The number of crops is enough, because each crop then
        comes from another image.
    seed : int
        Seed of the random choice.
    below : Path, optional
        The folder of the images: their names are the paths in it, so that those of subfolders are
        distinct. By default, and for images elsewhere, they are the names of the files.
    should_stop : callable, optional
        Called before each image; returns whether the user cancelled.

    Returns
    -------
    images : list of TrainingImage
        In the order of the paths.
    notices : list of str
        Sentences for the user about files that are left out.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    ImageError
        If no file is a readable image.
    """
    from napari_zerodce.imaging.files.images import read_image

    chosen = np.random.default_rng(seed).permutation(len(paths))[:most]
    room = psutil.virtual_memory().available * _SHARE_OF_MEMORY
    images: dict[int, TrainingImage] = {}
    failures: list[ImageError] = []
    for number in chosen.tolist():
        raise_if_stopped(should_stop)
        try:
            file = read_image(paths[number])
        except ImageError as err:
            failures.append(err)
            continue
        room -= 0 if isinstance(file.array, np.memmap) else file.array.nbytes
        if room < 0 and images:
            break
        name = _name(paths[number], below)
        images[number] = TrainingImage(name, file.array, file.channels, window, bits=file.bits)
    if failures and not images:
        raise failures[0]
    notices = []
    if failures:
        notices.append(f"{len(failures)} of {len(paths)} files are left out: {failures[0]}")
    return [images[number] for number in sorted(images)], notices


def _name(path: Path, below: Path | None) -> str:
    is_in = below is not None and path.is_relative_to(below) and path != below
    return path.relative_to(below).as_posix() if below is not None and is_in else path.name
