"""BMP: pixels of 8 bits, with alpha, their resolution, and what they mean as colours."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL.BmpImagePlugin import BmpImageFile

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.photos.facts import facts_beyond, fitted, shared_facts
from napari_zerodce.imaging.files.photos.pixels import check_claim, image_of, pillow_images
from napari_zerodce.imaging.planes import layout_of

KIND: Final = FileKind("BMP", (".bmp",))

_HELD: Final = {"dpi", "icc_profile"}

_FILE_HEADER, _SHORT, _V4, _V5 = 14, 40, 108, 124
"""Bytes of headers; Pillow writes short ones."""
_COLOURS: Final = slice(56, 108)
"""Where a long header has the colour space, its corners and its gammas."""
_SRGB: Final = b"BGRs".ljust(52, b"\0")
_EMBEDDED: Final = b"DEBM".ljust(52, b"\0")
_LINKED: Final = b"KNIL"
_BITFIELDS: Final = 3
_MASKS: Final = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a BMP."""
    with BmpImageFile(path) as photo:
        check_claim(photo, path)
        image = image_of(photo, path, with_pixels=with_pixels)
        details = dict(image.details) | shared_facts(photo)
    return fitted(replace(image, details=details | _colours_in(path.read_bytes())))


def _colours_in(content: bytes) -> dict[str, Any]:
    """Return the facts in a long header."""
    header = content[_FILE_HEADER:]
    size = int.from_bytes(header[:4], "little")
    if size not in {_V4, _V5}:
        return {}
    colours = header[_COLOURS]
    if size == _V4:
        return {"bmp": {"header": size, "colours": colours}}
    intent, start, length = struct.unpack_from("<3I", header, _V4)
    own = {"header": size, "intent": intent}
    if colours[:4] == _EMBEDDED[:4]:
        return {"bmp": own, "icc_profile": header[start : start + length]}
    if colours[:4] == _LINKED:
        return {"bmp": own, "lost": ("the link to an ICC profile",)}
    return {"bmp": own | {"colours": colours}}


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether a BMP can hold an image: a plane of 8 bits."""
    leading = layout_of(image.array, channels=image.channels).leading
    return image.array.dtype == np.uint8 and not leading


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold."""
    return facts_beyond(image, _HELD)


def write(path: Path, image: ImageFile) -> None:
    """Write a BMP, with a long header if there is alpha or a meaning of the colours."""
    details = image.details
    file = io.BytesIO()
    pillow_images(image)[0].save(file, "BMP", dpi=details.get("dpi", (0, 0)))
    encoded = file.getvalue()
    header = _long_header(encoded, details, has_alpha=image.channels == "rgba")
    if not header:
        path.write_bytes(encoded)
        return
    more = len(header) - _SHORT
    pixels = encoded[_FILE_HEADER + _SHORT :]
    profile = details.get("icc_profile", b"")
    (start,) = struct.unpack_from("<I", encoded, 10)
    sizes = struct.pack("<2s3I", b"BM", len(encoded) + more + len(profile), 0, start + more)
    header = _with_place(header, len(header) + len(pixels), profile)
    path.write_bytes(sizes + header + pixels + profile)


def _long_header(encoded: bytes, details: Mapping[str, Any], *, has_alpha: bool) -> bytes:
    """Return the header of version 4 or 5 of a BMP; empty if the short one says all."""
    own = details.get("bmp") or {}
    size = _V5 if details.get("icc_profile") else own.get("header") or (_V5 if has_alpha else 0)
    if not size:
        return b""
    header = bytearray(encoded[_FILE_HEADER : _FILE_HEADER + _SHORT])
    header[:4] = struct.pack("<I", size)
    if has_alpha:
        header[16:20] = struct.pack("<I", _BITFIELDS)
    masks = struct.pack("<4I", *(_MASKS if has_alpha else (0, 0, 0, 0)))
    colours = _EMBEDDED if details.get("icc_profile") else own.get("colours") or _SRGB
    intent = struct.pack("<4I", own.get("intent", 0), 0, 0, 0) if size == _V5 else b""
    return bytes(header) + masks + colours + intent


def _with_place(header: bytes, place: int, profile: bytes) -> bytes:
    """Return a header that says where the profile stands."""
    if not profile:
        return header
    return header[:-12] + struct.pack("<3I", place, len(profile), 0)
