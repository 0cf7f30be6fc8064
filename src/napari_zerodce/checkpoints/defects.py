"""What is wrong with a file, as the second half of a sentence that begins with the file's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from napari_zerodce.errors import CheckpointError

_LONGEST_NAME = 60


class Defect(Exception):
    """A reason why a file cannot be used, such as "is empty"."""


@contextmanager
def defects_as_errors(path: Path) -> Iterator[None]:
    """Turn a `Defect` into a `CheckpointError` whose one sentence names the file."""
    try:
        yield
    except Defect as defect:
        raise CheckpointError(f"{shown(path.name or str(path))} {defect}.") from defect


def shown(text: str, *, longest: int = _LONGEST_NAME) -> str:
    """Return text out of a file as it may stand in a sentence: one line, printable, not long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def listed(names: Sequence[str], *, most: int = 3) -> str:
    """Return "a, b, c and 4 more"."""
    *others, last = names if len(names) <= most else (*names[:most], f"{len(names) - most:,} more")
    return f"{', '.join(others)} and {last}" if others else last


def readable_size(size: int) -> str:
    """Return a number of bytes as people say it, such as "312.5 KiB"."""
    if size < 1024:
        return f"{size} bytes" if size != 1 else "1 byte"
    amount = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1024:.3g} TiB"
