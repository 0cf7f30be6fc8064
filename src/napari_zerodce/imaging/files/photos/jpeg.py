"""JPEG: its segments of facts, and its compression, which the result keeps."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.photos import exif as exif_block
from napari_zerodce.imaging.files.photos import jpeg_deep, photoshop
from napari_zerodce.imaging.files.photos.facts import (
    DEFAULT_QUALITY,
    facts_beyond,
    fitted,
    shared_facts,
    text_of,
)
from napari_zerodce.imaging.files.photos.pixels import check_claim, image_of
from napari_zerodce.imaging.files.photos.signatures import Signature
from napari_zerodce.imaging.planes import layout_of

KIND: Final = FileKind("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), is_lossy=True, has_quality=True)
STARTS: Final = (Signature(0, b"\xff\xd8\xff"),)

_HELD: Final = {"exif", "xmp", "iptc", "icc_profile", "comment", "dpi"}

_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_MORE_XMP: Final = b"http://ns.adobe.com/xmp/extension/\0"
_PICTURES: Final = {b"MPF\0": "further pictures"}
_LONGEST_SEGMENT: Final = 65_533
_COARSEST: Final = 255
"""In a table of a baseline JPEG; libjpeg would complain."""

_LONGEST_SIDE: Final = 65_500
_SAMPLINGS: Final = {(1, 1): 0, (2, 1): 1, (2, 2): 2}
"""Width and height of the colours' pixels, and what Pillow calls that."""


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a JPEG, upright; of several pictures in one file, the first."""
    try:
        photo = JpegImageFile(path)
    except SyntaxError:  # it has more than 8 bits
        image, segments = jpeg_deep.read(path)
        return fitted(replace(image, details=_segments(segments)))
    with photo:
        check_claim(photo, path)
        image = image_of(photo, path, with_pixels=with_pixels)
        details = dict(image.details) | shared_facts(photo)
        details |= _segments(photo.applist)
        if not photo.info.get("jfif_unit") and details.get("dpi") == (72, 72):
            del details["dpi"]  # Pillow says so if the file says nothing
        if photo.mode in {"L", "RGB"}:
            details["jpeg"] = details.get("jpeg", {}) | _compression(photo)
    return fitted(ImageFile(image.array, image.channels, details))


def _segments(segments: list[tuple[str, bytes]]) -> dict[str, Any]:
    of_kind = {
        marker: [content for name, content in segments if name == marker]
        for marker in ("APP1", "APP2", "APP13", "COM")
    }
    blocks = [each for each in of_kind["APP1"] if each.startswith(exif_block.START)]
    packets = [each[len(_XMP) :] for each in of_kind["APP1"] if each.startswith(_XMP)]
    more = _extended(each for each in of_kind["APP1"] if each.startswith(_MORE_XMP))
    resources = _resources(of_kind["APP13"])
    found = {
        "exif": blocks[0] if len(blocks) == 1 else b"",  # Pillow joins several
        "xmp": packets[0] if packets else b"",
        "iptc": resources.pop(photoshop.IPTC, b""),
        "comment": "\n".join(text_of(each.rstrip(b"\0")) for each in of_kind["COM"]),
        "jpeg": _without_empty(extended_xmp=more, resources=resources, comments=of_kind["COM"]),
        "lost": tuple(
            name
            for start, name in _PICTURES.items()
            if any(each.startswith(start) for each in of_kind["APP2"])
        ),
    }
    return _without_empty(**found)


def _resources(segments: list[bytes]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for each in segments:
        if each.startswith(photoshop.HEADER):
            found |= photoshop.resources_of(each)
    return found


def _without_empty(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value}


def _extended(segments: Iterator[bytes]) -> bytes:
    """Return the rest of a long packet of XMP; empty if a part is missing."""
    parts: dict[int, bytes] = {}
    digest, whole = b"", 0
    for each in segments:
        start = len(_MORE_XMP)
        if len(each) >= start + 40:
            digest = each[start : start + 32]
            whole, place = struct.unpack_from(">II", each, start + 32)
            parts[place] = each[start + 40 :]
    content = b"".join(parts[place] for place in sorted(parts))
    is_whole = len(content) == whole and _digest(content) == digest.upper()
    return content if is_whole else b""


def _digest(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).hexdigest().upper().encode()


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
    longest = {"exif": 0, "xmp": len(_XMP), "iptc": 64}
    return facts_beyond(image, _HELD) + [
        f"{key.upper()} (longer than 64 KiB)"
        for key, more in longest.items()
        if len(image.details.get(key, b"")) + more > _LONGEST_SEGMENT
    ]


def write(path: Path, image: ImageFile) -> None:
    """Write a JPEG with the compression of its source, or the quality that the user wants."""
    details = image.details
    known = {key: details[key] for key in ("icc_profile", "dpi") if key in details}
    segments = b"".join(
        _segment(marker, content)
        for marker, content in _contents(details)
        if len(content) <= _LONGEST_SEGMENT
    )
    photo = Image.fromarray(np.ascontiguousarray(image.array))
    photo.save(path, "JPEG", extra=segments, **known, **_options(image))


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


def _contents(details: Mapping[str, Any]) -> Iterator[tuple[int, bytes]]:
    source = details.get("jpeg") or {}
    if "exif" in details:
        yield 0xE1, details["exif"]
    if "xmp" in details:
        yield 0xE1, _XMP + details["xmp"]
        yield from _extension(source.get("extended_xmp", b""))
    resources = dict(source.get("resources") or {})
    if "iptc" in details:
        resources[photoshop.IPTC] = details["iptc"]
    if resources:
        yield 0xED, photoshop.HEADER + photoshop.block_of(resources)
    if "comment" in details:
        for content in source.get("comments") or [details["comment"].encode()]:
            yield 0xFE, content


def _extension(content: bytes) -> Iterator[tuple[int, bytes]]:
    step = 65_000
    for place in range(0, len(content), step):
        head = _MORE_XMP + _digest(content) + struct.pack(">II", len(content), place)
        yield 0xE1, head + content[place : place + step]


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content
