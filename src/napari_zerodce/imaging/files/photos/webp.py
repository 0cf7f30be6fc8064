"""WebP: pictures and animations, lossless if their source is."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL.WebPImagePlugin import WebPImageFile

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.photos.facts import (
    DEFAULT_QUALITY,
    facts_beyond,
    fitted,
    shared_facts,
)
from napari_zerodce.imaging.files.photos.pixels import (
    animation_options,
    image_of,
    is_animation,
    pillow_images,
)
from napari_zerodce.imaging.files.photos.source_size import chosen_quality, density_of
from napari_zerodce.imaging.planes import layout_of

KIND: Final = FileKind("WebP", (".webp",), is_lossy=True, has_quality=True)

_HELD: Final = {"exif", "xmp", "icc_profile"}

_LONGEST_SIDE: Final = 16_383
_OF_A_FRAME: Final = 16
"""Bytes of a picture of an animation before its pixels."""


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a WebP, upright."""
    content = path.read_bytes()
    if 8 + int.from_bytes(content[4:8], "little") > len(content):
        raise ValueError("it ends before its last pixel")
    with WebPImageFile(path) as photo:
        image = image_of(photo, path, with_pixels=with_pixels)
        details = dict(image.details) | shared_facts(photo)
    lossless = _is_lossless(content)
    density = None if lossless else density_of(content, image, details)
    details["webp"] = {"lossless": lossless, "density": density}
    return fitted(replace(image, details=details))


def _is_lossless(content: bytes) -> bool:
    place = 12
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        if name in {b"VP8L", b"VP8 "}:
            return bool(name == b"VP8L")
        if name == b"ANMF":
            place += 8 + _OF_A_FRAME  # to the chunks of the first picture
        else:
            place += 8 + size + size % 2
    return False


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether a WebP can hold an image: 8 bits, not too large."""
    layout = layout_of(image.array, channels=image.channels)
    small = max(layout.height, layout.width) <= _LONGEST_SIDE
    known = image.array.dtype == np.uint8 and (is_animation(image) or not layout.leading)
    return bool(known) and small


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold."""
    return facts_beyond(image, _HELD)


def write(path: Path, image: ImageFile) -> None:
    """Write a WebP of the wanted quality, or like its source: lossless, or as large."""
    path.write_bytes(_encoded(image, chosen_quality(image, _encoded, "webp")))


def _encoded(image: ImageFile, quality: int | None) -> bytes:
    details = image.details
    known: dict[str, Any] = {key: details[key] for key in _HELD & {*details}}
    if quality is None and (details.get("webp") or {}).get("lossless"):
        known |= {"lossless": True, "exact": True}
    else:
        known["quality"] = quality or DEFAULT_QUALITY
    if is_animation(image) and image.channels == "rgba":
        known |= {"kmin": 0, "kmax": 1}  # parts of pictures would lose the mark of transparency
    first, *others = pillow_images(image)
    file = io.BytesIO()
    first.save(file, "WEBP", append_images=others, **animation_options(image, once=1), **known)
    return file.getvalue()
