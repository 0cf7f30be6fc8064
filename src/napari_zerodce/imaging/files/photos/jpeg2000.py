"""JPEG 2000: Pillow for 8 bits, imagecodecs for more; facts stand in boxes around the pixels."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.photos import exif as exif_block
from napari_zerodce.imaging.files.photos.boxes import box, boxes_in
from napari_zerodce.imaging.files.photos.facts import facts_beyond, fitted, shared_facts
from napari_zerodce.imaging.files.photos.pixels import (
    channels_of,
    image_of,
    pillow_images,
    with_known_samples,
)
from napari_zerodce.imaging.files.photos.source_size import density_of, level_like_source
from napari_zerodce.imaging.planes import layout_of

KIND: Final = FileKind("JPEG 2000", (".jp2", ".j2k", ".jpx"), is_lossy=True, has_quality=True)

_HELD: Final = {"exif", "xmp", "iptc", "icc_profile", "dpi"}
_HELD_BY_PIXELS_ALONE: Final[set[str]] = set()
"""A .j2k file has no boxes."""

_UUIDS: Final = {
    "exif": b"JpgTiffExif->JP2",
    "xmp": bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC"),
    "iptc": bytes.fromhex("33C7A4D2B81D4723A0BAF1A3E097AD38"),
}
_KEPT: Final = {b"xml ", b"uuid", b"uinf", b"asoc", b"jp2i"}
"""Boxes that are true of the result as they are."""

_PIXELS: Final = b"\xff\x4f\xff\x51"
_DEPTHS: Final = 42
"""Where the depth of the first colour stands, counted from the begin of the pixels."""

_PROGRAMS: Final = ("Created by", "Kakadu")
"""How the comments begin that programs write about themselves."""

_RATIOS: Final = range(24, 61)
"""Of signal to noise in dB, between which results of lossy files are."""

_CODING_STYLE: Final = b"\xff\x52"
_REVERSIBLE: Final = 1
_PROFILE: Final = b"\x02\0\0"
"""The begin of a box of colours that holds an ICC profile."""


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a JPEG 2000, upright."""
    content = path.read_bytes()
    pixels = content[max(content.find(_PIXELS), 0) :]
    if len(pixels) <= _DEPTHS:
        raise ValueError("it ends before its first pixel")
    bits = (pixels[_DEPTHS] & 0x7F) + 1
    with Jpeg2KImageFile(path) as photo:
        image = (
            _deep(photo, path, content, bits)
            if bits > 8
            else image_of(photo, path, with_pixels=with_pixels)
        )
        details = dict(image.details) | shared_facts(photo)
    if details.get("comment", "").startswith(_PROGRAMS):
        del details["comment"]
    details |= _boxes(content)
    density = density_of(content, image, details)
    details["jpeg2000"] |= {"lossless": _is_lossless(pixels), "density": density}
    return fitted(replace(image, details=details))


def _deep(photo: Jpeg2KImageFile, path: Path, content: bytes, bits: int) -> ImageFile:
    check_room(12 * photo.width * photo.height, path)
    array = with_known_samples(np.asarray(imagecodecs.jpeg2k_decode(content)))
    return ImageFile(array, channels_of(array), bits=bits if bits < 16 else None)


def _is_lossless(pixels: bytes) -> bool:
    place = pixels.find(_CODING_STYLE) + 13
    return 13 <= place < len(pixels) and pixels[place] == _REVERSIBLE


def _boxes(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    others = []
    for kind, inside in boxes_in(content):
        known = [key for key, uuid in _UUIDS.items() if kind == b"uuid" and inside[:16] == uuid]
        if known:
            found[known[0]] = inside[16:]
        elif kind in _KEPT:
            others.append((kind, inside))
        elif kind == b"jp2h":
            profiles = [
                each[3:]
                for name, each in boxes_in(inside)
                if name == b"colr" and each[:1] == _PROFILE[:1]
            ]
            found |= {"icc_profile": profiles[0]} if profiles else {}
    if "exif" in found:
        found["exif"] = exif_block.START + found["exif"].removeprefix(exif_block.START)
    return found | {"jpeg2000": {"boxes": others}}


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether a JPEG 2000 can hold an image: a plane of 8 to 16 bits."""
    known = image.array.dtype.newbyteorder("=") in {np.dtype("u1"), np.dtype("u2")}
    return known and not layout_of(image.array, channels=image.channels).leading


def not_held(image: ImageFile, suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold."""
    return facts_beyond(image, _HELD_BY_PIXELS_ALONE if suffix == ".j2k" else _HELD)


def write(path: Path, image: ImageFile) -> None:
    """Write a JPEG 2000: lossless, as large as its lossy source, or of a quality."""
    has_boxes = path.suffix.lower() != ".j2k"
    encoded = _encoded(image, _least_ratio(image), has_boxes=has_boxes)
    path.write_bytes(_with_facts(encoded, image.details) if has_boxes else encoded)


def _encoded(image: ImageFile, noise: int, *, has_boxes: bool = False) -> bytes:
    """Return a file with a ratio of signal to noise in dB, 0 for a lossless file."""
    if image.array.dtype.itemsize == 1:
        options: dict[str, Any] = {"no_jp2": not has_boxes}
        if noise:
            options |= {"irreversible": True, "quality_mode": "dB", "quality_layers": [noise]}
        file = io.BytesIO()
        pillow_images(image)[0].save(file, "JPEG2000", **options)
        return file.getvalue()
    encoded = imagecodecs.jpeg2k_encode(
        np.ascontiguousarray(image.array, np.uint16),
        level=noise,
        codecformat="jp2" if has_boxes else "j2k",
        bitspersample=image.bits or 16,
        reversible=not noise,
    )
    return bytes(encoded)


def _least_ratio(image: ImageFile) -> int:
    """Return the ratio of signal to noise in dB, 0 for a lossless file."""
    quality = image.details.get("quality")
    if quality is not None:
        return 0 if quality == 100 else 25 + quality // 4  # 80 gives 45 dB
    source = image.details.get("jpeg2000") or {"lossless": True}
    if source["lossless"]:
        return 0
    return level_like_source(image, _encoded, density=source["density"], levels=_RATIOS)


def _with_facts(encoded: bytes, details: Mapping[str, Any]) -> bytes:
    boxes = [
        (kind, _with_header_facts(content, details) if kind == b"jp2h" else content)
        for kind, content in boxes_in(encoded)
    ]
    for key, uuid in _UUIDS.items():
        if key in details:
            content = details[key].removeprefix(exif_block.START) if key == "exif" else details[key]
            boxes.append((b"uuid", uuid + content))
    boxes += (details.get("jpeg2000") or {}).get("boxes", ())
    return b"".join(box(*each) for each in boxes)


def _with_header_facts(header: bytes, details: Mapping[str, Any]) -> bytes:
    boxes = list(boxes_in(header))
    if profile := details.get("icc_profile"):
        boxes = [(kind, _PROFILE + profile if kind == b"colr" else each) for kind, each in boxes]
    if dpi := details.get("dpi"):
        across, down = map(_dots_per_metre, dpi)
        told = struct.pack(">4H2b", *down[:2], *across[:2], down[2], across[2])
        boxes.append((b"res ", box(b"resc", told)))
    return b"".join(box(*each) for each in boxes)


def _dots_per_metre(dpi: float) -> tuple[int, int, int]:
    """Return a numerator, a denominator and an exponent of ten."""
    whole = round(dpi / 0.0254)
    if whole < 2**16 and math.isclose(whole, dpi / 0.0254, rel_tol=1e-7):
        return whole, 1, 0
    exponent = 4  # a metre has 10000 / 254 inches
    while dpi < 6553 and exponent > 0:
        dpi, exponent = 10 * dpi, exponent - 1
    return round(dpi), 254, exponent
