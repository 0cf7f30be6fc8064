"""EXIF between photos and TIFF: one block of bytes there, tags of the page here."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Final

from napari_zerodce.imaging.files.tiff.directory import (
    POINTERS,
    ByteOrder,
    Directory,
    Layout,
    Tag,
    encoded,
    read_directory,
)

_SIGNATURE: Final = b"Exif\0\0"
_ASCII = 2

TOLD_IN_EXIF: Final = frozenset(
    # ImageDescription, Make, Model, Software, DateTime, Artist, HostComputer, Copyright, Rating
    {270, 271, 272, 305, 306, 315, 316, 33432, 18246, 18249}
    # title, comment, author, keywords and subject of Windows
    | set(range(40091, 40096))
)
"""Tags of a page that the first directory of EXIF has, too."""


def block_of(page: Directory, byteorder: ByteOrder) -> bytes | None:
    """Return the EXIF block for what a page of a TIFF says, None if it says nothing of it.

    Parameters
    ----------
    page : Directory
        Without descriptions that are for programs.
    byteorder : {"<", ">"}
    """
    tags = {code: tag for code, tag in page.tags.items() if code in TOLD_IN_EXIF}
    if not tags and not page.nested:
        return None
    start = {"<": b"II*\0", ">": b"MM\0*"}[byteorder] + struct.pack(f"{byteorder}I", 8)
    return _SIGNATURE + start + encoded(Directory(tags, page.nested), 8, Layout(byteorder))


def directory_of(block: bytes, byteorder: ByteOrder) -> Directory:
    """Return what an EXIF block says, for the page of a TIFF.

    Parameters
    ----------
    block : bytes
        With or without "Exif" at its beginning. An invalid one says nothing.
    byteorder : {"<", ">"}
        Of the result.
    """
    content = block.removeprefix(_SIGNATURE)
    own: ByteOrder = ">" if content[:2] == b"MM" else "<"
    if content[:4] not in {b"II*\0", b"MM\0*"} or len(content) < 8:
        return Directory()
    (offset,) = struct.unpack(f"{own}I", content[4:8])
    read = read_directory(BytesIO(content), offset, Layout(own))
    tags = {code: tag for code, tag in read.tags.items() if code in TOLD_IN_EXIF}
    nested = {code: other for code, other in read.nested.items() if code in POINTERS}
    told = Directory(tags, nested)
    return told if own == byteorder else told.swapped()


def text_tag(text: str) -> Tag:
    """Return a tag of text.

    Parameters
    ----------
    text : str
        Not only ASCII letters become UTF-8, which all programs of today expect.
    """
    return Tag(_ASCII, text.encode("utf-8", "replace") + b"\0")
