"""The part of a plane to process for the screen: all of it, its visible part, or some pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import Final

LARGEST_VIEW: Final = 2**22
"""Samples. A 2048x2048 mono plane or a 1024x1365 colour photo: at most 128 MiB of maps."""


@dataclass(frozen=True)
class Viewport:
    """A rectangle of a plane, of which every `step`-th row and column is kept.

    Parameters
    ----------
    rows, columns : slice
        In pixels of the plane.
    step : int
    """

    rows: slice
    columns: slice
    step: int = 1

    @property
    def bounds(self) -> tuple[int, ...]:
        """The ends of rows and columns, and the step: unlike slices, they can be a key."""
        sides = (self.rows, self.columns)
        return (*(end for side in sides for end in (side.start, side.stop)), self.step)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of kept rows and columns."""
        rows, columns = (
            -(-(side.stop - side.start) // self.step) for side in (self.rows, self.columns)
        )
        return rows, columns

    def place_of(self, row: float, column: float) -> tuple[int, int] | None:
        """Return the kept pixel that shows a place of the plane, or None if it is outside.

        Parameters
        ----------
        row, column : float
            In pixels of the plane; the middle of a pixel is a whole number.
        """
        down, across = (
            _nearest(place, side, self.step, kept)
            for place, side, kept in zip(
                (row, column), (self.rows, self.columns), self.shape, strict=True
            )
        )
        return None if down is None or across is None else (down, across)


def viewport_for_screen(
    shape: tuple[int, int],
    colours: int,
    visible: tuple[slice, slice],
    *,
    largest: int = LARGEST_VIEW,
    whole: int | None = None,
) -> Viewport:
    """Choose the part of a plane to process, so small that any look of it is drawn at once.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the plane.
    colours : int
        1 or 3.
    visible : tuple of slice
        Rows and columns on screen, which may extend beyond the plane.
    largest : int
        Largest number of samples of the part.
    whole : int, optional
        Largest number of samples of a plane that is taken as a whole; by default `largest`.

    Returns
    -------
    Viewport
        The whole plane if it is small enough; otherwise its visible part, with every pixel if that
        is small enough.
    """
    if shape[0] * shape[1] * colours <= (largest if whole is None else whole):
        return Viewport(slice(0, shape[0]), slice(0, shape[1]))
    rows, columns = (_clipped(side, length) for side, length in zip(visible, shape, strict=True))
    samples = (rows.stop - rows.start) * (columns.stop - columns.start) * colours
    part = Viewport(rows, columns, max(1, ceil(sqrt(samples / largest))))
    while part.shape[0] * part.shape[1] * colours > max(largest, colours):
        part = replace(part, step=part.step + 1)  # rounding up can exceed the limit
    return part


def scaled(part: Viewport, factor: int, shape: tuple[int, int]) -> Viewport:
    """Return a part of a level of an image, in pixels of the finest level.

    Parameters
    ----------
    part : Viewport
    factor : int
        How many pixels of the finest level a pixel of the level covers, along each axis.
    shape : tuple of int
        Rows and columns of the finest level.
    """
    rows, columns = (
        slice(side.start * factor, min(length, side.stop * factor))
        for side, length in zip((part.rows, part.columns), shape, strict=True)
    )
    return Viewport(rows, columns, part.step * factor)


def _nearest(place: float, side: slice, step: int, kept: int) -> int | None:
    if not side.start - 0.5 <= place < side.stop - 0.5:  # the middle of a pixel is a whole number
        return None
    # The last kept pixel also shows the pixels behind it.
    nearest: int = round((place - side.start) / step)
    return min(nearest, kept - 1)


def _clipped(side: slice, length: int) -> slice:
    start = min(max(0, int(side.start)), length - 1)
    return slice(start, max(start + 1, min(length, int(side.stop))))
