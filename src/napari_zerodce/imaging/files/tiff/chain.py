"""The chain of pages of a TIFF: whether it is whole, and which pages look and mean the same."""

from __future__ import annotations

import struct
from collections.abc import Collection, Hashable, Iterator
from typing import Final, Literal

import tifffile

from napari_zerodce.imaging.files.tiff.once import once_per_file

_LONGEST: Final = 64  # bytes, as of the bits of 32 samples
_LONGEST_MEANING: Final = 2**20  # bytes, more than palettes and most profiles have
_ORIENTATION: Final = 274

# What two pages of one stack have in common.
_LOOK: Final = frozenset(
    {254, 256, 257, 258, 259, 262, 274, 277, 284, 317, 320, 322, 323, 330, 338, 339}
)
# What decides how the samples of a page are shown: its role, bits, photometric, orientation,
# palette, extra samples, sample format and ICC profile.
_MEANING: Final = frozenset({254, 258, 262, 274, 320, 338, 339, 34675})
_UPRIGHT: Final = (b"\1\0\0\0", b"\0\1\0\0", b"\1" + bytes(7), b"\0\1" + bytes(6))
_ENTRIES: Final = {12: "HHI4s", 20: "HHQ8s"}
_SIZES: Final = {1: 1, 3: 2, 4: 4, 7: 1}
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
    looks = {_values(file, entries, _LOOK) for _, entries in _directories(file)}
    if len(looks) > 1:
        file.is_uniform = False


@once_per_file
def places_of(file: tifffile.TiffFile) -> tuple[int, ...]:
    """Return the offset of each page.

    Parameters
    ----------
    file : TiffFile
        One that `check_chain` accepts.
    """
    return tuple(place for place, _ in _directories(file))


@once_per_file
def meanings_of(file: tifffile.TiffFile) -> dict[int, Hashable]:
    """Return what decides how the samples of each page are shown, by the offset of the page.

    Parameters
    ----------
    file : TiffFile
        One that `check_chain` accepts.
    """
    return {
        place: tuple(
            (code, value)
            for code, value in _values(file, entries, _MEANING, _LONGEST_MEANING)
            if code != _ORIENTATION or value not in _UPRIGHT
        )
        for place, entries in _directories(file)
    }


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


def _values(
    file: tifffile.TiffFile, entries: bytes, codes: Collection[int], longest: int = _LONGEST
) -> tuple[tuple[int, bytes], ...]:
    """Return the values of some tags of a page."""
    size = file.tiff.tagsize
    form = f"{file.byteorder}{_ENTRIES[size]}"
    whole = entries[: len(entries) // size * size]
    return tuple(
        (code, _value(file, _SIZES.get(kind, 0) * count, value, longest))
        for code, kind, count, value in struct.iter_unpack(form, whole)
        if code in codes
    )


def _value(file: tifffile.TiffFile, length: int, value: bytes, longest: int) -> bytes:
    """Return the bytes of an entry's value, which may stand in another place; not of long ones."""
    if length <= len(value) or length > longest:
        return value if length <= len(value) else b""
    order: Literal["little", "big"] = "little" if file.byteorder == "<" else "big"
    file.filehandle.seek(int.from_bytes(value, order))
    return bytes(file.filehandle.read(length))
