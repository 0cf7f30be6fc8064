"""The keys that arrays are read with: integers, slices and an ellipsis, completed for each axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def complete_key(key: Any, ndim: int) -> tuple[Any, ...]:
    """Return a key with an integer or a slice for each axis.

    Parameters
    ----------
    key : int, slice, Ellipsis or tuple of these
    ndim : int

    Raises
    ------
    IndexError
        If the key has other parts, or too many.
    """
    parts = key if isinstance(key, tuple) else (key,)
    if any(part is not Ellipsis and not _is_basic(part) for part in parts):
        raise IndexError("a lazy layer is read with integers and slices only")
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        rest = ndim - len(parts) + 1
        parts = (*parts[:place], *(slice(None),) * rest, *parts[place + 1 :])
    if len(parts) > ndim:
        raise IndexError(f"{len(parts)} indices for {ndim} axes")
    return (*parts, *(slice(None),) * (ndim - len(parts)))


def picked(key: Sequence[Any], shape: Sequence[int]) -> list[range]:
    """Return the places along each axis that a complete key picks; an integer picks one.

    Parameters
    ----------
    key : sequence of int or slice
    shape : sequence of int

    Raises
    ------
    IndexError
        If an integer is outside.
    """
    return [_picked(part, length) for part, length in zip(key, shape, strict=True)]


def span_of(places: range) -> tuple[slice, slice]:
    """Return the smallest slice that holds some places, and where they are within it.

    Parameters
    ----------
    places : range
    """
    if not places:
        return slice(0, 0), slice(0, 0)
    low, high = min(places[0], places[-1]), max(places[0], places[-1])
    end = places[-1] - low + (1 if places.step > 0 else -1)
    return slice(low, high + 1), slice(places[0] - low, None if end < 0 else end, places.step)


def without_integers(key: Sequence[Any]) -> tuple[Any, ...]:
    """Return the key that drops the axes of integers from an array of all picked places.

    Parameters
    ----------
    key : sequence of int or slice
    """
    return tuple(slice(None) if isinstance(part, slice) else 0 for part in key)


def _picked(part: Any, length: int) -> range:
    if isinstance(part, slice):
        return range(length)[part]
    place = range(length)[part]
    return range(place, place + 1)


def _is_basic(part: Any) -> bool:
    return isinstance(part, slice | int | np.integer)
