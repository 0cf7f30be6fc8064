"""Memory for a result: it is allocated before the work, so that an error comes in time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import psutil

from napari_zerodce.errors import ImageError


def allocate(shape: tuple[int, ...], dtype: Any, *, opening: str) -> np.ndarray[Any, Any]:
    """Return an array to fill.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype-like
    opening : str
        The start of the error message, such as "The result needs".

    Raises
    ------
    ImageError
        If the array is larger than the free memory.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    check_memory(size, opening=opening)
    try:
        return np.empty(shape, dtype)
    except MemoryError as err:
        raise _too_large(size, opening) from err


def check_memory(size: int, *, opening: str) -> None:
    """Raise an ImageError if arrays are larger than the free memory.

    Parameters
    ----------
    size : int
        Bytes of all arrays.
    opening : str
        The start of the error message, such as "The result needs".
    """
    if size > psutil.virtual_memory().available:  # Linux would kill the process later
        raise _too_large(size, opening)


def _too_large(size: int, opening: str) -> ImageError:
    free = psutil.virtual_memory().available
    return ImageError(
        f"{opening} {size / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free; "
        "take fewer planes or a crop at a time."
    )
