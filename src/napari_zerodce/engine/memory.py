"""Room in memory for a result, or one sentence before anything is computed in vain."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import psutil

from napari_zerodce.errors import ImageError


def allocate(shape: tuple[int, ...], dtype: Any, *, for_whom: str) -> np.ndarray[Any, Any]:
    """Return an array that is still to be filled.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype-like
    for_whom : str
        Begins the error's sentence, such as "The result needs".

    Raises
    ------
    ImageError
        If it is larger than the free memory.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    free = psutil.virtual_memory().available
    try:
        if size > free:  # Linux would say yes, and kill the process later
            raise MemoryError
        return np.empty(shape, dtype)
    except MemoryError as err:
        raise ImageError(
            f"{for_whom} {size / 2**30:.1f} GiB of memory, and {free / 2**30:.1f} GiB are free; "
            "take fewer planes or a crop at a time."
        ) from err
