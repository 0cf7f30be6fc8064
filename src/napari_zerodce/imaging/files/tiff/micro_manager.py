"""What a stack of Micro-Manager says outside of its tags: summary, display, comments, and places.

The format: https://micro-manager.org/Micro-Manager_File_Formats
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tifffile

from napari_zerodce.imaging.files.tiff.directory import ByteOrder
from napari_zerodce.imaging.files.tiff.once import once_per_file

_START: Final = 8
"""Where the block begins: behind the header of the TIFF, before the first page."""

_INDEX, _DISPLAY, _COMMENTS, _SUMMARY = 54773648, 483765892, 99384722, 2355492
_INDEX_BLOCK, _DISPLAY_BLOCK, _COMMENTS_BLOCK = 3453623, 347834724, 84720485


@dataclass(frozen=True)
class Stack:
    """What Micro-Manager says of a whole stack.

    Parameters
    ----------
    summary, display, comments : bytes
        JSON, empty if it is not told.
    places : tuple of tuple of int
        Channel, slice, frame and position of each page, in their order in the file.
    """

    summary: bytes
    display: bytes = b""
    comments: bytes = b""
    places: tuple[tuple[int, ...], ...] = ()


@once_per_file
def stack_of(file: tifffile.TiffFile) -> Stack | None:
    """Return what the file of a stack says, None if it is no such file.

    Parameters
    ----------
    file : TiffFile
    """
    told = file.micromanager_metadata if file.is_micromanager else None
    if not told or told.get("MajorVersion") != 0 or "Summary" not in told:
        return None
    rows = sorted(map(tuple, told.get("IndexMap", ())), key=lambda row: row[4])
    return Stack(
        summary=_json(told["Summary"]),
        display=_json(told.get("DisplaySettings")),
        comments=_json(told.get("Comments")),
        places=tuple(tuple(int(number) for number in row[:4]) for row in rows),
    )


def _json(told: Any) -> bytes:
    return b"" if told is None else json.dumps(told, ensure_ascii=False).encode()


def beginning(stack: Stack, byteorder: ByteOrder) -> bytes:
    """Return what is between the header of the TIFF and the first page.

    Parameters
    ----------
    stack : Stack
    byteorder : {"<", ">"}
    """
    heads = (_INDEX, 0, _DISPLAY, 0, _COMMENTS, 0, _SUMMARY, len(stack.summary))
    return struct.pack(f"{byteorder}8I", *heads) + stack.summary


def finish(path: Path, stack: Stack, byteorder: ByteOrder) -> None:
    """Write the other blocks behind the last page.

    Parameters
    ----------
    path : Path
    stack : Stack
        With a place for each page.
    byteorder : {"<", ">"}
    """
    with tifffile.TiffFile(path) as written:
        pages = zip(stack.places, written.pages, strict=True)
        rows = [(*place, page.offset) for place, page in pages]
    index = b"".join(struct.pack(f"{byteorder}5I", *row) for row in rows)
    with path.open("r+b") as file:
        for number, (kind, count, block) in enumerate(
            (
                (_INDEX_BLOCK, len(stack.places), index),
                (_DISPLAY_BLOCK, len(stack.display), stack.display),
                (_COMMENTS_BLOCK, len(stack.comments), stack.comments),
            )
        ):
            if block:
                start = file.seek(0, 2)
                file.write(struct.pack(f"{byteorder}2I", kind, count) + block)
                file.seek(_START + 8 * number + 4)
                file.write(struct.pack(f"{byteorder}I", start))
