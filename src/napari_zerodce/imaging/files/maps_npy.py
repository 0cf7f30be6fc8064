"""Curve parameter maps as .npy: the numbers alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.map_format import DTYPE, size_of
from napari_zerodce.imaging.files.map_rows import Rows, check_stack_axes, is_one

__all__ = ["IS_COMPRESSED", "IS_FOLDER", "SUFFIXES", "check_stack_axes", "create", "is_one"]

SUFFIXES: Final = (".npy",)
IS_COMPRESSED: Final = False
IS_FOLDER: Final = False


@contextmanager
def create(
    path: Path, shape: tuple[int, ...], *, stack: str, facts: Mapping[str, Any]
) -> Iterator[Rows]:
    """Create a file, which the caller fills inside the ``with`` block.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        (..., 8, C, rows, columns)
    stack, facts
        Ignored, because the format has no place for them.
    """
    del stack, facts
    with Rows(path, _begin(path, shape), shape) as rows:
        yield rows


def _begin(path: Path, shape: tuple[int, ...]) -> int:
    """Create a file without its numbers and return the offset of the first one in bytes."""
    header = {"descr": DTYPE.str, "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        offset = file.tell()
        file.truncate(offset + size_of(shape))
    return offset
