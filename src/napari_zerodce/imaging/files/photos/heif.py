"""HEIC and HEIF by pillow-heif, which is an extra."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room, without_pixels
from napari_zerodce.imaging.files.photos.facts import facts_beyond, fitted
from napari_zerodce.imaging.files.photos.pixels import channels_of, with_known_samples
from napari_zerodce.imaging.files.photos.source_size import chosen_quality, density_of
from napari_zerodce.imaging.planes import Array, layout_of

KIND: Final = FileKind(
    "HEIC",
    (".heic", ".heif"),
    is_lossy=True,
    has_quality=True,
    modules=("pillow_heif",),
    extra="heic",
)

_HELD: Final = {"exif", "xmp", "icc_profile"}

_QUALITY: Final = 90
_PRESET: Final = "ultrafast"
"""Of x265: its usual one needs 6 times as long, a minute for a photo of 12 million pixels."""

_LONGEST_SIDE: Final = 16_384
_COLOURS: Final = ("color_primaries", "transfer_characteristics", "matrix_coefficients")


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read the primary image of a HEIC, which its decoder turns upright."""
    from pillow_heif import open_heif

    content = path.read_bytes()
    photo = open_heif(content, convert_hdr_to_8bit=False, hdr_to_16bit=False)
    check_room(16 * photo.size[0] * photo.size[1], path)
    array = with_known_samples(np.asarray(photo)) if with_pixels else _outline(photo)
    info = photo.info
    details: dict[str, Any] = {
        "exif": _exif(info.get("exif") or b""),
        "xmp": info.get("xmp") or b"",
        "icc_profile": info.get("icc_profile") or b"",
        "heif": {"colours": _colours(info), "chroma": info.get("chroma")},
        "lost": tuple(_lost(photo)),
    }
    known = {key: value for key, value in details.items() if value}
    bits = info.get("bit_depth", 8) if array.dtype == np.uint16 else None
    image = ImageFile(array, channels_of(array), known, bits=bits)
    known["heif"]["density"] = density_of(content, image, known)
    return fitted(image, is_upright=True)


def _outline(photo: Any) -> Array:
    """Return the pixels without their values; its mode is such as RGB or RGBA;10."""
    colours, _, depth = photo.mode.partition(";")
    shape = (photo.size[1], photo.size[0], len(colours))
    return with_known_samples(without_pixels(shape, np.uint16 if depth else np.uint8))


def _exif(block: bytes) -> bytes:
    return b"Exif\0\0" + block.removeprefix(b"Exif\0\0") if block else b""


def _colours(info: Mapping[str, Any]) -> dict[str, int]:
    told = info.get("nclx_profile") or {}
    return {name: int(told[name]) for name in _COLOURS if name in told}


def _lost(photo: Any) -> list[str]:
    names = ["further pictures"] if len(photo) > 1 else []
    names += ["depth"] if photo.info.get("depth_images") else []
    return names + (["auxiliary pictures"] if photo.info.get("aux") else [])


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether a HEIC can hold an image: a plane of 8, 10 or 12 bits, not too large."""
    layout = layout_of(image.array, channels=image.channels)
    small = max(layout.height, layout.width) <= _LONGEST_SIDE
    return small and not layout.leading and (_is_deep(image) or image.array.dtype == np.uint8)


def _is_deep(image: ImageFile) -> bool:
    wide = image.array.dtype.newbyteorder("=") == np.uint16
    return bool(wide) and image.bits in {10, 12} and image.channels != "mono"


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold."""
    return facts_beyond(image, _HELD)


def write(path: Path, image: ImageFile) -> None:
    """Write a HEIC of the quality that the user wants, or as large as its source."""
    quality = chosen_quality(image, _encoded, "heif") or _QUALITY
    path.write_bytes(_encoded(image, quality))


def _encoded(image: ImageFile, quality: int) -> bytes:
    from pillow_heif import from_bytes

    array = np.ascontiguousarray(image.array)
    mode = {"mono": "L", "rgb": "RGB", "rgba": "RGBA"}[image.channels]
    mode += f";{image.bits}" if _is_deep(image) else ""
    photo = from_bytes(mode, (array.shape[1], array.shape[0]), array.tobytes())
    details = image.details
    for key in _HELD & {*details}:
        photo.info[key] = details[key]
    source = details.get("heif") or {}
    options: dict[str, Any] = {"quality": quality, "enc_params": {"preset": _PRESET}}
    file = io.BytesIO()
    chroma = source.get("chroma") or 444
    photo.save(file, chroma=chroma, **options, **source.get("colours", {}))
    return file.getvalue()
