"""The numbers of the fields of a message of protocol buffers, as ONNX and TensorFlow write them.

The encoding is described at https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_FIXED: Final = {1: 8, 5: 4}
"""Bytes of a value of fixed size, by its wire type."""

_LONGEST_NUMBER: Final = 10  # bytes
_MOST_FIELDS: Final = 1000


def protobuf_fields(content: bytes) -> Iterator[tuple[int, str]]:
    """Yield the number and "number" or "bytes" for each field of the outermost message.

    Nothing is yielded if the content is no message. The last field may be cut off.

    Parameters
    ----------
    content : bytes
    """
    found: list[tuple[int, str]] = []
    place = 0
    try:
        while place < len(content) and len(found) < _MOST_FIELDS:
            key, place = _number(content, place)
            wire = key & 7
            found.append((key >> 3, "bytes" if wire == 2 else "number"))
            place = _end_of_value(content, place, wire)
    except (IndexError, ValueError):
        return
    if all(number > 0 for number, _ in found):
        yield from found


def _end_of_value(content: bytes, place: int, wire: int) -> int:
    if wire == 0:
        return _number(content, place)[1]
    if wire == 2:
        length, place = _number(content, place)
        return place + length
    if wire in _FIXED:
        return place + _FIXED[wire]
    raise ValueError("an unknown kind of value")


def _number(content: bytes, place: int) -> tuple[int, int]:
    """Return a number of variable length, and the place after it."""
    number = 0
    for shift in range(_LONGEST_NUMBER):
        byte = content[place + shift]
        number |= (byte & 127) << (7 * shift)
        if byte < 128:
            return number, place + shift + 1
    raise ValueError("a number that is too long")
