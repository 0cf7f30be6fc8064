"""Defects of a file: each one is the end of a sentence that begins with the file's name."""

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
    """Return text from a file in a form that fits into a sentence: one line, printable, short.

    Parameters
    ----------
    text : str
    longest : int
        Largest number of characters, at least 1; an ellipsis replaces the rest.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def listed(names: Sequence[str], *, most: int = 3) -> str:
    """Return names as a phrase such as "a, b, c and 4 more".

    Parameters
    ----------
    names : sequence of str
        At least one.
    most : int
        Largest number of names to quote; the phrase counts the others.
    """
    *others, last = names if len(names) <= most else (*names[:most], f"{len(names) - most:,} more")
    return f"{', '.join(others)} and {last}" if others else last


def readable_size(size: int) -> str:
    """Return a number of bytes as readable text, such as "312.5 KiB"."""
    if size < 1024:
        return f"{size} bytes" if size != 1 else "1 byte"
    amount = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1024:.3g} TiB"
