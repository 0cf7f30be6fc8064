"""What a file is, whatever its suffix says: by its first bytes, its members or its text."""

from __future__ import annotations

import zipfile
from codecs import getincrementaldecoder
from pathlib import Path
from typing import Final

from napari_zerodce.signatures import LENGTH, Content, content_at_start

_PACKED: Final = {
    "word/": "a Word document",
    "xl/": "an Excel workbook",
    "ppt/": "a PowerPoint presentation",
    "content.xml": "an OpenDocument file",
}
_MARKUP: Final = {
    b"<svg": "an SVG drawing",
    b"<!doctype html": "a web page, perhaps in place of a download",
    b"<html": "a web page, perhaps in place of a download",
    b"<?xml": "an XML text",
}


def content_of(path: Path) -> Content | None:
    """Return what a file is, None if nobody knows.

    Parameters
    ----------
    path : Path
        A file that can be read.
    """
    with path.open("rb") as file:
        start = file.read(LENGTH)
    if not start:
        return Content("an empty file")
    return content_at_start(start) or _zipped(path, start) or _text(start)


def _zipped(path: Path, start: bytes) -> Content | None:
    if not start.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return Content("a damaged ZIP archive")
    if names and all(name.endswith(".npy") for name in names):
        return Content("a NumPy archive", ".npz")
    found = (title for part, title in _PACKED.items() if any(n.startswith(part) for n in names))
    return Content(next(found, "a ZIP archive"))


def _text(start: bytes) -> Content | None:
    lower = start.lower()
    for mark, title in _MARKUP.items():
        if mark in lower:
            return Content(title)
    try:
        # Not bytes.decode: the last bytes may be a part of a character.
        text = getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return None
    printable = all(letter.isprintable() or letter in "\t\n\r\f" for letter in text)
    return Content("a text", also=(".oif",)) if printable else None
