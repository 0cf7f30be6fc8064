"""Memory for a result: it is allocated before the work, so that an error comes in time."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import psutil

from napari_zerodce.errors import ImageError

LESS_AT_A_TIME: Final = "take fewer planes or a crop at a time"

_budget: list[int | None] = [None]  # of this process: its results are in the same memory


def set_budget(largest: int | None) -> None:
    """Set the most memory of one array in this process.

    Parameters
    ----------
    largest : int, optional
        In bytes; None: as much as is free.
    """
    _budget[0] = largest


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
        If the array is larger than the free memory or the memory budget.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    check_memory(size, opening=opening)
    try:
        return np.empty(shape, dtype)
    except MemoryError as err:
        raise _too_large(size, opening) from err


def check_memory(size: int, *, opening: str, advice: str = LESS_AT_A_TIME) -> None:
    """Raise an ImageError if arrays are larger than the free memory or the memory budget.

    Parameters
    ----------
    size : int
        Bytes of all arrays.
    opening : str
        The start of the error message, such as "The result needs".
    advice : str
        What to try.
    """
    if (budget := _budget[0]) is not None and size > budget:
        raise ImageError(
            f"{opening} {_gib(size)} of memory, and the preference 'Memory budget' allows "
            f"{_gib(budget)}; raise it, or {advice}."
        )
    if size > psutil.virtual_memory().available:  # Linux would kill the process later
        raise _too_large(size, opening, advice)


def _too_large(size: int, opening: str, advice: str = LESS_AT_A_TIME) -> ImageError:
    free = psutil.virtual_memory().available
    return ImageError(f"{opening} {_gib(size)} of memory, and {_gib(free)} are free; {advice}.")


def room_for_blocks(part: float) -> int:
    """Return the memory for results that can be computed again, in bytes.

    Parameters
    ----------
    part : float
        Of the free memory, from 0 to 1; it is never more than the memory budget.
    """
    room = int(part * psutil.virtual_memory().available)
    budget = _budget[0]
    return room if budget is None else min(room, budget)


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
