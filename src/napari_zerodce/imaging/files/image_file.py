"""What an image file holds, whatever its kind, and whether there is memory for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.planes import Array, Channels

MAPPED_FROM = 2**27
"""Bytes from which on uncompressed pixels are mapped instead of read: they then need no memory."""


@dataclass(frozen=True)
class ImageFile:
    """An image and what its file said besides.

    Parameters
    ----------
    array : ndarray
        Shape (..., H, W), (..., H, W, 3) or (..., H, W, 4); maybe read-only, and a memory map of
        the file if it is large.
    channels : {"mono", "rgb", "rgba"}
        Grey with alpha is read as rgba.
    details : mapping
        What a file of the same kind can say again: colour profile, resolution, EXIF, axes,
        compression. No more than that is in it, and writers take what they know.
    """

    array: Array
    channels: Channels
    details: Mapping[str, Any] = field(default_factory=dict)


def check_room(size: int, path: Path) -> None:
    """Refuse a file that would need more memory than is free, before it is read.

    Raises
    ------
    ImageError
        If `size` bytes are too many.
    """
    free = psutil.virtual_memory().available
    if size > free:
        raise ImageError(
            f"{path.name} needs {size / 2**30:.1f} GiB of memory and {free / 2**30:.1f} GiB are "
            "free; split it, or use a machine with more."
        )


def upright(array: Array, orientation: object, *, rows: int) -> Array:
    """Return a view of an image as it is to be looked at.

    Parameters
    ----------
    array : ndarray
    orientation : object
        The number 1 to 8 that EXIF and TIFF define; anything else is taken for 1.
    rows : int
        Axis of the rows; the columns are the axis after it.
    """
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(rows, rows + 1)
    flipped = [slice(None)] * array.ndim
    if orientation in (3, 4, 7, 8):
        flipped[rows] = slice(None, None, -1)
    if orientation in (2, 3, 6, 7):
        flipped[rows + 1] = slice(None, None, -1)
    return array[tuple(flipped)]
