"""PNG and its animations: Pillow for 8 bits; imagecodecs for 16, which Pillow lacks in colour."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np
from PIL.PngImagePlugin import PngImageFile

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.photos import exif as exif_block
from napari_zerodce.imaging.files.photos import photoshop
from napari_zerodce.imaging.files.photos.facts import facts_beyond, fitted, shared_facts
from napari_zerodce.imaging.files.photos.pixels import (
    animation_options,
    channels_of,
    check_claim,
    image_of,
    is_animation,
    outline_of,
    pillow_images,
    with_known_samples,
)
from napari_zerodce.imaging.files.photos.png_chunks import (
    SIGNATURE,
    Chunk,
    chunk,
    chunks_of,
    is_xmp,
    raw_profile_chunk,
    raw_profile_in,
    text_chunk,
    text_in,
    xmp_chunk,
)
from napari_zerodce.imaging.files.photos.png_copied import (
    is_copied,
    lost_of,
    meaning_chunks,
    meaning_of,
)
from napari_zerodce.imaging.planes import Array, layout_of

KIND: Final = FileKind("PNG", (".png",))

_HELD: Final = {"exif", "xmp", "iptc", "icc_profile", "comment", "dpi", "text"}

_LEVEL: Final = 4  # at most half the time of the usual level, for files that are 1 to 5 % larger
_TEXTS: Final = {b"tEXt", b"zTXt", b"iTXt"}
_END: Final = 12
"""Bytes of the last chunk."""
_COMMENT: Final = "Comment"


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a PNG, upright."""
    with path.open("rb") as file:
        is_deep = file.read(25)[24:] == b"\x10"
    with PngImageFile(path) as photo:
        check_claim(photo, path)
        image = (_deep if is_deep else image_of)(photo, path, with_pixels=with_pixels)
        details = dict(image.details) | shared_facts(photo)
        is_interlaced = bool(photo.info.get("interlace"))
    chunks = list(chunks_of(path))
    details = _with_chunks(details, chunks)
    lost = [*lost_of(chunks), *(["interlacing"] if is_interlaced else [])]
    details["lost"] = (*details.get("lost", ()), *dict.fromkeys(lost))
    return fitted(replace(image, details=details))


def _deep(photo: PngImageFile, path: Path, *, with_pixels: bool) -> ImageFile:
    if getattr(photo, "is_animated", False):
        raise ImageError(
            f"{path.name} is an animation of 16 bits, but only those of 8 bits are read; "
            "save the animation as a TIFF with several pages."
        )
    if not with_pixels and "transparency" not in photo.info:
        return outline_of(photo, np.uint16)
    check_room(8 * photo.width * photo.height, path)
    array = with_known_samples(imagecodecs.png_decode(path.read_bytes()))
    return ImageFile(array, channels_of(array))


def _with_chunks(details: dict[str, Any], chunks: list[Chunk]) -> dict[str, Any]:
    """Return details with the facts in chunks; ImageMagick's texts are the last choice."""
    kept: list[Chunk] = []
    behind: list[Chunk] = []
    is_behind = False
    texts: dict[str, str] = {}
    profiles: dict[str, Any] = {}
    for name, content in chunks:
        is_behind |= name == b"IDAT"
        if is_copied(name):
            (behind if is_behind else kept).append((name, content))
        elif name in _TEXTS and (found := text_in(name, content)):
            keyword, text = found
            if is_xmp(keyword):
                details["xmp"] = text.encode()
            elif raw := raw_profile_in(keyword, text):
                profiles |= _from_raw(*raw)
            else:
                kept.append((name, content))
                texts[keyword] = text
        elif name == b"eXIf":  # it may stand behind the pixels
            details["exif"] = exif_block.START + content.removeprefix(exif_block.START)
    if _COMMENT in texts:
        details["comment"] = texts[_COMMENT]
    own = {
        "text": texts,
        "png": tuple(kept),
        "png_behind": tuple(behind),
        "png_meaning": meaning_of(chunks),
        "png_profile": dict(chunks).get(b"iCCP", b"").partition(b"\0")[0],
    }
    return profiles | details | {key: value for key, value in own.items() if value}


def _from_raw(kind: str, content: bytes) -> dict[str, bytes]:
    if kind in {"exif", "app1"}:
        is_exif = content.startswith((exif_block.START, b"II*\0", b"MM\0*"))
        if not is_exif:
            return {"xmp": content.rpartition(b"\0")[2]} if b"<x:xmpmeta" in content else {}
        return {"exif": exif_block.START + content.removeprefix(exif_block.START)}
    if kind in {"iptc", "8bim"}:
        iptc = photoshop.iptc_in(content)
        return {"iptc": iptc} if iptc else {}
    key = {"xmp": "xmp", "icc": "icc_profile", "icm": "icc_profile"}.get(kind)
    return {key: content} if key else {}


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether a PNG can hold an image: a plane of 8 or 16 bits, an animation of 8."""
    if is_animation(image):
        return bool(image.array.dtype == np.uint8)
    leading = layout_of(image.array, channels=image.channels).leading
    return not leading and (_is_deep(image) or bool(image.array.dtype == np.uint8))


def _is_deep(image: ImageFile) -> bool:
    return bool(image.array.dtype.newbyteorder("=") == np.uint16)


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold."""
    return facts_beyond(image, _HELD)


def write(path: Path, image: ImageFile) -> None:
    """Write a PNG; samples of 9 to 15 bits are scaled to 16, as the format has them."""
    encoded = _encoded_deep(image) if _is_deep(image) else _encoded_shallow(image)
    header, end = len(SIGNATURE) + 25, len(encoded) - _END  # and IHDR
    meaning = meaning_chunks(image.details, 16 if _is_deep(image) else 8, image.channels)
    facts = [chunk(*each) for each in (*_chunks(image.details), *meaning)]
    behind = [chunk(*each) for each in image.details.get("png_behind", ())]
    pixels = memoryview(encoded)[header:end]
    with path.open("wb") as file:
        file.writelines((encoded[:header], *facts, pixels, *behind, encoded[end:]))


def _encoded_shallow(image: ImageFile) -> bytes:
    first, *others = pillow_images(image)
    options = animation_options(image, once=1)
    if (image.details.get("animation") or {}).get("default_image") and others:
        options["default_image"] = True
        options["duration"] = options["duration"][1:]
    if others:
        options["disposal"] = _disposals(image.array)
    file = io.BytesIO()
    first.save(file, "PNG", append_images=others, compress_level=_LEVEL, **options)
    return file.getvalue()


def _disposals(frames: Array) -> list[int]:
    """Return how each picture is taken away: in two ways by turns as long as they are equal.

    Pillow makes one picture of equal ones that are taken away in the same way. To go back to the
    picture before (2) and to let a picture stand (0) are the same if both are equal.
    """
    ways = [0]
    for before, after in pairwise(frames):
        ways.append(2 - ways[-1] if np.array_equal(before, after) else 0)
    return ways


def _encoded_deep(image: ImageFile) -> bytes:
    native = np.ascontiguousarray(image.array, np.uint16)
    if image.bits is not None and image.bits < 16:
        native = (native.astype(np.uint32) * 65535 // (2**image.bits - 1)).astype(np.uint16)
    return bytes(imagecodecs.png_encode(native, level=_LEVEL))


def _chunks(details: Mapping[str, Any]) -> Iterator[Chunk]:
    """Yield the chunks of facts, those of colour first: they must stand before palettes."""
    kept: Iterable[Chunk] = details.get("png") or ()
    profile = details.get("icc_profile")
    if profile:
        name = details.get("png_profile") or b"ICC"
        yield b"iCCP", name + b"\0\0" + zlib.compress(profile)
    yield from (each for each in kept if each[0] not in _TEXTS and not (profile and _is_srgb(each)))
    if dpi := details.get("dpi"):
        yield b"pHYs", struct.pack(">IIB", *(round(each / 0.0254) for each in dpi), 1)
    if block := details.get("exif"):
        yield b"eXIf", block.removeprefix(exif_block.START)
    if packet := details.get("xmp"):
        yield xmp_chunk(packet)
    if iptc := details.get("iptc"):
        resources = photoshop.block_of({photoshop.IPTC: iptc})
        yield raw_profile_chunk("iptc", resources)
    yield from _text_chunks(details, [each for each in kept if each[0] in _TEXTS])


def _is_srgb(each: Chunk) -> bool:
    return each[0] == b"sRGB"  # beside a profile it is invalid


def _text_chunks(details: Mapping[str, Any], kept: list[Chunk]) -> Iterator[Chunk]:
    if kept:
        yield from kept
        return
    texts = dict(details.get("text") or {})
    if "comment" in details:
        texts.setdefault(_COMMENT, details["comment"])
    yield from (text_chunk(*each) for each in texts.items())
