"""The interface of each module that writes one file format for curve parameter maps."""

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
    """An object that takes maps by slices, tile by tile."""

    def __setitem__(self, key: Any, block: Array) -> None:
        """Write a block of maps.

        Parameters
        ----------
        key : tuple
            (..., all, all, rows, columns), with the index of the plane in place of the dots.
        block : ndarray, shape (8, C, h, w), float32
        """
        ...


class MapFormat(Protocol):
    """A module that writes files of curve parameter maps."""

    @property
    def SUFFIXES(self) -> tuple[str, ...]:  # noqa: N802  a constant of the module
        """Suffixes of its files, lower-case and with the dot."""
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
        """Return whether an existing path looks like one of its files and may be replaced."""
        ...

    def check_stack_axes(self, path: Path, stack: str) -> None:
        """Raise an `ImageError` if the format has no place for the axes of a stack.

        Parameters
        ----------
        path : Path
            File to create.
        stack : str
            A letter for each axis of the stack, as from `stack_axes`.
        """
        ...

    def create(
        self, path: Path, shape: tuple[int, ...], *, stack: str, facts: Mapping[str, Any]
    ) -> AbstractContextManager[Maps]:
        """Create a file, which the caller fills inside the ``with`` block.

        Parameters
        ----------
        path, shape, stack, facts
            As in `open_maps`.
        """
        ...


def size_of(shape: tuple[int, ...]) -> int:
    """Return the size of maps in bytes, before compression."""
    return math.prod(shape) * DTYPE.itemsize
