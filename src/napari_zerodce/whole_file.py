"""Files and folders that appear whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the path of a part file, which replaces the file when the ``with`` block ends.

    If the block raises, the part file is removed and the old file stays.

    Parameters
    ----------
    path : Path
        The file to write or to replace; its folder exists.

    Yields
    ------
    Path
        A hidden file beside `path` with the same suffix, by which libraries choose the format.

    Raises
    ------
    OSError
        If the file cannot be replaced.
    """
    part = _part_of(path)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give the path of a part folder, which replaces the folder when the ``with`` block ends.

    If the block raises, the part folder is removed and the old folder stays.

    Parameters
    ----------
    path : Path
        The folder to write or to replace; its parent exists.

    Yields
    ------
    Path
        A hidden folder beside `path` that does not exist yet.

    Raises
    ------
    OSError
        If the folder cannot be replaced.
    """
    part = _part_of(path)
    try:
        yield part
        replace_folder(path, part)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def replace_folder(path: Path, part: Path) -> None:
    """Move a folder to a path where another folder may be.

    Parameters
    ----------
    path : Path
    part : Path
        The new folder, on the same disk.

    Raises
    ------
    OSError
        If that fails; the old folder is then at its place.
    """
    if not path.is_dir():
        part.replace(path)
        return
    # No system renames a folder to the name of a folder that is not empty.
    old = _part_of(path)
    path.replace(old)
    try:
        part.replace(path)
    except OSError:
        old.replace(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _part_of(path: Path) -> Path:
    # Not tempfile: only the owner can read its files, and weights are shared on clusters. Not the
    # file's own name with an addition: it might be too long.
    return path.with_name(f".{secrets.token_hex(6)}.part{path.suffix}")


def write_whole(path: Path, content: bytes) -> None:
    """Write bytes as a file that appears whole or not at all.

    Parameters
    ----------
    path : Path
        As in `whole_file`.
    content : bytes

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    with whole_file(path) as part:
        part.write_bytes(content)
