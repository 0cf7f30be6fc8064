"""Curve maps as .npy: the numbers alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.map_format import DTYPE, size_of
from napari_zerodce.imaging.files.map_rows import Rows, is_one

__all__ = ["IS_COMPRESSED", "IS_FOLDER", "SUFFIXES", "check_stack_axes", "create", "is_one"]

SUFFIXES: Final = (".npy",)
IS_COMPRESSED: Final = False
IS_FOLDER: Final = False


def check_stack_axes(_path: Path, _stack: str) -> None:
    """Refuse nothing: there is room for any axes."""


@contextmanager
def create(
    path: Path, shape: tuple[int, ...], *, stack: str, facts: Mapping[str, Any]
) -> Iterator[Rows]:
    """Make a file, to be filled inside the ``with`` block; it has no place for the facts."""
    del stack, facts
    with Rows(path, _begin(path, shape), shape) as rows:
        yield rows


def _begin(path: Path, shape: tuple[int, ...]) -> int:
    """Write a file without its numbers and return where they begin."""
    header = {"descr": DTYPE.str, "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        offset = file.tell()
        file.truncate(offset + size_of(shape))
    return offset
