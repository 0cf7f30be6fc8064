"""Several pictures in one: tiles beside each other, and where the name of each belongs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.planes import Array

_GAP: Final = 0.16
"""The space above each row, in which the names are, as a part of the height of a picture."""

_LEAST_GAP: Final = 4
"""Pixels."""


@dataclass(frozen=True)
class Mosaic:
    """Pictures of one shape in rows, with space for names above each.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, 4)
        Where there is no picture, it has the lowest value, or is transparent.
    corners : ndarray, shape (pictures, 2)
        Row and column of the upper left pixel of each picture.
    shape : tuple of int
        Rows and columns of each picture.
    gap : int
        Rows above each picture, and columns between two.
    """

    image: Array
    corners: Array
    shape: tuple[int, int]
    gap: int


def mosaic(pictures: Sequence[Array], columns: int, *, empty: Any) -> Mosaic:
    """Return pictures in rows.

    Parameters
    ----------
    pictures : sequence of ndarray, shape (h, w) or (h, w, 3 or 4)
        At least one, all of the same size and dtype; mono ones become grey beside colours.
    columns : int
        Number of pictures in a row.
    empty : number
        The value where there is no picture.
    """
    is_colour = any(picture.ndim == 3 for picture in pictures)
    tiles = [_opaque(picture) if is_colour else picture for picture in pictures]
    height, width = tiles[0].shape[:2]
    gap = max(_LEAST_GAP, round(_GAP * height))
    rows = ceil(len(tiles) / columns)
    shape = (rows * (height + gap), columns * (width + gap) - gap, *tiles[0].shape[2:])
    image = np.full(shape, 0 if is_colour else empty, tiles[0].dtype)
    corners = [
        (number // columns * (height + gap) + gap, number % columns * (width + gap))
        for number in range(len(tiles))
    ]
    for tile, (top, left) in zip(tiles, corners, strict=True):
        image[top : top + height, left : left + width] = tile
    return Mosaic(image, np.array(corners), (height, width), gap)


def _opaque(picture: Array) -> Array:
    """Return a picture with four channels; the highest alpha of a dtype is opaque."""
    if picture.ndim == 2:
        picture = np.stack((picture,) * 3, axis=-1)
    if picture.shape[-1] == 4:
        return picture
    integer = np.issubdtype(picture.dtype, np.integer)
    alpha = np.iinfo(picture.dtype).max if integer else 1
    return np.concatenate((picture, np.full_like(picture[..., :1], alpha)), axis=-1)
