"""How tiles are written into a file without compression: row by row, each at its place."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, Self

import numpy as np

from napari_zerodce.imaging.files.map_format import DTYPE
from napari_zerodce.imaging.planes import Array


def is_one(path: Path) -> bool:
    """Return whether a path is a file with any content."""
    try:
        return not path.is_dir()
    except OSError:  # a link into a forbidden folder: writing there raises the error
        return True


def check_stack_axes(_path: Path, _stack: str) -> None:
    """Accept any axes, because such a format has a place for all of them.

    Parameters
    ----------
    _path : Path
    _stack : str
    """


class Rows:
    """Numbers in a file, in C order, written tile by tile.

    Parameters
    ----------
    path : Path
        A file that already has its full size.
    offset : int
        Place of the first number in the file, in bytes.
    shape : tuple of int
        (..., 8, C, rows, columns)
    """

    def __init__(self, path: Path, offset: int, shape: tuple[int, ...]) -> None:
        self._offset, self._shape = offset, shape
        self._file = path.open("r+b", buffering=0)  # each row needs a seek, so no buffer helps

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __setitem__(self, key: Any, block: Array) -> None:
        *index, _, _, rows, columns = key
        height, width = self._shape[-2:]
        plane = np.ravel_multi_index(index, self._shape[: len(index)]) if index else 0
        lines = np.ascontiguousarray(block, DTYPE).reshape(-1, *block.shape[-2:])
        for number, lines_of_map in enumerate(lines, start=int(plane) * len(lines)):
            for row, line in enumerate(lines_of_map, start=rows.start):
                place = (number * height + row) * width + columns.start
                self._file.seek(self._offset + place * DTYPE.itemsize)
                if self._file.write(line) < line.nbytes:  # the disk became full within the row
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
