"""The chain of pages of a TIFF: whether it is whole, and whether all pages look alike."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, Literal

import tifffile

_LONGEST: Final = 64  # bytes, as of the bits of 32 samples

# What two pages of one stack have in common.
_LOOK: Final = frozenset(
    {254, 256, 257, 258, 259, 262, 274, 277, 284, 317, 320, 322, 323, 330, 338, 339}
)
_ENTRIES: Final = {12: "HHI4s", 20: "HHQ8s"}
_SIZES: Final = {1: 1, 3: 2, 4: 4}
"""Bytes of a value, by the type of a tag."""


def check_chain(file: tifffile.TiffFile) -> None:
    """Refuse a file whose pages end in the middle or form a circle.

    tifffile would read the pages before the end, and go round in most circles for ever. It also
    takes all pages for equal if four of them are; here, that is so only if all look alike.

    Parameters
    ----------
    file : TiffFile

    Raises
    ------
    ValueError
        If the file is damaged so.
    """
    looks = {_look(file, entries) for _, entries in _directories(file)}
    if len(looks) > 1:
        file.is_uniform = False


def places_of(file: tifffile.TiffFile) -> tuple[int, ...]:
    """Return the offset of each page.

    Parameters
    ----------
    file : TiffFile
        One that `check_chain` accepts.
    """
    return tuple(place for place, _ in _directories(file))


def _directories(file: tifffile.TiffFile) -> Iterator[tuple[int, bytes]]:
    """Yield the offset of each page, and the entries of its directory."""
    tiff, handle = file.tiff, file.filehandle
    place, seen = file.pages.first.offset, set[int]()
    while place:
        if place >= handle.size:
            raise ValueError("it ends before its last page")
        if place in seen:
            raise ValueError("its pages form a circle")
        seen.add(place)
        handle.seek(place)
        (tags,) = struct.unpack(tiff.tagnoformat, handle.read(tiff.tagnosize))
        entries = handle.read(tags * tiff.tagsize)
        following = handle.read(tiff.offsetsize)
        yield place, entries
        (place,) = struct.unpack(tiff.offsetformat, following)


def _look(file: tifffile.TiffFile, entries: bytes) -> tuple[tuple[int, bytes], ...]:
    """Return the values that pages of one stack share."""
    size = file.tiff.tagsize
    form = f"{file.byteorder}{_ENTRIES[size]}"
    whole = entries[: len(entries) // size * size]
    return tuple(
        (code, _value(file, kind, count, value))
        for code, kind, count, value in struct.iter_unpack(form, whole)
        if code in _LOOK
    )


def _value(file: tifffile.TiffFile, kind: int, count: int, value: bytes) -> bytes:
    """Return the bytes of an entry's value, which may stand in another place; not of long ones."""
    length = count * _SIZES.get(kind, 0)
    if length <= len(value) or length > _LONGEST:
        return value if length <= len(value) else b""
    order: Literal["little", "big"] = "little" if file.byteorder == "<" else "big"
    file.filehandle.seek(int.from_bytes(value, order))
    return bytes(file.filehandle.read(length))
