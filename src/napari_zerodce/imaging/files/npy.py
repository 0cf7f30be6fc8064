"""NumPy's .npy files: an array of any shape, and no other facts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from napari_zerodce.imaging.files.image_file import MAPPED_FROM, ImageFile
from napari_zerodce.imaging.planes import Array, layout_of

SUFFIXES: Final = (".npy",)
LOSSY: Final = ()


def read(path: Path) -> ImageFile:
    """Read an array; a large one is mapped.

    Raises
    ------
    ValueError
        If the file holds pickled objects, which are never loaded, or is damaged.
    """
    array: Array
    if path.stat().st_size >= MAPPED_FROM:
        array = np.lib.format.open_memmap(path, mode="r")
    else:
        with path.open("rb") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    return ImageFile(array, layout_of(array).channels)


def can_hold(_image: ImageFile, _suffix: str) -> bool:
    """Return True: a file can hold any image.

    Parameters
    ----------
    _image : ImageFile
    _suffix : str
    """
    return True


def write(path: Path, image: ImageFile) -> None:
    """Write the array of an image.

    Parameters
    ----------
    path : Path
    image : ImageFile
    """
    np.save(path, image.array, allow_pickle=False)
