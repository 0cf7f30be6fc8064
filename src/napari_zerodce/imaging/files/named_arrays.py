"""Which of the named arrays in a file are images, and which are tables, labels or other numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from napari_zerodce.errors import ImageError

Header = tuple[tuple[int, ...], np.dtype[Any]]
"""Shape and dtype of an array."""

_LABELS: Final = re.compile(r"label|mask|segment|annotation", re.IGNORECASE)
_SHORTEST: Final = 8  # pixels; lists of coordinates and boxes have fewer columns
_MOST_LISTED: Final = 5


def images_among(arrays: Mapping[str, Header], file: str) -> tuple[str, ...]:
    """Return the names of the arrays that are images, as far as names, shapes and dtypes tell.

    An image has real numbers, and two axes of 8 or more pixels; names with "label" or "mask" are
    labels. The only array with two axes is always an image.

    Parameters
    ----------
    arrays : mapping of str to tuple
    file : str
        Its name, for the message.

    Raises
    ------
    ImageError
        If there is no image.
    """
    possible = [name for name, header in arrays.items() if _has_planes(*header)]
    images = [name for name in possible if _is_image(name, arrays[name][0])]
    chosen = tuple(images or possible[:1] if len(possible) < 2 else images)
    if not chosen:
        raise ImageError(
            f"{file} holds no image, only {_listed(arrays)}; give a file with an array of numbers "
            "that has rows and columns."
        )
    return chosen


def _has_planes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    is_number = dtype.kind in "iu" or (dtype.kind == "f" and dtype.itemsize <= 8)
    return is_number and len(shape) >= 2 and 0 not in shape


def _is_image(name: str, shape: tuple[int, ...]) -> bool:
    long = sum(length >= _SHORTEST for length in shape)
    return long >= 2 and not _LABELS.search(name)


def _listed(names: Iterable[str]) -> str:
    first = list(names)
    more = ", ..." if len(first) > _MOST_LISTED else ""
    return ", ".join(first[:_MOST_LISTED]) + more if first else "other data"
