"""How a compared image is shown: 8 bits in its window, small enough for a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from napari_zerodce.compare.plane import PlaneInWindow

Array = np.ndarray[Any, Any]

LONGEST_SIDE: Final = 1024
"""Of a picture, in pixels."""


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
