"""Directories of TIFF and EXIF: their tags as bytes, read and written without a change."""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, Literal

ByteOrder = Literal["<", ">"]

EXIF, GPS, INTEROPERABILITY = 34665, 34853, 40965
POINTERS: Final = (EXIF, GPS, INTEROPERABILITY)
"""Tags whose value is the place of another directory."""

SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8} | {
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
"""Bytes of a value, by the number of its data type."""

_FRACTIONS: Final = {5, 10}
_NUMBERS: Final = SIZES | dict.fromkeys(_FRACTIONS, 4)
_MOST_TAGS = 4096
_DEEPEST = 3


@dataclass(frozen=True)
class Tag:
    """The value of a tag.

    Parameters
    ----------
    dtype : int
        The number that TIFF gives to a data type.
    value : bytes
        In the byte order of its file.
    """

    dtype: int
    value: bytes

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.value) // SIZES[self.dtype]

    def numbers(self, byteorder: ByteOrder) -> bytes | tuple[int, ...]:
        """Return the value as tifffile takes it: of fractions the numbers, of others the bytes.

        Parameters
        ----------
        byteorder : {"<", ">"}
        """
        if self.dtype not in _FRACTIONS:
            return self.value
        code = "I" if self.dtype == 5 else "i"
        return struct.unpack(f"{byteorder}{2 * self.count}{code}", self.value)

    def swapped(self) -> Tag:
        """Return the tag in the other byte order."""
        size = _NUMBERS[self.dtype]
        parts = (self.value[at : at + size][::-1] for at in range(0, len(self.value), size))
        return Tag(self.dtype, b"".join(parts))


@dataclass(frozen=True)
class Directory:
    """The tags of a page, or of EXIF.

    Parameters
    ----------
    tags : mapping
        By code, without pointers to other directories.
    nested : mapping
        The other directories, by the code of the tag that points to them.
    """

    tags: Mapping[int, Tag] = field(default_factory=dict)
    nested: Mapping[int, Directory] = field(default_factory=dict)

    def swapped(self) -> Directory:
        """Return the directory in the other byte order."""
        tags = {code: tag.swapped() for code, tag in self.tags.items()}
        return Directory(tags, {code: other.swapped() for code, other in self.nested.items()})


@dataclass(frozen=True)
class Layout:
    """How the numbers of a directory are stored.

    Parameters
    ----------
    byteorder : {"<", ">"}
    is_big : bool
        Whether places have 64 bits, as in BigTIFF.
    """

    byteorder: ByteOrder
    is_big: bool = False

    @property
    def head(self) -> struct.Struct:
        """The number of tags."""
        return struct.Struct(f"{self.byteorder}{'Q' if self.is_big else 'H'}")

    @property
    def place(self) -> struct.Struct:
        """The place of a value or of a directory."""
        return struct.Struct(f"{self.byteorder}{'Q' if self.is_big else 'I'}")

    @property
    def entry(self) -> struct.Struct:
        """A tag: code, data type, count, and its value or the place of it."""
        return struct.Struct(f"{self.byteorder}{'HHQ8s' if self.is_big else 'HHI4s'}")


def read_directory(
    file: BinaryIO, offset: int, layout: Layout, *, skip: Collection[int] = (), depth: int = 0
) -> Directory:
    """Read the tags of a directory and of those that it points to.

    Tags with an unknown data type, or whose value is not in the file, are left out.

    Parameters
    ----------
    file : file
    offset : int
    layout : Layout
    skip : collection of int
        Codes of tags that are not read.
    depth : int
        Of the directory, because damaged ones may point to themselves.
    """
    tags: dict[int, Tag] = {}
    nested: dict[int, Directory] = {}
    for code, dtype, count, inline in _entries(file, offset, layout):
        if code in skip or dtype not in SIZES:
            continue
        if code in POINTERS:
            (place,) = layout.place.unpack(inline.ljust(layout.place.size, b"\0"))
            if depth < _DEEPEST and code not in nested:  # damaged files may repeat it
                nested[code] = read_directory(file, place, layout, depth=depth + 1)
            continue
        size = count * SIZES[dtype]
        value = inline[:size] if size <= len(inline) else _bytes_at(file, inline, size, layout)
        if value and len(value) == size:
            tags.setdefault(code, Tag(dtype, value))  # the first description is for people
    return Directory(tags, {code: other for code, other in nested.items() if other.tags})


def codes_of(file: BinaryIO, offset: int, layout: Layout) -> set[int]:
    """Return the codes of all tags of a directory.

    Parameters
    ----------
    file, offset, layout
        As for `read_directory`.
    """
    return {code for code, *_ in _entries(file, offset, layout)}


def _entries(file: BinaryIO, offset: int, layout: Layout) -> list[tuple[Any, ...]]:
    if offset >= file.seek(0, os.SEEK_END):
        return []
    file.seek(offset)
    head = file.read(layout.head.size)
    if len(head) < layout.head.size:
        return []
    (count,) = layout.head.unpack(head)
    size = layout.entry.size
    content = file.read(min(count, _MOST_TAGS) * size)
    return list(layout.entry.iter_unpack(content[: len(content) // size * size]))


def _bytes_at(file: BinaryIO, place: bytes, size: int, layout: Layout) -> bytes:
    (start,) = layout.place.unpack(place)
    if start + size > file.seek(0, os.SEEK_END):
        return b""
    file.seek(start)
    return file.read(size)


def encoded(directory: Directory, offset: int, layout: Layout) -> bytes:
    """Return a directory with all values, and the directories that it points to.

    Parameters
    ----------
    directory : Directory
        In the byte order of the layout.
    offset : int
        Its place in the file, an even number.
    layout : Layout
    """
    codes = sorted({*directory.tags, *directory.nested})
    place, inside = layout.place, layout.place.size
    start = offset + layout.head.size + len(codes) * layout.entry.size + place.size
    entries, values = [layout.head.pack(len(codes))], b""
    for code in codes:
        here = start + len(values)
        if code in directory.nested:
            tag = Tag(16 if layout.is_big else 4, place.pack(here))
            values += encoded(directory.nested[code], here, layout)
        else:
            tag = directory.tags[code]
            values += tag.value if len(tag.value) > inside else b""
        value = tag.value.ljust(inside, b"\0") if len(tag.value) <= inside else place.pack(here)
        entries.append(layout.entry.pack(code, tag.dtype, tag.count, value))
        values += b"\0" * (len(values) % 2)
    return b"".join((*entries, place.pack(0), values))
