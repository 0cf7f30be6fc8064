"""Photoshop's image resources, in which JPEG and PNG files hold IPTC."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Final

HEADER: Final = b"Photoshop 3.0\0"
IPTC: Final = 0x0404
_OF_THE_OLD_IMAGE: Final = {0x0409, 0x040C}
"""Thumbnails."""


def resources_of(content: bytes) -> dict[int, bytes]:
    """Return the resources in a block by their number, without thumbnails.

    Parameters
    ----------
    content : bytes
        With or without the header. What follows a damaged resource is left out.
    """
    found = dict(_resources(content.removeprefix(HEADER)))
    return {number: data for number, data in found.items() if number not in _OF_THE_OLD_IMAGE}


def _resources(content: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while content[place : place + 4] == b"8BIM" and place + 12 <= len(content):
        (number,) = struct.unpack_from(">H", content, place + 4)
        start = place + 6 + (content[place + 6] // 2 + 1) * 2  # a name, padded to even length
        if start + 4 > len(content):
            return
        (size,) = struct.unpack_from(">I", content, start)
        place = start + 4 + size
        if place > len(content):
            return
        yield number, content[start + 4 : place]
        place += size % 2


def block_of(resources: Mapping[int, bytes]) -> bytes:
    """Return resources as a block without the header; names of resources are empty.

    Parameters
    ----------
    resources : mapping of int to bytes
    """
    return b"".join(
        struct.pack(">4sHHI", b"8BIM", number, 0, len(data)) + data + bytes(len(data) % 2)
        for number, data in resources.items()
    )


def iptc_in(content: bytes) -> bytes:
    """Return the IPTC of a block that is IPTC itself, or Photoshop's resources; empty if none.

    Parameters
    ----------
    content : bytes
    """
    return content if content[:1] == b"\x1c" else resources_of(content).get(IPTC, b"")
