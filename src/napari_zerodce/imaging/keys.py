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


def whole_key(shape: Sequence[int]) -> tuple[slice, ...]:
    """Return the key of all of an array, which also arrays accept that know no ellipsis.

    Parameters
    ----------
    shape : sequence of int
    """
    return tuple(slice(0, int(length)) for length in shape)


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


def pieces_of(places: range, side: int) -> list[tuple[int, slice, slice]]:
    """Return where places along an axis lie in tiles of it.

    Parameters
    ----------
    places : range
    side : int
        Of a tile.

    Returns
    -------
    list of (int, slice, slice)
        The number of a tile, which of the places it has, and where they are within it.
    """
    if places.step < 0:
        count = len(places)
        return [
            (number, slice(count - which.stop, count - which.start), _backwards(within))
            for number, which, within in pieces_of(places[::-1], side)
        ]
    tiles = range(places[0] // side, places[-1] // side + 1) if places else ()
    found = ((number, _between(places, number * side, (number + 1) * side)) for number in tiles)
    return [
        (number, which, _moved(places[which], -number * side))
        for number, which in found
        if which.start < which.stop
    ]


def _between(places: range, start: int, stop: int) -> slice:
    """Return which of ascending places are from `start` on and before `stop`."""
    first, end = (-((places.start - edge) // places.step) for edge in (start, stop))
    return slice(max(0, first), min(len(places), end))


def _moved(places: range, offset: int) -> slice:
    return slice(places.start + offset, places.stop + offset, places.step)


def _backwards(part: slice) -> slice:
    return as_slice(range(part.start, part.stop, part.step)[::-1])


def as_slice(places: range) -> slice:
    """Return the slice that picks places, which are not negative, of any longer axis.

    Parameters
    ----------
    places : range
    """
    return slice(places.start, None if places.stop < 0 else places.stop, places.step)


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
