"""JPEG: its facts, and its compression, which the result keeps."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.photos import jpeg_deep
from napari_zerodce.imaging.files.photos.facts import (
    DEFAULT_QUALITY,
    facts_beyond,
    fitted,
    shared_facts,
)
from napari_zerodce.imaging.files.photos.jpeg_segments import LONGEST, XMP, facts_in, segments_of
from napari_zerodce.imaging.files.photos.pixels import channels_of, check_claim, image_of
from napari_zerodce.imaging.planes import layout_of

KIND: Final = FileKind("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), is_lossy=True, has_quality=True)

_HELD: Final = {"exif", "xmp", "iptc", "icc_profile", "comment", "dpi"}

_JFIF: Final = slice(11, 18)
"""Where a JPEG as Pillow writes it has the version of JFIF, and the resolution with its unit."""
_PER_CENTIMETRE: Final = 2

_COARSEST: Final = 255
"""In a table of a baseline JPEG; libjpeg would complain."""

_SAMPLES: Final[dict[str, tuple[int, ...]]] = {"L": (), "RGB": (3,)}
"""Modes whose pixels are used as they are stored, and the last axis of their arrays."""
_END: Final = b"\xff\xd9"

_LONGEST_SIDE: Final = 65_500
_SAMPLINGS: Final = {(1, 1): 0, (2, 1): 1, (2, 2): 2}
"""Width and height of the colours' pixels, and what Pillow calls that."""


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a JPEG, upright; of several pictures in one file, the first."""
    try:
        photo = JpegImageFile(path)
    except SyntaxError:  # it has more than 8 bits
        image, segments = jpeg_deep.read(path)
        return fitted(replace(image, details=facts_in(segments)))
    with photo:
        check_claim(photo, path)
        usual = _decoded(photo, path) if with_pixels else None
        image = usual if usual is not None else image_of(photo, path, with_pixels=with_pixels)
        details = dict(image.details) | shared_facts(photo) | facts_in(photo.applist)
        details["lost"] = (*image.details.get("lost", ()), *details.get("lost", ()))
        if not photo.info.get("jfif_unit") and details.get("dpi") == (72, 72):
            del details["dpi"]  # Pillow says so if the file says nothing
        own = details.get("jpeg", {}) | _jfif(photo)
        details["jpeg"] = own | (_compression(photo) if photo.mode in {"L", "RGB"} else {})
    return fitted(ImageFile(image.array, image.channels, details))


def _decoded(photo: JpegImageFile, path: Path) -> ImageFile | None:
    """Return the pixels of a usual, whole JPEG; None if only Pillow can decode or judge it.

    Both use the same library, but Pillow needs three times as long on the way to NumPy. It refuses
    a truncated file, though, of which imagecodecs returns the part that is there.
    """
    samples = _SAMPLES.get(photo.mode)
    content = path.read_bytes() if samples is not None else b""
    if samples is None or not content.endswith(_END):
        return None
    check_room(3 * photo.width * photo.height, path)
    try:
        array = imagecodecs.jpeg8_decode(content)
    except imagecodecs.Jpeg8Error:
        return None
    is_same = array.shape == (photo.height, photo.width, *samples)
    return ImageFile(array, channels_of(array)) if is_same else None


def _jfif(photo: JpegImageFile) -> dict[str, tuple[int, ...]]:
    """Return the version of JFIF, and the resolution with its unit before, if there are any."""
    told = photo.info
    if "jfif_density" not in told:
        return {}
    return {"jfif": (*told["jfif_version"], told["jfif_unit"], *told["jfif_density"])}


def _compression(photo: JpegImageFile) -> dict[str, Any]:
    _, across, down, _ = photo.layer[0]
    sampling = _SAMPLINGS.get((across, down), 0) if photo.mode == "RGB" else 0
    tables = [
        [min(number, _COARSEST) for number in photo.quantization[layer[3]]]
        for layer in photo.layer[:2]
    ]
    progressive = bool(photo.info.get("progressive"))
    return {"tables": tables, "subsampling": sampling, "progressive": progressive}


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether a JPEG can hold an image: an opaque plane of 8 bits, not too large."""
    layout = layout_of(image.array, channels=image.channels)
    small = max(layout.height, layout.width) <= _LONGEST_SIDE
    return bool(
        image.array.dtype == np.uint8 and not layout.leading and image.channels != "rgba" and small
    )


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold, or that are too long."""
    longest = {"exif": 0, "xmp": len(XMP), "iptc": 64}
    return facts_beyond(image, _HELD) + [
        f"{key.upper()} (longer than 64 KiB)"
        for key, more in longest.items()
        if len(image.details.get(key, b"")) + more > LONGEST
    ]


def write(path: Path, image: ImageFile) -> None:
    """Write a JPEG with the compression of its source, or the quality that the user wants."""
    details = image.details
    known = {key: details[key] for key in ("icc_profile", "dpi") if key in details}
    segments = segments_of(details, is_grey=image.channels == "mono")
    photo = Image.fromarray(np.ascontiguousarray(image.array))
    # To a file and not to memory: Pillow then lets other threads go on while it compresses.
    with path.open("w+b") as file:
        photo.save(file, "JPEG", extra=segments, **known, **_options(image))
        file.seek(0)
        begin = _with_jfif(file.read(_JFIF.stop), details)
        file.seek(0)
        file.write(begin)


def _with_jfif(encoded: bytes, details: Mapping[str, Any]) -> bytes:
    """Return the begin of a JPEG with the version of JFIF and the unit of its source."""
    told = (details.get("jpeg") or {}).get("jfif")
    if not told or encoded[6:11] != b"JFIF\0":
        return encoded
    major, minor, unit, across, down = told
    begin = bytes([major, minor]) + encoded[_JFIF][2:]
    if unit == _PER_CENTIMETRE and "dpi" in details:
        across, down = (round(each / 2.54) for each in details["dpi"])
    if unit == _PER_CENTIMETRE or (unit == 0 and across == down):
        begin = struct.pack(">BBBHH", major, minor, unit, across, down)
    return encoded[: _JFIF.start] + begin + encoded[_JFIF.stop :]


def _options(image: ImageFile) -> dict[str, Any]:
    source: Mapping[str, Any] = image.details.get("jpeg") or {}
    quality = image.details.get("quality")
    options = {
        "subsampling": source.get("subsampling", 0),
        "progressive": bool(source.get("progressive")),
    }
    tables = source.get("tables")
    if quality is None and tables:
        return options | {"qtables": tables[: 1 if image.channels == "mono" else 2]}
    return options | {"quality": quality or DEFAULT_QUALITY}
