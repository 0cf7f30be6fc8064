"""NumPy's .npy files: an array of any shape, and no other facts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import MAPPED_FROM, ImageFile, without_pixels
from napari_zerodce.imaging.files.photos.facts import facts_beyond
from napari_zerodce.imaging.planes import Array, layout_of

KINDS: Final = (FileKind("NumPy", (".npy",)),)


def read(path: Path) -> tuple[ImageFile, ...]:
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
    return (ImageFile(array, layout_of(array).channels),)


def outline(path: Path) -> tuple[ImageFile, ...]:
    """Return what `read` does, without the pixels.

    Raises
    ------
    ValueError
        As for `read`.
    """
    mapped = np.lib.format.open_memmap(path, mode="r")
    array = without_pixels(mapped.shape, mapped.dtype)
    return (ImageFile(array, layout_of(array).channels),)


def can_hold(images: Sequence[ImageFile], _suffix: str) -> bool:
    """Return whether there is one image; it may be any.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    return len(images) == 1


def left_out(images: Sequence[ImageFile], _suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that are left out: all.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    return tuple(dict.fromkeys(name for image in images for name in facts_beyond(image, ())))


def write(path: Path, images: Sequence[ImageFile]) -> None:
    """Write the array of an image.

    Parameters
    ----------
    path : Path
    images : sequence of ImageFile
        One image.
    """
    np.save(path, images[0].array, allow_pickle=False)
