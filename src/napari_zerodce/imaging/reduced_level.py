"""Coarser levels of a large lazy plane that has none: averages, made when they are read."""

from __future__ import annotations

from math import ceil, prod, sqrt
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.keys import complete_key, picked, span_of, without_integers
from napari_zerodce.imaging.planes import Array

_FACTOR: Final = 4
"""Between levels: few levels, of which each reads little more than the screen shows."""

_LARGEST_PLAIN: Final = 4096
"""Pixels along a side. napari reads planes without levels whole: larger ones take long."""

_LARGEST_COARSEST: Final = 2048
_AVERAGED: Final = 4
"""Samples along a side that a pixel is the average of, at most: more of them change little."""

_MOST_PIXELS_OF_DRAFT: Final = 2**17
"""0.2 s for Zero-DCE on two cores."""

_AT_ONCE: Final = 2**24
_CHUNK: Final = 512


class ReducedLevel:
    """A coarser level of an array; a region of it reads that region of the array.

    Parameters
    ----------
    array : array-like
    factor : int
        How many pixels of the array, along rows and along columns, become one.
    rows : int
        The position of the axis of rows; that of columns follows.
    """

    def __init__(self, array: Any, factor: int, rows: int) -> None:
        self._array, self._factor, self._rows = array, factor, rows
        before, after = tuple(array.shape[:rows]), tuple(array.shape[rows + 2 :])
        sides = (max(1, length // factor) for length in array.shape[rows : rows + 2])
        self.shape: tuple[int, ...] = (*before, *sides, *after)
        self.chunks = (*(1,) * rows, _CHUNK, _CHUNK, *after)
        self.dtype: np.dtype[Any] = np.dtype(array.dtype)
        self.ndim, self.size = len(self.shape), prod(self.shape)

    def of(self, array: Any) -> ReducedLevel:
        """Return the same level of another array.

        Parameters
        ----------
        array : array-like
        """
        return ReducedLevel(array, self._factor, self._rows)

    def __getitem__(self, key: Any) -> Array:
        """Return a region; `key` holds integers, slices and an ellipsis."""
        parts = complete_key(key, self.ndim)
        places = picked(parts, self.shape)
        made: Array = np.empty(tuple(map(len, places)), self.dtype)
        (rows, down), (columns, across) = map(span_of, places[self._rows : self._rows + 2])
        for number in np.ndindex(made.shape[: self._rows]) if made.size else ():
            plane = tuple(axis[i] for axis, i in zip(places, number, strict=False))
            region = self._region(plane, rows, columns)
            made[number] = region[(down, across, *parts[self._rows + 2 :])]
        chosen: Array = made[without_integers(parts)]
        return chosen

    def _region(self, plane: tuple[int, ...], rows: slice, columns: slice) -> Array:
        """Return rows and columns of a plane, read in bands that fit into little memory."""
        factor, width = self._factor, self._array.shape[self._rows + 1]
        end = max(1, width) if self.shape[self._rows + 1] == 1 else columns.stop * factor
        band = max(1, _AT_ONCE // ((end - columns.start * factor) * factor))
        bands = []
        for first in range(rows.start, rows.stop, band):
            stop = min(first + band, rows.stop) * factor
            across = slice(columns.start * factor, end)
            block = np.asarray(self._array[(*plane, slice(first * factor, stop), across)])
            bands.append(self._averaged(block))
        return np.concatenate(bands)

    def _averaged(self, block: Array) -> Array:
        step = max(1, self._factor // _AVERAGED)
        side = self._factor // step
        thin = block[::step, ::step]
        shape = (max(1, thin.shape[0] // side), max(1, thin.shape[1] // side))
        down, across = (min(side, length) for length in thin.shape[:2])
        cut = thin[: shape[0] * down, : shape[1] * across]
        cells = cut.reshape(shape[0], down, shape[1], across, *cut.shape[2:])
        average = cells.mean((1, 3), dtype=np.float64)
        rounded = average if self.dtype.kind == "f" else np.rint(average)
        level: Array = rounded.astype(self.dtype)
        return level


def reduced_levels(array: Any, rows: int, extent: tuple[int, int]) -> list[ReducedLevel]:
    """Return coarser levels for an array of large planes; empty if they are not large.

    Parameters
    ----------
    array : array-like
    rows : int
        The position of the axis of rows.
    extent : tuple of int
        Rows and columns of what will be shown.
    """
    factors, factor = [], _FACTOR
    while max(extent) > _LARGEST_PLAIN and max(extent) * _FACTOR > _LARGEST_COARSEST * factor:
        factors.append(factor)
        factor *= _FACTOR
    return [ReducedLevel(array, factor, rows) for factor in factors]


def draft_level(array: Any, rows: int, extent: tuple[int, int]) -> ReducedLevel | None:
    """Return a level with few enough pixels to be there at once, None for small planes.

    Parameters
    ----------
    array : array-like
    rows : int
        The position of the axis of rows.
    extent : tuple of int
        Rows and columns of what will be shown.
    """
    pixels = prod(extent)
    if pixels <= 2 * _MOST_PIXELS_OF_DRAFT:
        return None
    return ReducedLevel(array, ceil(sqrt(pixels / _MOST_PIXELS_OF_DRAFT)), rows)
