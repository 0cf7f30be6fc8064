"""The extensions of a GIF that hold facts, read and written byte by byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from napari_zerodce.imaging.files.photos.facts import text_of

_EXTENSION, _PICTURE, _COMMENT, _APPLICATION = 0x21, 0x2C, 0xFE, 0xFF
_HEADER: Final = 13
_MAGIC: Final = bytes([1, *range(255, -1, -1)])
"""Behind XMP, which has no blocks: from each of its bytes, readers of blocks come to the end."""

_XMP, _PROFILE = b"XMP DataXMP", b"ICCRGBG1012"
_LOOPS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_LOOP: Final = 19
"""Bytes of the extension that says how often an animation is played."""


def facts_in(content: bytes) -> dict[str, Any]:
    """Return details of an image, those of GIF alone under "gif".

    Parameters
    ----------
    content : bytes
        Of a file. What follows damage is left out.
    """
    comments: list[bytes] = []
    others: list[bytes] = []
    found: dict[str, Any] = {}
    for label, blocks in _extensions(content):
        name, inside = blocks[1:12], blocks[12:]
        if label == _COMMENT:
            comments.append(_joined(blocks))
        elif label == _APPLICATION and name == _XMP:
            found["xmp"] = inside.removesuffix(b"\0").removesuffix(_MAGIC)
        elif label == _APPLICATION and name == _PROFILE:
            found["icc_profile"] = _joined(inside)
        elif label == _APPLICATION and name not in _LOOPS:
            others.append(blocks)
    found["comment"] = "\n".join(text_of(each) for each in comments)
    own = {"comments": comments, "others": others}
    return {name: value for name, value in found.items() if value} | {"gif": own}


def _extensions(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the label and the blocks of each extension, with their lengths and their end."""
    place = _first_block(content)
    while place + 2 < len(content):
        kind, label = content[place : place + 2]
        if kind == _EXTENSION:
            end = _end_of(content, place + 2)
            yield label, content[place + 2 : end]
        elif kind == _PICTURE and place + 9 < len(content):
            end = _end_of(content, place + 11 + _palette(content[place + 9]))
        else:
            return
        place = end


def _first_block(content: bytes) -> int:
    return _HEADER + _palette(content[10])


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 128 else 0


def _end_of(content: bytes, place: int) -> int:
    while place < len(content) and content[place]:
        place += 1 + content[place]
    return place + 1


def _joined(blocks: bytes) -> bytes:
    place, parts = 0, []
    while place < len(blocks) and blocks[place]:
        parts.append(blocks[place + 1 : place + 1 + blocks[place]])
        place += 1 + blocks[place]
    return b"".join(parts)


def _blocks(content: bytes) -> bytes:
    parts = (content[place : place + 255] for place in range(0, len(content), 255))
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def with_facts(encoded: bytes, details: Mapping[str, Any]) -> bytes:
    """Return a GIF with facts, behind the number of loops.

    Parameters
    ----------
    encoded : bytes
        As Pillow writes it.
    details : mapping
    """
    facts = b"".join(_facts(details))
    if not facts:
        return encoded
    place = _first_block(encoded)
    if encoded[place + 3 : place + 14] in _LOOPS:
        place += _LOOP
    return b"GIF89a" + encoded[6:place] + facts + encoded[place:]


def _facts(details: Mapping[str, Any]) -> Iterator[bytes]:
    own = details.get("gif") or {}
    if "comment" in details:
        for each in own.get("comments") or [details["comment"].encode()]:
            yield bytes([_EXTENSION, _COMMENT]) + _blocks(each)
    start = bytes([_EXTENSION, _APPLICATION])
    if "xmp" in details:
        yield start + b"\x0b" + _XMP + details["xmp"] + _MAGIC + b"\0"
    if "icc_profile" in details:
        yield start + b"\x0b" + _PROFILE + _blocks(details["icc_profile"])
    yield from (start + each for each in own.get("others", ()))
