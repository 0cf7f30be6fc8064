"""Samples besides colour and alpha: they are set aside, and come back as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.tiff import alpha
from napari_zerodce.imaging.files.tiff.depth import white_of
from napari_zerodce.imaging.files.tiff.stored import Stored
from napari_zerodce.imaging.planes import Array

_RGB: Final = 3
_RGBA: Final = 4


def set_aside(array: Array, stored: Stored) -> tuple[Array, Stored]:
    """Return colour and alpha, and a form that has the other samples.

    Parameters
    ----------
    array : ndarray, shape (..., S)
        RGB, and then the extra samples, alpha among them.
    stored : Stored
    """
    place = stored.alpha_place
    if place is None or array.shape[-1] == _RGBA:
        return array, stored
    order = _order(place, array.shape[-1])
    further = array[..., order[_RGBA:]]
    # A slice, where it is one, leaves a mapped array in its file.
    colour = array[..., :_RGBA] if place == 0 else array[..., order[:_RGBA]]
    return colour, replace(stored, further=further)


def joined(image: ImageFile) -> ImageFile:
    """Return an image with the samples that were set aside, if they fit it.

    Parameters
    ----------
    image : ImageFile
        As it is read, perhaps with other pixels.
    """
    stored = image.details.get("stored")
    if not isinstance(stored, Stored) or stored.further is None or stored.alpha_place is None:
        return image
    array, further = image.array, stored.further
    if image.channels != "rgba" or array.shape[:-1] != further.shape[:-1]:
        return image
    if array.dtype != further.dtype:
        return image
    if stored.extrasamples[stored.alpha_place] == "ASSOCALPHA" and alpha.can_divide(array.dtype):
        array = alpha.multiplied(array, white_of(array.dtype, stored.bits))
    every = np.concatenate([array, further], -1)
    every = every[..., np.argsort(_order(stored.alpha_place, every.shape[-1]))]
    details = {**image.details, "stored": replace(stored, further=None)}
    return replace(image, array=every, details=details)


def _order(place: int, count: int) -> list[int]:
    """Return the numbers of the samples: colour, alpha, and the others."""
    first = [0, 1, 2, _RGB + place]
    return first + [number for number in range(count) if number not in first]
