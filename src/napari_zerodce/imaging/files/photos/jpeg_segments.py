"""The segments of a JPEG, and the facts in them; unknown segments are kept byte by byte."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from napari_zerodce.imaging.files.photos import exif as exif_block
from napari_zerodce.imaging.files.photos import photoshop
from napari_zerodce.imaging.files.photos.facts import text_of

Segment = tuple[str, bytes]
"""Its name, such as "APP1" or "COM", and its content."""

XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
LONGEST: Final = 65_533
"""Bytes of the content of a segment."""

_MORE_XMP: Final = b"http://ns.adobe.com/xmp/extension/\0"

_WRITTEN_ANEW: Final = {
    "APP0": (b"JFIF\0",),
    "APP1": (exif_block.START, XMP, _MORE_XMP),
    "APP2": (b"ICC_PROFILE\0",),
    "APP13": (photoshop.HEADER,),
}
_OF_THE_OLD_PIXELS: Final = {
    "APP0": (b"JFXX\0", b"AVI1"),  # a thumbnail; half a frame of a film
    "APP2": (b"MPF\0", b"urn:iso:std:iso:ts:21496:-1"),  # where further pictures are; a gain map
    "APP4": (b"SCALADO\0",),  # where the blocks of pixels are
    "APP11": (b"HDR_RI",),
    "APP12": (b"Ducky",),  # with which quality they were saved
}
_LOST: Final = {
    ("APP2", b"MPF\0"): "further pictures",
    ("APP11", b"HDR_RI"): "HDR",
}
_ADOBE: Final = b"Adobe"
_YCBCR: Final = 1  # as all photos in colour are written

_SIGNED: Final = b"c2pa"
"""In a box of Content Credentials, which sign the old pixels."""


def facts_in(segments: Sequence[Segment]) -> dict[str, Any]:
    """Return details of an image, those of JPEG alone under "jpeg".

    Parameters
    ----------
    segments : sequence of Segment
        In the order of the file.
    """
    packets = _contents_of(segments, "APP1", XMP)
    blocks = _contents_of(segments, "APP1", exif_block.START)
    comments = [content for name, content in segments if name == "COM"]
    blocks_of_photoshop = _contents_of(segments, "APP13", photoshop.HEADER)
    resources = photoshop.resources_of(b"".join(blocks_of_photoshop))  # one may stand in several
    found = {
        "exif": exif_block.START + blocks[0] if len(blocks) == 1 else b"",  # Pillow joins several
        "xmp": packets[0] if packets else b"",
        "iptc": resources.pop(photoshop.IPTC, b""),
        "comment": "\n".join(text_of(each.rstrip(b"\0")) for each in comments),
        "jpeg": _without_empty(
            extended_xmp=_extended(_contents_of(segments, "APP1", _MORE_XMP)),
            resources=resources,
            comments=comments,
            others=tuple(_others(segments)),
        ),
        "lost": tuple(_lost(segments)),
    }
    return _without_empty(**found)


def _contents_of(segments: Iterable[Segment], name: str, start: bytes) -> list[bytes]:
    return [
        content.removeprefix(start)
        for each, content in segments
        if each == name and content.startswith(start)
    ]


def _others(segments: Iterable[Segment]) -> Iterator[Segment]:
    signed = _signed(segments)
    for name, content in segments:
        known = _WRITTEN_ANEW.get(name, ()) + _OF_THE_OLD_PIXELS.get(name, ())
        if name != "COM" and not content.startswith(known) and (name, content) not in signed:
            yield name, content


def _signed(segments: Iterable[Segment]) -> list[Segment]:
    """Return the segments of boxes, all parts of them, if they are Content Credentials."""
    boxes = [each for each in segments if each[0] == "APP11" and each[1].startswith(b"JP")]
    return boxes if any(_SIGNED in content for _, content in boxes) else []


def _lost(segments: Sequence[Segment]) -> Iterator[str]:
    for (name, start), lost in _LOST.items():
        if _contents_of(segments, name, start):
            yield lost
    if _signed(segments):
        yield "Content Credentials"


def _without_empty(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value}


def _extended(blocks: Iterable[bytes]) -> bytes:
    """Return the rest of a long packet of XMP; empty if a part is missing."""
    parts: dict[int, bytes] = {}
    digest, whole = b"", 0
    for each in blocks:
        if len(each) >= 40:
            digest = each[:32]
            whole, place = struct.unpack_from(">II", each, 32)
            parts[place] = each[40:]
    content = b"".join(parts[place] for place in sorted(parts))
    is_whole = len(content) == whole and _digest(content) == digest.upper()
    return content if is_whole else b""


def _digest(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).hexdigest().upper().encode()


def segments_of(details: Mapping[str, Any], *, is_grey: bool) -> bytes:
    """Return the segments of facts of a JPEG, without those that Pillow writes.

    Parameters
    ----------
    details : mapping
        Of an image. A fact that is too long for a segment is left out.
    is_grey : bool
        Whether the photo is written in grey.
    """
    others = (details.get("jpeg") or {}).get("others", ())
    every = [*_own_segments(details), *(each for each in others if _is_true(each, is_grey=is_grey))]
    return b"".join(_encoded(*each) for each in every if len(each[1]) <= LONGEST)


def _is_true(segment: Segment, *, is_grey: bool) -> bool:
    """Return whether a segment is true of the result: Adobe's says what the samples are."""
    name, content = segment
    is_adobe = name == "APP14" and content.startswith(_ADOBE)
    return not is_adobe or is_grey or content[11:12] == bytes([_YCBCR])


def _own_segments(details: Mapping[str, Any]) -> Iterator[Segment]:
    source = details.get("jpeg") or {}
    if "exif" in details:
        yield "APP1", details["exif"]
    if "xmp" in details:
        yield "APP1", XMP + details["xmp"]
        yield from _extension(source.get("extended_xmp", b""))
    resources = dict(source.get("resources") or {})
    if "iptc" in details:
        resources[photoshop.IPTC] = details["iptc"]
    if resources:
        yield "APP13", photoshop.HEADER + photoshop.block_of(resources)
    if "comment" in details:
        for content in source.get("comments") or [details["comment"].encode()]:
            yield "COM", content


def _extension(content: bytes) -> Iterator[Segment]:
    step = 65_000
    for place in range(0, len(content), step):
        head = _MORE_XMP + _digest(content) + struct.pack(">II", len(content), place)
        yield "APP1", head + content[place : place + step]


def _encoded(name: str, content: bytes) -> bytes:
    marker = 0xFE if name == "COM" else 0xE0 + int(name.removeprefix("APP"))
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content
