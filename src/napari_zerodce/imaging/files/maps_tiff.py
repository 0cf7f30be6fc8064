"""Curve parameter maps as TIFF: pages with named axes, and the facts about their making."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import tifffile

from napari_zerodce.imaging.files.map_format import DTYPE, size_of
from napari_zerodce.imaging.files.map_rows import Rows, check_stack_axes, is_one

__all__ = ["IS_COMPRESSED", "IS_FOLDER", "SUFFIXES", "check_stack_axes", "create", "is_one"]

SUFFIXES: Final = (".tif", ".tiff")
IS_COMPRESSED: Final = False
IS_FOLDER: Final = False

_OWN_AXES = "ICYX"  # iteration, channel, row, column in the letters of TIFF
_OTHER = "Q"
_LARGEST_CLASSIC_TIFF = 2**32 - 2**25  # its offsets have 32 bits
_BYTES_OF_PAGE = 512  # needed by a page in addition to its pixels


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
    stack : str
        A letter for each axis before those.
    facts : mapping
        Plain values for the TIFF's description.
    """
    with Rows(path, _begin(path, shape, stack, facts), shape) as rows:
        yield rows


def _begin(path: Path, shape: tuple[int, ...], stack: str, facts: Mapping[str, Any]) -> int:
    pages = math.prod(shape[:-2])
    # No letter twice: tifffile would take a stack of channels for the maps' channels.
    stack = "".join(_OTHER if letter in _OWN_AXES else letter for letter in stack)
    written = tifffile.imwrite(
        path,
        shape=shape,
        dtype=DTYPE,
        byteorder="<",
        ome=False,  # OME has no such axes, even if the file is called .ome.tif
        bigtiff=size_of(shape) + pages * _BYTES_OF_PAGE > _LARGEST_CLASSIC_TIFF,
        photometric="minisblack",
        metadata={"axes": stack + _OWN_AXES, **facts},
        returnoffset=True,
    )
    assert written  # without compression, the numbers are contiguous
    return written[0]
