"""The files of folders that a command leaves out, counted by their suffix, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from napari_zerodce.cli.file_plan import is_folder
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.folders import others_below
from napari_zerodce.imaging.files.images import kind_of
from napari_zerodce.imaging.files.urls import named

_MOST: Final = 8
"""Suffixes that are listed; a folder may have any number of them."""


def count_left_out(
    inputs: Sequence[str], output: str, *, suffixes: Collection[str]
) -> Mapping[str, int]:
    """Return how many files of the folders of a command are left out, by their suffix.

    Parameters
    ----------
    inputs, output, suffixes
        As in `plan_files`.

    Raises
    ------
    RequestError
        If a folder cannot be read.
    """
    folders = [Path(text) for text in inputs if is_folder(named(text))]
    found: Counter[str] = Counter()
    for folder in folders:
        others = others_below(folder, suffixes, skip=Path(output))
        found.update(path.suffix.lower() for path in others)
    return found


def in_words(left_out: Mapping[str, int]) -> str:
    """Return "12 .heic (pip install ...), 3 .txt", or "" if nothing is left out.

    Parameters
    ----------
    left_out : mapping of str to int
        As `count_left_out` returns it.
    """
    lines = {suffix: _install_line(suffix) for suffix in left_out}
    ordered = sorted(left_out, key=lambda suffix: (not lines[suffix], -left_out[suffix], suffix))
    told = [
        f"{left_out[suffix]} {suffix or 'without a suffix'}"
        + (f" ({lines[suffix]})" if lines[suffix] else "")
        for suffix in ordered[:_MOST]
    ]
    others = sum(left_out[suffix] for suffix in ordered[_MOST:])
    return ", ".join([*told, *([f"{others} others"] if others else [])])


def _install_line(suffix: str) -> str:
    """Return the line that installs what such files need, "" if nothing reads them."""
    try:
        kind = kind_of(f"x{suffix}")
    except ImageError:
        return ""
    return "" if kind.is_installed else kind.install_line
