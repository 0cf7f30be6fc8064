"""Images from files to take crops from: no more of them than are needed, or than memory holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psutil

from napari_zerodce.errors import Cancelled
from napari_zerodce.imaging.files import read_image
from napari_zerodce.imaging.windows import WindowChoice
from napari_zerodce.training.crops import CROPS, Picture

_SHARE_OF_MEMORY = 0.5


def read_pictures(
    paths: Sequence[Path],
    window: WindowChoice,
    *,
    most: int = CROPS,
    seed: int = 0,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[Picture]:
    """Read images; of many, a random choice, because each crop comes from another one.

    Parameters
    ----------
    paths : sequence of Path
    window : WindowChoice
    most : int
        How many images are read.
    seed : int
    should_stop : callable, optional

    Returns
    -------
    list of Picture
        In the order of the paths.

    Raises
    ------
    Cancelled
        If `should_stop` said so.
    ImageError
        If a file is no image.
    """
    chosen = np.random.default_rng(seed).permutation(len(paths))[:most]
    room = psutil.virtual_memory().available * _SHARE_OF_MEMORY
    pictures: dict[int, Picture] = {}
    for number in chosen.tolist():
        if should_stop():
            raise Cancelled
        image = read_image(paths[number])
        room -= 0 if isinstance(image.array, np.memmap) else image.array.nbytes
        if room < 0 and pictures:
            break
        pictures[number] = Picture(paths[number].name, image.array, image.channels, window)
    return [pictures[number] for number in sorted(pictures)]
