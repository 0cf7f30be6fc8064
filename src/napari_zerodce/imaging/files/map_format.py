"""What each module of a format for curve maps has; a further format is one module and one row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from napari_zerodce.imaging.planes import Array

DTYPE: Final = np.dtype("<f4")


class Maps(Protocol):
    """What maps can be written to by slices, tile by tile."""

    def __setitem__(self, key: Any, block: Array) -> None:
        """Write a block, shape (8, C, h, w), at (..., all, all, rows, columns)."""
        ...


class MapFormat(Protocol):
    """A module that writes files of curve maps."""

    @property
    def SUFFIXES(self) -> tuple[str, ...]:  # noqa: N802  a constant of the module
        """Of its files, lower-case and with the dot."""
        ...

    @property
    def IS_COMPRESSED(self) -> bool:  # noqa: N802
        """Whether a file may be smaller than its numbers."""
        ...

    @property
    def IS_FOLDER(self) -> bool:  # noqa: N802
        """Whether a "file" is a folder."""
        ...

    def is_one(self, path: Path) -> bool:
        """Whether something that exists looks like one of its files, so that it may be replaced."""
        ...

    def check_stack_axes(self, path: Path, stack: str) -> None:
        """Raise an `ImageError` if such a file has no room for the axes of a stack."""
        ...

    def create(
        self, path: Path, shape: tuple[int, ...], *, stack: str, facts: Mapping[str, Any]
    ) -> AbstractContextManager[Maps]:
        """Make a file, to be filled inside the ``with`` block; parameters as of `open_maps`."""
        ...


def size_of(shape: tuple[int, ...]) -> int:
    """Return how many bytes maps take on a disk; compressed they are smaller."""
    return math.prod(shape) * DTYPE.itemsize
