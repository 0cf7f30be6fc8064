"""Several images of one file: those of one shape, dtype and kind become one with an axis more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_zerodce.imaging.axes import UNKNOWN
from napari_zerodce.imaging.files.image_file import ImageFile


def stacked(images: Sequence[ImageFile]) -> tuple[ImageFile, ...]:
    """Return images in the order of the file, equal ones as one image with a leading axis "Q".

    Parameters
    ----------
    images : sequence of ImageFile
        Each with "axes".
    """
    alike: dict[Any, list[ImageFile]] = {}
    for image in images:
        alike.setdefault((image.array.shape, image.array.dtype, image.channels), []).append(image)
    return tuple(_one(group) for group in alike.values())


def _one(images: Sequence[ImageFile]) -> ImageFile:
    first = images[0]
    if len(images) == 1:
        return first
    array: Any = np.stack([image.array for image in images])
    details = {**first.details, "axes": f"{UNKNOWN}{first.details['axes']}"}
    return ImageFile(array, first.channels, details, bits=first.bits)
