"""A checkpoint file's bytes: read once, within limits, without waiting for a device or a pipe."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from napari_zerodce.checkpoints.defects import Defect, readable_size

LARGEST_FILE: Final = 2**30
"""Bytes. The largest official generator, the U-Net of pix2pix, has 208 MiB."""


@dataclass(frozen=True)
class FileState:
    """The facts about a file that change when someone replaces the file or writes to it."""

    size: int
    modified: int  # nanoseconds
    inode: int


def file_state(path: Path) -> FileState:
    """Return the state of a file without opening it.

    Raises
    ------
    Defect
        If the file does not exist, is a folder or a device, or is far too large.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as err:
        raise _unreadable(err) from err
    if stat.S_ISDIR(found.st_mode):
        raise Defect("is a folder; choose a .pth or .safetensors file in it")
    if not stat.S_ISREG(found.st_mode):
        # Opening a FIFO blocks until another process writes to it.
        raise Defect("is a device or a pipe; choose a .pth or .safetensors file")
    if found.st_size > LARGEST_FILE:
        raise Defect(
            f"has {readable_size(found.st_size)}, far too large for a checkpoint; "
            f"choose a file of less than {readable_size(LARGEST_FILE)}"
        )
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def read_whole(path: Path) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    Defect
        If the file cannot be read, or for one of the causes of `file_state`.
    """
    return read_start(path, LARGEST_FILE)


def read_start(path: Path, size: int) -> bytes:
    """Return the first bytes of a file; raise `Defect` as `read_whole` does.

    Parameters
    ----------
    path : Path
    size : int
        Largest number of bytes.
    """
    state = file_state(path)
    try:
        with path.open("rb") as file:
            # The file may have grown since the check.
            return file.read(min(size, state.size))
    except (OSError, ValueError) as err:
        raise _unreadable(err) from err


def _unreadable(err: OSError | ValueError) -> Defect:
    if isinstance(err, FileNotFoundError | NotADirectoryError):
        return Defect("does not exist; choose a .pth or .safetensors file")
    if isinstance(err, PermissionError):
        return Defect("may not be read: permission denied; ask its owner for access")
    reason = os.strerror(err.errno) if isinstance(err, OSError) and err.errno else str(err)
    return Defect(f"cannot be read: {reason}")
