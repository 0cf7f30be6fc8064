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
    free = psutil.virtual_memory().available
    try:
        if size > free:  # Linux would allow it, and kill the process later
            raise MemoryError
        return np.empty(shape, dtype)
    except MemoryError as err:
        raise ImageError(
            f"{opening} {size / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free; "
            "take fewer planes or a crop at a time."
        ) from err


def free_memory(part: float) -> int:
    """Return a part of the memory that is free now, in bytes.

    Parameters
    ----------
    part : float
        From 0 to 1.
    """
    return int(part * psutil.virtual_memory().available)
