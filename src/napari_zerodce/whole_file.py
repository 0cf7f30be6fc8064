"""How a file appears whole or not at all: it is written beside its place, then renamed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the path of a part file, which takes its place when the ``with`` block ends.

    If the block raises, the part file is removed, and what was there before stays.

    Parameters
    ----------
    path : Path
        Its folder exists; a file that is there already is replaced.

    Yields
    ------
    Path
        A hidden file beside `path` with the same suffix, by which libraries choose the format.

    Raises
    ------
    OSError
        If the file cannot be replaced.
    """
    # Not tempfile: its files are for the owner alone, and weights are shared on clusters. Not the
    # file's own name with an addition: that might be too long.
    part = path.with_name(f".{secrets.token_hex(6)}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write bytes as a file that appears whole or not at all; OSError if that cannot be done."""
    with whole_file(path) as part:
        part.write_bytes(content)
