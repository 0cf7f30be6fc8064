"""Files of curve maps, .npy, TIFF and OME-Zarr: made empty and filled tile by tile."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tifffile

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.ome_zarr import check_stack_axes, create_maps
from napari_zerodce.imaging.planes import Array, layout_of

ZARR = ".zarr"
MAP_SUFFIXES = (".npy", ".tif", ".tiff", ZARR)

_DTYPE = np.dtype("<f4")
_OWN_AXES = "ICYX"  # iteration, channel, row, column in the letters of TIFF
_OTHER = "Q"
_LARGEST_CLASSIC_TIFF = 2**32 - 2**25  # its offsets have 32 bits
_BYTES_OF_PAGE = 512  # what a page takes besides its pixels


class Maps(Protocol):
    """What maps can be written to by slices, tile by tile."""

    def __setitem__(self, key: Any, block: Array) -> None:
        """Write a block, shape (8, C, h, w), at (..., all, all, rows, columns)."""
        ...


def stack_axes(image: ImageFile) -> str:
    """Return one letter for each leading axis of an image: "Q", "other", where it is not known."""
    layout = layout_of(image.array, channels=image.channels)
    axes: str = image.details.get("axes", "")
    count = len(layout.leading)
    return axes[:count] if len(axes) == len(layout.shape) else _OTHER * count


def check_can_hold(path: Path, stack: str) -> None:
    """Raise an `ImageError` if such a file cannot hold the maps of a stack with these axes."""
    if path.suffix.lower() == ZARR:
        check_stack_axes(path, stack)


def size_of(shape: tuple[int, ...]) -> int:
    """Return how many bytes maps take on a disk; compressed they are smaller."""
    return math.prod(shape) * _DTYPE.itemsize


@contextmanager
def open_maps(
    path: Path, shape: tuple[int, ...], *, stack: str, facts: Mapping[str, Any]
) -> Iterator[Maps]:
    """Make a file for maps, to be filled inside the ``with`` block.

    Parameters
    ----------
    path : Path
        Its suffix decides the kind.
    shape : tuple of int
        (..., 8, C, rows, columns)
    stack : str
        A letter for each axis before those, as from `stack_axes`.
    facts : mapping
        Plain values that say how the maps were made; .npy has no place for them.

    Yields
    ------
    Maps
        Of float32. No more than a few tiles are kept in memory, and nothing is mapped: where a disk
        is full, writing to a mapping kills the process instead of raising an error.

    Raises
    ------
    OSError
        If the disk is full or the file cannot be made.
    """
    suffix = path.suffix.lower()
    if suffix == ZARR:
        yield create_maps(path, shape, stack=stack, facts=facts)
        return
    offset = _begin_npy(path, shape) if suffix == ".npy" else _begin_tiff(path, shape, stack, facts)
    with _Rows(path, offset, shape) as rows:
        yield rows


def _begin_npy(path: Path, shape: tuple[int, ...]) -> int:
    """Write a file without its numbers and return where they begin."""
    header = {"descr": _DTYPE.str, "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        offset = file.tell()
        file.truncate(offset + size_of(shape))
    return offset


def _begin_tiff(path: Path, shape: tuple[int, ...], stack: str, facts: Mapping[str, Any]) -> int:
    pages = math.prod(shape[:-2])
    # No letter twice: what a stack of channels is of, tifffile would take for the maps' channels.
    stack = "".join(_OTHER if letter in _OWN_AXES else letter for letter in stack)
    written = tifffile.imwrite(
        path,
        shape=shape,
        dtype=_DTYPE,
        byteorder="<",
        ome=False,  # which has no such axes, whatever the file is called
        bigtiff=size_of(shape) + pages * _BYTES_OF_PAGE > _LARGEST_CLASSIC_TIFF,
        photometric="minisblack",
        metadata={"axes": stack + _OWN_AXES, **facts},
        returnoffset=True,
    )
    assert written  # nothing is compressed: the numbers lie one after the other
    return written[0]


class _Rows:
    """Numbers in a file, in the order of a C array, of which rows of tiles are written."""

    def __init__(self, path: Path, offset: int, shape: tuple[int, ...]) -> None:
        self._offset, self._shape = offset, shape
        self._file = path.open("r+b", buffering=0)  # a buffer is of no use between two seeks

    def __enter__(self) -> _Rows:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __setitem__(self, key: Any, block: Array) -> None:
        *index, _, _, rows, columns = key
        height, width = self._shape[-2:]
        plane = np.ravel_multi_index(index, self._shape[: len(index)]) if index else 0
        lines = np.ascontiguousarray(block, _DTYPE).reshape(-1, *block.shape[-2:])
        for number, lines_of_map in enumerate(lines, start=int(plane) * len(lines)):
            for row, line in enumerate(lines_of_map, start=rows.start):
                place = (number * height + row) * width + columns.start
                self._file.seek(self._offset + place * _DTYPE.itemsize)
                if self._file.write(line) < line.nbytes:  # how the last bytes of a disk are given
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
