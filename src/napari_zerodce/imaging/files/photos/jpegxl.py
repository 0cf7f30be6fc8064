"""JPEG XL by imagecodecs; facts stand in boxes around the pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.photos import exif as exif_block
from napari_zerodce.imaging.files.photos.boxes import box, boxes_in
from napari_zerodce.imaging.files.photos.facts import DEFAULT_QUALITY, facts_beyond, fitted
from napari_zerodce.imaging.files.photos.pixels import channels_of, with_known_samples
from napari_zerodce.imaging.files.photos.source_size import chosen_quality, density_of
from napari_zerodce.imaging.planes import layout_of

_BARE: Final = b"\xff\x0a"

KIND: Final = FileKind("JPEG XL", (".jxl",), is_lossy=True, has_quality=True)

_HELD: Final = {"exif", "xmp"}

_PARTS: Final = {b"jxlc": 0, b"jxlp": 4}
"""Boxes of pixels, and what stands before these."""


@dataclass
class _Bits:
    """A reader of the bits of a header, the lowest of each byte first."""

    content: bytes
    place: int = 0

    def take(self, count: int) -> int:
        """Return the next bits as a number."""
        value = int.from_bytes(self.content, "little") >> self.place
        self.place += count
        return value & ((1 << count) - 1)

    def choose(self, *choices: tuple[int, int]) -> int:
        """Return a number that is written in one of four ways: its least value and its bits."""
        least, count = choices[self.take(2)]
        return least + self.take(count)


@dataclass(frozen=True)
class _Header:
    """What the header of the pixels says; the depth is 0 if it does not say it simply."""

    height: int
    width: int
    bits: int


_RATIOS: Final = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


def _header_of(pixels: bytes) -> _Header:
    """Return the size and the depth (ISO/IEC 18181-1, annex D)."""
    bits = _Bits(pixels[2:66])
    small = bool(bits.take(1))
    height = _side(bits, small=small)
    ratio = bits.take(3)
    across, down = _RATIOS.get(ratio, (1, 1))
    width = height * across // down if ratio else _side(bits, small=small)
    return _Header(height, width, _depth(bits))


def _side(bits: _Bits, *, small: bool) -> int:
    return 8 * (1 + bits.take(5)) if small else bits.choose((1, 9), (1, 13), (1, 18), (1, 30))


def _depth(bits: _Bits) -> int:
    if bits.take(1):  # all is as by default
        return 8
    if bits.take(1):  # there is more than the depth
        bits.take(3)  # the orientation
        if any(bits.take(1) for _ in range(3)):  # another size, a preview, an animation
            return 0
    return 0 if bits.take(1) else bits.choose((8, 0), (10, 0), (12, 0), (1, 6))


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:  # noqa: ARG001  only they tell
    """Read a JPEG XL, which its decoder turns upright."""
    content = path.read_bytes()
    header = _header_of(_pixels_in(content))
    check_room(8 * header.width * header.height, path)
    array = np.asarray(imagecodecs.jpegxl_decode(content))
    if array.shape[:2] not in {(header.height, header.width), (header.width, header.height)}:
        raise ImageError(
            f"{path.name} is an animation, but a single image is expected; "
            "save the animation as a TIFF with several pages."
        )
    array = with_known_samples(array)
    bits = header.bits if 8 < header.bits < 16 and array.dtype == np.uint16 else None
    details: dict[str, Any] = {**_boxes(content)}
    image = ImageFile(array, channels_of(array), details, bits=bits)
    details["jpegxl"] = {"density": density_of(content, image, details)}
    return fitted(image, is_upright=True)


def _pixels_in(content: bytes) -> bytes:
    if content.startswith(_BARE):
        return content
    for kind, inside in boxes_in(content):
        if kind in _PARTS:
            return inside[_PARTS[kind] :]
    raise ValueError("it holds no pixels")


def _boxes(content: bytes) -> dict[str, bytes]:
    if content.startswith(_BARE):
        return {}
    found: dict[str, bytes] = {}
    for kind, inside in boxes_in(content):
        if kind == b"xml " and b"xmpmeta" in inside:
            found["xmp"] = inside
        elif kind == b"Exif" and len(inside) > 4:
            start = 4 + int.from_bytes(inside[:4])
            found["exif"] = exif_block.START + inside[start:].removeprefix(exif_block.START)
    return found


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether a JPEG XL can hold an image: a plane of 8 to 16 bits."""
    known = image.array.dtype.newbyteorder("=") in {np.dtype("u1"), np.dtype("u2")}
    return known and not layout_of(image.array, channels=image.channels).leading


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold."""
    return facts_beyond(image, _HELD)


def write(path: Path, image: ImageFile) -> None:
    """Write a JPEG XL of the quality that the user wants, or as large as its source."""
    quality = chosen_quality(image, _encoded, "jpegxl") or DEFAULT_QUALITY
    encoded = _encoded(image, quality)
    path.write_bytes(encoded + _fact_boxes(image.details))


def _encoded(image: ImageFile, quality: int) -> bytes:
    deep = image.array.dtype.itemsize == 2
    encoded = imagecodecs.jpegxl_encode(
        np.ascontiguousarray(image.array, np.uint16 if deep else np.uint8),
        # As libjxl's own program: 90 is the distance 1, at which no difference is visible.
        distance=None if quality == 100 else 0.1 + 0.09 * (100 - quality),
        lossless=quality == 100,
        bitspersample=image.bits if deep else None,
        usecontainer=True,
    )
    return bytes(encoded)


def _fact_boxes(details: Mapping[str, Any]) -> bytes:
    exif = details.get("exif", b"").removeprefix(exif_block.START)
    boxes = box(b"Exif", bytes(4) + exif) if exif else b""
    return boxes + (box(b"xml ", details["xmp"]) if "xmp" in details else b"")
