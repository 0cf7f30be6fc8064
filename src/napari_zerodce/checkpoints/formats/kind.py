"""A checkpoint file's bytes: read once, within limits, told apart by content, and written whole."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from napari_zerodce.checkpoints.defects import Defect, readable_size

LARGEST_FILE: Final = 64 * 2**20
"""Bytes. The published files have 0.05 and 0.31 MiB; with an optimiser's state about 1 MiB."""

Kind = Literal["safetensors", "zip", "pickle"]

_OTHER_FILES: Final = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive, to be unpacked first"),
    (b"7z\xbc\xaf", "a 7-Zip archive, to be unpacked first"),
)
_WEB_PAGE_STARTS: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<!--")


@dataclass(frozen=True)
class FileState:
    """What changes when a file is replaced or written to."""

    size: int
    modified: int  # nanoseconds
    inode: int


def file_state(path: Path) -> FileState:
    """Look at a file without opening it.

    Raises
    ------
    Defect
        If there is none, it is a folder or a device, or it is far too large.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as err:
        raise _unreadable(err) from err
    if stat.S_ISDIR(found.st_mode):
        raise Defect("is a folder; choose a .pth or .safetensors file in it")
    if not stat.S_ISREG(found.st_mode):
        # Opening a FIFO waits for a writer for ever.
        raise Defect("is a device or a pipe; choose a .pth or .safetensors file")
    if found.st_size > LARGEST_FILE:
        raise Defect(
            f"has {readable_size(found.st_size)}, far too large for a Zero-DCE checkpoint; "
            f"choose a file of less than {readable_size(LARGEST_FILE)}"
        )
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def read_whole(path: Path) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    Defect
        If they cannot be read; the causes are also those of `file_state`.
    """
    file_state(path)
    try:
        with path.open("rb") as file:
            # A file may have grown since it was looked at.
            return file.read(LARGEST_FILE)
    except (OSError, ValueError) as err:
        raise _unreadable(err) from err


def kind_of(content: bytes) -> Kind:
    """Tell which of the three formats a file has; names of files are not to be trusted.

    Raises
    ------
    Defect
        If it is something else that is easily recognised.
    """
    if not content:
        raise Defect("is empty; download or save it again")
    if content.startswith(b"PK"):
        return "zip"
    # Eight bytes of length, then JSON. Even a wrong length is better explained by that reader.
    if content[8:9] == b"{":
        return "safetensors"
    if found := _other_file(content):
        raise Defect(f"is not a checkpoint but {found}")
    # Pickles may start with anything; their reader tells.
    return "pickle"


def looks_like_web_page(content: bytes) -> bool:
    """Whether these are the first bytes of HTML or XML."""
    start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith(_WEB_PAGE_STARTS)


def _other_file(content: bytes) -> str | None:
    if looks_like_web_page(content):
        return "a web page saved under that name; download the raw file instead"
    if content.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer that stands for one; run 'git lfs pull' or download the raw file"
    if content[257:262] == b"ustar":
        return "a tar archive; unpack it, or save the weights again with a current PyTorch"
    name = next((name for start, name in _OTHER_FILES if content.startswith(start)), None)
    return name and f"{name}; choose a .pth or .safetensors file"


def _unreadable(err: OSError | ValueError) -> Defect:
    if isinstance(err, FileNotFoundError | NotADirectoryError):
        return Defect("does not exist; choose a .pth or .safetensors file")
    if isinstance(err, PermissionError):
        return Defect("may not be read: permission denied; ask its owner for access")
    reason = os.strerror(err.errno) if isinstance(err, OSError) and err.errno else str(err)
    return Defect(f"cannot be read: {reason}")
