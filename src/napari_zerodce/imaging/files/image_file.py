"""The content of an image file of any kind, and the check whether memory is free for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import psutil

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.urls import Named
from napari_zerodce.imaging.planes import Array, Channels, layout_of

MAPPED_FROM = 2**27
"""Bytes. Uncompressed pixels of this size or more are mapped, not read, so they need no memory."""


SIDEWAYS = frozenset({5, 6, 7, 8})
"""Orientations of EXIF that exchange rows and columns."""

BACK = {6: 8, 8: 6}
"""Which orientation undoes another; all others undo themselves."""


@dataclass(frozen=True)
class ImageFile:
    """An image and the other facts in its file.

    Parameters
    ----------
    array : ndarray
        Shape (..., H, W), (..., H, W, 3) or (..., H, W, 4). It may be read-only, and a memory map
        of the file if it is large.
    channels : {"mono", "rgb", "rgba"}
        Grey with alpha is read as rgba.
    details : mapping
        Facts that a file can hold again. Writers use the facts that they know. Of all formats:
        "axes" (a letter for each axis, "S" for colours), "icc_profile", "exif" (begins with
        "Exif", without the orientation), "xmp" and "iptc" (bytes), "dpi" (two floats), "comment"
        (text), "quality" (from 1 to 100, what the user wants), "lost" (names of what reading could
        not keep, such as "CMYK"). Facts of one format stand under its name or as its module says.
    coarser : tuple of array-like
        The coarser levels of a lazy image, if its file has some.
    bits : int, optional
        How many bits of each sample count, if fewer than the dtype has: 12 for samples from 0 to
        4095 in uint16.
    """

    array: Array
    channels: Channels
    details: Mapping[str, Any] = field(default_factory=dict)
    coarser: tuple[Any, ...] = ()
    bits: int | None = None


STACKED: Final = frozenset({"Q", "I"})
"""The letters of the axis along which images, or pages, of one shape are one image."""


def is_stack(image: ImageFile) -> bool:
    """Return whether an image is several images, or pages, of its file.

    Parameters
    ----------
    image : ImageFile
    """
    return str(image.details.get("axes", ""))[:1] in STACKED


def count_of(images: Iterable[ImageFile]) -> int:
    """Return how many images a file holds; those of a stack count, too.

    Parameters
    ----------
    images : iterable of ImageFile
        All of the file.
    """
    return sum(image.array.shape[0] if is_stack(image) else 1 for image in images)


def axis_in(image: ImageFile, name: Literal["C", "T"]) -> int | None:
    """Return the leading axis of an image that its file calls so, None if there is none.

    Samples of a pixel that are no colours are channels, too, if the file knows no others.

    Parameters
    ----------
    image : ImageFile
    name : {"C", "T"}
        Channels or time.
    """
    axes = str(image.details.get("axes", ""))
    leading = len(layout_of(image.array, channels=image.channels).leading)
    if len(axes) != image.array.ndim:
        return None
    long = (place for place, each in enumerate(axes[:leading]) if image.array.shape[place] > 1)
    names = {axes[place]: place for place in long}
    return names.get(name, names.get("S") if name == "C" else None)


def check_room(size: int, path: Named) -> None:
    """Refuse a file that would need more memory than is free, before it is read.

    Parameters
    ----------
    size : int
        Bytes of memory that reading needs.
    path : Path or Url

    Raises
    ------
    ImageError
        If less memory is free.
    """
    free = psutil.virtual_memory().available
    if size > free:
        raise ImageError(
            f"{path.name} needs {size / 2**30:.1f} GiB of memory, but {free / 2**30:.1f} GiB are "
            "free; split the file, or use a machine with more memory."
        )


def without_pixels(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return an array of a shape and a dtype that needs no memory; its values mean nothing.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    """
    return np.broadcast_to(np.zeros((), dtype), shape)


def upright(array: Array, orientation: object, *, rows: int) -> Array:
    """Return an upright view of an image.

    Parameters
    ----------
    array : ndarray
    orientation : object
        The number from 1 to 8 that EXIF and TIFF define; any other value counts as 1.
    rows : int
        Axis of the rows. The axis of the columns must follow it.
    """
    if orientation in SIDEWAYS:
        array = array.swapaxes(rows, rows + 1)
    flipped = [slice(None)] * array.ndim
    if orientation in (3, 4, 7, 8):
        flipped[rows] = slice(None, None, -1)
    if orientation in (2, 3, 6, 7):
        flipped[rows + 1] = slice(None, None, -1)
    return array[tuple(flipped)]
