"""JPEG of 9 to 16 bits, lossless ones among them: imagecodecs decodes what Pillow refuses."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import imagecodecs
import numpy as np

from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.photos.jpeg_segments import Segment
from napari_zerodce.imaging.files.photos.pixels import channels_of

_FRAMES: Final = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PIXELS_FOLLOW: Final = 0xDA


def read(path: Path) -> tuple[ImageFile, list[Segment]]:
    """Return the pixels of a JPEG, and its segments of facts, named as Pillow names them.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ImageError
        If it does not fit in memory.
    ValueError
        If it is damaged, or has 8 bits or another number of colours than 1 or 3.
    """
    content = path.read_bytes()
    bits, segments = 0, []
    for marker, inside in _segments_of(content):
        if marker in _FRAMES:
            bits, height, width, colours = struct.unpack_from(">BHHB", inside)
            check_room(4 * height * width * colours, path)
        elif 0xE0 <= marker <= 0xEF:
            segments.append((f"APP{marker - 0xE0}", inside))
        elif marker == 0xFE:
            segments.append(("COM", inside))
    array = np.asarray(imagecodecs.jpeg8_decode(content)) if bits > 8 else np.empty(0)
    if array.dtype != np.uint16 or array.shape[2:] not in {(), (3,)}:
        raise ValueError("it is a JPEG of a kind that is not supported")
    return ImageFile(array, channels_of(array), bits=bits if bits < 16 else None), segments


def _segments_of(content: bytes) -> Iterator[tuple[int, bytes]]:
    place = 2
    while place + 4 <= len(content):
        start, marker, size = struct.unpack_from(">BBH", content, place)
        if start != 0xFF or marker == _PIXELS_FOLLOW:
            return
        yield marker, content[place + 4 : place + 2 + size]
        place += 2 + size
