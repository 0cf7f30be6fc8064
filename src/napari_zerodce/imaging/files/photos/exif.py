"""A block of EXIF, changed without moving what other bytes point to: maker notes stay valid."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

START: Final = b"Exif\0\0"
"""With these bytes a block begins."""

_BYTE_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}
_ORIENTATION: Final = 0x0112
_SOFTWARE: Final = 0x0131
_EXIF_DIRECTORY: Final = 0x8769
_GPS_DIRECTORY: Final = 0x8825
_THUMBNAIL: Final = (0x0201, 0x0202)  # where it is, and its length
_NUMBERS: Final = {3: "H", 4: "I", 13: "I"}
# Width and height: ImageWidth and ImageLength, XResolution and YResolution, PixelXDimension and
# PixelYDimension, FocalPlaneXResolution and FocalPlaneYResolution.
_SIZES: Final = ((0x0100, 0x0101), (0xA002, 0xA003))
_PAIRS: Final = (*_SIZES, (0x011A, 0x011B), (0xA20E, 0xA20F))


@dataclass(frozen=True)
class _Directory:
    """One directory of a block: 12 bytes for each entry, of which the first two are its tag."""

    block: bytearray
    order: str
    start: int
    places: dict[int, int]

    @classmethod
    def at(cls, block: bytearray, order: str, start: int) -> _Directory:
        (count,) = struct.unpack_from(f"{order}H", block, start)
        end = start + 2 + 12 * count
        if end > len(block):
            raise ValueError("a directory of EXIF ends before its last entry")
        places = range(start + 2, end, 12)
        tags = [struct.unpack_from(f"{order}H", block, place)[0] for place in places]
        return cls(block, order, start, dict(zip(tags, places, strict=True)))

    @property
    def end(self) -> int:
        """Where the offset of the next directory stands."""
        (count,) = struct.unpack_from(f"{self.order}H", self.block, self.start)
        return self.start + 2 + 12 * int(count)

    def number(self, tag: int) -> int:
        """Return the value of an entry of one SHORT or LONG, 0 if there is none."""
        place = self.places.get(tag)
        if place is None:
            return 0
        kind, count = struct.unpack_from(f"{self.order}HI", self.block, place + 2)
        code = _NUMBERS.get(kind)
        if code is None or count != 1:
            return 0
        return int(struct.unpack_from(f"{self.order}{code}", self.block, place + 8)[0])

    def set_number(self, tag: int, value: int) -> None:
        """Change the value of an entry of one SHORT or LONG, if it is there and can hold it."""
        if self.number(tag) and value < 2**16:
            place = self.places[tag]
            (kind,) = struct.unpack_from(f"{self.order}H", self.block, place + 2)
            struct.pack_into(f"{self.order}{_NUMBERS[kind]}", self.block, place + 8, value)

    def swap(self, one: int, other: int) -> None:
        """Exchange the values of two entries."""
        if one in self.places and other in self.places:
            a, b = (slice(self.places[tag] + 2, self.places[tag] + 12) for tag in (one, other))
            self.block[a], self.block[b] = self.block[b], self.block[a]

    def remove(self, tag: int) -> None:
        """Remove an entry; those behind it move up, and 12 bytes stay unused."""
        place = self.places.get(tag)
        if place is not None:
            end = self.end
            self.block.extend(bytes(max(end + 4 - len(self.block), 0)))
            self.block[place : end + 4] = self.block[place + 12 : end + 4] + bytes(12)
            count = (end - self.start - 2) // 12 - 1
            struct.pack_into(f"{self.order}H", self.block, self.start, count)


def orientation_in(exif: bytes) -> int:
    """Return the orientation that a block says, from 1 to 8; 0 if it is absent or invalid.

    Parameters
    ----------
    exif : bytes
    """
    try:
        found = _first(bytearray(exif.removeprefix(START))).number(_ORIENTATION)
    except (ValueError, struct.error):
        return 0
    return found if 1 <= found <= 8 else 0


def says_where(exif: bytes) -> bool:
    """Return whether a block holds a position on Earth.

    Parameters
    ----------
    exif : bytes
    """
    try:
        return bool(_first(bytearray(exif.removeprefix(START))).number(_GPS_DIRECTORY))
    except (ValueError, struct.error):
        return False


def names_only_a_program(exif: bytes) -> bool:
    """Return whether a block says no more than which program wrote the file.

    Parameters
    ----------
    exif : bytes
    """
    try:
        return set(_first(bytearray(exif.removeprefix(START))).places) == {_SOFTWARE}
    except (ValueError, struct.error):
        return False


def fitted(exif: bytes, *, turned: bool) -> bytes:
    """Return a block that describes the upright, enhanced image.

    It has no orientation and no thumbnail, which would show the old image.

    Parameters
    ----------
    exif : bytes
    turned : bool
        Whether width and height are exchanged.

    Returns
    -------
    bytes
        Empty if nothing is left.

    Raises
    ------
    ValueError, struct.error
        If the block is invalid.
    """
    block = bytearray(exif.removeprefix(START))
    first = _first(block)
    if turned:
        for directory in (first, _exif_directory(first)):
            for pair in _PAIRS:
                directory.swap(*pair)
    _remove_thumbnail(first)
    while _ORIENTATION in first.places:
        first.remove(_ORIENTATION)
        first = _first(block)
    return START + bytes(block) if first.end > first.start + 2 else b""


def sized(exif: bytes, width: int, height: int) -> bytes:
    """Return a block whose sizes in pixels, where it has some, are those of an image.

    Parameters
    ----------
    exif : bytes
        An invalid block is returned as it is.
    width, height : int
    """
    block = bytearray(exif.removeprefix(START))
    try:
        first = _first(block)
        for directory in (first, _exif_directory(first)):
            for across, down in _SIZES:
                directory.set_number(across, width)
                directory.set_number(down, height)
    except (ValueError, struct.error):
        return exif
    return START + bytes(block)


def _first(block: bytearray) -> _Directory:
    order = _BYTE_ORDERS.get(bytes(block[:4]))
    if order is None:
        raise ValueError("EXIF does not begin like TIFF")
    return _Directory.at(block, order, struct.unpack_from(f"{order}I", block, 4)[0])


def _exif_directory(first: _Directory) -> _Directory:
    start = first.number(_EXIF_DIRECTORY)
    return _Directory.at(first.block, first.order, start) if start else first


def _remove_thumbnail(first: _Directory) -> None:
    block, order, end = first.block, first.order, first.end
    if end + 4 > len(block):
        return
    (second,) = struct.unpack_from(f"{order}I", block, end)
    struct.pack_into(f"{order}I", block, end, 0)
    if not first.start < second < len(block) - 2:
        return
    try:
        start, length = map(_Directory.at(block, order, second).number, _THUMBNAIL)
    except (ValueError, struct.error):
        return
    if second < start and start + length <= len(block):
        block[start : start + length] = bytes(length)
        if start + length == len(block):
            del block[start:]
