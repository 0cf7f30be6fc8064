"""What is read from a TIFF once, however many images ask for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

import tifffile

T = TypeVar("T")


def once_per_file(read: Callable[[tifffile.TiffFile], T]) -> Callable[[tifffile.TiffFile], T]:
    """Return a function that keeps what it has read as long as the file object is there.

    Parameters
    ----------
    read : callable
        Reads something from an open file that does not change.
    """
    known: WeakKeyDictionary[tifffile.TiffFile, T] = WeakKeyDictionary()

    @wraps(read)
    def remembered(file: tifffile.TiffFile) -> T:
        if file not in known:
            known[file] = read(file)
        return known[file]

    return remembered
