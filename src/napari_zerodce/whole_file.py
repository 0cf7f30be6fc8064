"""Files that appear whole or not at all: they are written beside their place, then renamed."""

from __future__ import annotations

import secrets
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
    # Not tempfile: only the owner can read its files, and weights are shared on clusters. Not the
    # file's own name with an addition: it might be too long.
    part = path.with_name(f".{secrets.token_hex(6)}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


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
