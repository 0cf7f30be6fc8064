"""Files of one shape as one array: a file is read when a plane of it is needed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.images import read_image
from napari_zerodce.imaging.planes import Array

_MOST_KEPT: Final = 2**28
"""Bytes of files that are kept: a file is needed for the window, for its exposure, for its curves
and for its planes, often one after the other."""


class FileStack:
    """An array of files, along its first axis.

    It may be used by several threads.

    Parameters
    ----------
    paths : sequence of Path
    first : ImageFile
        The image of one of the files, perhaps without pixels; all have its shape and dtype.
    read : callable, optional
        Reads a file of one image.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        first: ImageFile,
        *,
        read: Callable[[Path], ImageFile] = read_image,
    ) -> None:
        self.paths = tuple(paths)
        self.shape: tuple[int, ...] = (len(paths), *first.array.shape)
        self.dtype: np.dtype[Any] = first.array.dtype.newbyteorder("=")
        self.chunks = (1, *first.array.shape)
        self._read, self._lock = read, threading.RLock()
        self._kept: OrderedDict[int, ImageFile] = OrderedDict()

    def some(self, numbers: Sequence[int]) -> FileStack:
        """Return the stack of some of the files.

        Parameters
        ----------
        numbers : sequence of int
        """
        found = copy(self)
        found.paths = tuple(self.paths[number] for number in numbers)
        found.shape = (len(numbers), *self.shape[1:])
        found._lock, found._kept = threading.RLock(), OrderedDict()
        return found

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def file(self, number: int) -> ImageFile:
        """Return the image of a file.

        Parameters
        ----------
        number : int

        Raises
        ------
        ImageError
            If it cannot be read.
        """
        with self._lock:
            if number not in self._kept:
                self._kept[number] = self._read(self.paths[number])
            self._kept.move_to_end(number)
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return self._kept[number]

    def __getitem__(self, key: Any) -> Array:
        """Return a region; `key` holds integers and slices, that of the files first."""
        first, *rest = key if isinstance(key, tuple) else (key,)
        if not isinstance(first, slice):
            return np.asarray(self._array(int(first))[tuple(rest)])
        numbers = range(*first.indices(self.shape[0]))
        return np.stack([self._array(number)[tuple(rest)] for number in numbers])

    def _array(self, number: int) -> Array:
        array = self.file(number).array
        if (array.shape, array.dtype.newbyteorder("=")) != (self.shape[1:], self.dtype):
            raise ImageError(
                f"{self.paths[number].name} has changed since the command began; start it again."
            )
        return array


def _size(image: ImageFile) -> int:
    return 0 if isinstance(image.array, np.memmap) else image.array.nbytes
