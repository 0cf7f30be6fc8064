"""The boxes of a JPEG 2000 or JPEG XL file: where these formats hold facts."""

from __future__ import annotations

import struct
from collections.abc import Iterator


def boxes_in(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the content of each box, until the end or the first damaged one.

    Parameters
    ----------
    content : bytes
        Of a file, or of a box that holds boxes.
    """
    place = 0
    while place + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        start = place + 8
        if size == 1 and start + 8 <= len(content):
            (size,) = struct.unpack_from(">Q", content, start)
            start += 8
        end = place + size if size else len(content)
        if not start <= end <= len(content):
            return
        yield kind, content[start:end]
        place = end


def box(kind: bytes, content: bytes) -> bytes:
    """Return a box.

    Parameters
    ----------
    kind : bytes
        Four.
    content : bytes
    """
    return struct.pack(">I4s", 8 + len(content), kind) + content
