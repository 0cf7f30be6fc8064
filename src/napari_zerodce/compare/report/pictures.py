"""How a compared image is shown: 8 bits in its window, small enough for a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from napari_zerodce.compare.plane import PlaneInWindow
from napari_zerodce.imaging.tiling import Region

Array = np.ndarray[Any, Any]

LONGEST_SIDE: Final = 1024
"""Of a picture, in pixels."""

DETAIL_SIDE: Final = 400
"""Of the detail that shows large images pixel by pixel: the mean of pixels hides their noise."""


def shown(plane: PlaneInWindow, samples: Array) -> Array:
    """Return an image as it looks with the window as its contrast limits.

    Parameters
    ----------
    plane : PlaneInWindow
        Its window counts.
    samples : ndarray, shape and dtype of the plane

    Returns
    -------
    ndarray, shape (H, W) or (H, W, 3), uint8
        Without alpha.
    """
    grey: Array = np.rint(plane.unit_of(samples) * 255).astype(np.uint8)
    return grey


def detail_of(picture: Array) -> Region | None:
    """Return where the detail of a large picture is: the tile of most contrast.

    Parameters
    ----------
    picture : ndarray, shape (H, W) or (H, W, 3)

    Returns
    -------
    tuple of slice, optional
        Rows and columns; None for a picture that is shown pixel by pixel anyway.
    """
    if max(picture.shape[:2]) <= LONGEST_SIDE:
        return None
    tiles = [
        (rows, columns) for rows in _steps(picture.shape[0]) for columns in _steps(picture.shape[1])
    ]
    return max(tiles, key=lambda tile: float(picture[tile].std()))


def _steps(length: int) -> list[slice]:
    """Return the whole tiles along an axis, or all of it if it is shorter."""
    starts = range(0, max(1, length - DETAIL_SIDE + 1), DETAIL_SIDE)
    return [slice(start, min(start + DETAIL_SIDE, length)) for start in starts]


def save_picture(path: Path, picture: Array) -> None:
    """Save a picture as PNG, each pixel the mean of some if it is large.

    Parameters
    ----------
    path : Path
    picture : ndarray, shape (H, W) or (H, W, 3), uint8

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    image = Image.fromarray(picture)
    factor = LONGEST_SIDE / max(image.size)
    if factor < 1:
        size = [max(1, round(side * factor)) for side in image.size]
        image = image.resize((size[0], size[1]), Image.Resampling.BOX)
    image.save(path)
