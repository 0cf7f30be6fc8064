"""AVIF: Pillow for 8 bits with all facts; imagecodecs for 10 and 12 bits."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np
from PIL.AvifImagePlugin import AvifImageFile

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.photos import exif as exif_block
from napari_zerodce.imaging.files.photos.facts import facts_beyond, fitted, shared_facts
from napari_zerodce.imaging.files.photos.pixels import (
    animation_options,
    channels_of,
    image_of,
    is_animation,
    pillow_images,
    with_known_samples,
)
from napari_zerodce.imaging.files.photos.source_size import chosen_quality, density_of
from napari_zerodce.imaging.planes import layout_of

KIND: Final = FileKind("AVIF", (".avif",), is_lossy=True, has_quality=True)

_HELD: Final = {"exif", "xmp", "icc_profile"}
_HELD_DEEP: Final[set[str]] = set()
"""imagecodecs writes pixels alone."""

_QUALITY: Final = 90
_SPEED: Final = 9
"""Of 10: the usual 6 needs ten times as long, for files that are smaller by a fifth."""

_LONGEST_SIDE: Final = 65_536
_DEPTH_FLAGS: Final = {0x00: 8, 0x40: 10, 0x60: 12}
_COLOUR: Final = b"colrnclx"
_LIKE_SRGB: Final = {1, 2}


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read an AVIF, upright."""
    content = path.read_bytes()
    flags = _flags_in(content)
    bits = _DEPTH_FLAGS.get(flags & 0x60, 8)
    with AvifImageFile(path) as photo:
        image = (
            _deep(photo, path, content, bits)
            if bits > 8
            else image_of(photo, path, with_pixels=with_pixels)
        )
        details = dict(image.details) | shared_facts(photo)
    own = {"density": density_of(content, image, details), "subsampling": _subsampling(flags)}
    details["avif"] = own | details.get("avif", {})
    if bits == 8 and not details.get("icc_profile") and _is_wide(content):
        details["lost"] = ("the colour space",)
    return fitted(replace(image, details=details))


def _flags_in(content: bytes) -> int:
    """Return the flags of depth and subsampling."""
    place = content.find(b"av1C") + 6
    return content[place] if 6 <= place < len(content) else 0


def _subsampling(flags: int) -> str:
    return {0x0C: "4:2:0", 0x08: "4:2:2"}.get(flags & 0x0C, "4:4:4")


def _deep(photo: AvifImageFile, path: Path, content: bytes, bits: int) -> ImageFile:
    if getattr(photo, "is_animated", False):
        raise ImageError(
            f"{path.name} is an animation of {bits} bits, but only those of 8 bits are read; "
            "save the animation as a TIFF with several pages."
        )
    check_room(16 * photo.width * photo.height, path)
    array = with_known_samples(np.asarray(imagecodecs.avif_decode(content)))
    return ImageFile(
        array, channels_of(array), {"avif": {"colours": _colour_in(content)}}, bits=bits
    )


def _colour_in(content: bytes) -> dict[str, int]:
    """Return the numbers of the colours (ITU-T H.273), which say what the samples mean."""
    place = content.find(_COLOUR)
    if place < 0 or place + len(_COLOUR) + 6 > len(content):
        return {}
    primaries, transfer, matrix = struct.unpack_from(">3H", content, place + len(_COLOUR))
    return {"primaries": primaries, "transfer": transfer, "matrix": matrix}


def _is_wide(content: bytes) -> bool:
    """Return whether colours are others than those of sRGB; Pillow cannot write them."""
    return _colour_in(content).get("primaries", 1) not in _LIKE_SRGB


def _is_deep(image: ImageFile) -> bool:
    """Return whether an image has 10 or 12 bits."""
    return bool(image.array.dtype.newbyteorder("=") == np.uint16) and image.bits in {10, 12}


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether an AVIF can hold an image: 8 bits, or a plane of 10 or 12."""
    layout = layout_of(image.array, channels=image.channels)
    small = max(layout.height, layout.width) <= _LONGEST_SIDE
    if layout.leading:
        return small and is_animation(image) and bool(image.array.dtype == np.uint8)
    return small and (_is_deep(image) or bool(image.array.dtype == np.uint8))


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold."""
    return facts_beyond(image, _HELD_DEEP if _is_deep(image) else _HELD)


def write(path: Path, image: ImageFile) -> None:
    """Write an AVIF of the quality that the user wants, or as large as its source."""
    encoded = _encoded_deep if _is_deep(image) else _encoded
    quality = chosen_quality(image, encoded, "avif") or _QUALITY
    path.write_bytes(encoded(image, quality))


def _encoded(image: ImageFile, quality: int) -> bytes:
    details = image.details
    known: dict[str, Any] = {key: details[key] for key in _HELD & {*details}}
    known |= _safe_exif(known.pop("exif", b""))
    known |= {"quality": quality, "speed": _SPEED}
    if image.channels != "mono":
        known["subsampling"] = (details.get("avif") or {}).get("subsampling", "4:4:4")
    options = animation_options(image)
    options.pop("loop", None)
    first, *others = pillow_images(image)
    file = io.BytesIO()
    first.save(file, "AVIF", append_images=others, **options, **known)
    return file.getvalue()


def _safe_exif(block: bytes) -> dict[str, bytes]:
    """Return EXIF without orientation: with one, Pillow 13.0 crashes if it writes an animation."""
    try:
        return {"exif": exif_block.fitted(block, turned=False)} if block else {}
    except (ValueError, struct.error):
        return {}


def _encoded_deep(image: ImageFile, quality: int) -> bytes:
    encoded = imagecodecs.avif_encode(
        np.ascontiguousarray(image.array, np.uint16),
        level=quality,
        bitspersample=image.bits,
        speed=_SPEED,
        **(image.details.get("avif") or {}).get("colours", {}),
    )
    return bytes(encoded)
