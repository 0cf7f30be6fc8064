"""Which part of a plane is worked on for the screen: all, what is visible, every few pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import Final

LARGEST_VIEW: Final = 2**22
"""Samples. A 2048x2048 mono plane or a 1024x1365 colour photo: 128 MiB of maps at the most."""


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
        """How many rows and columns are kept."""
        rows, columns = (
            -(-(side.stop - side.start) // self.step) for side in (self.rows, self.columns)
        )
        return rows, columns

    def place_of(self, row: float, column: float) -> tuple[int, int] | None:
        """Return which kept pixel shows a place of the plane, None if it lies outside."""
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
) -> Viewport:
    """Choose the part of a plane to work on so that every look of it is there at once.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the plane.
    colours : int
        1 or 3.
    visible : tuple of slice
        Rows and columns on screen; they may reach beyond the plane.
    largest : int
        Samples the part may have.

    Returns
    -------
    Viewport
        The whole plane if it is small enough; otherwise what is visible, every pixel of it if that
        is small enough.
    """
    whole = Viewport(slice(0, shape[0]), slice(0, shape[1]))
    if shape[0] * shape[1] * colours <= largest:
        return whole
    rows, columns = (_clipped(side, length) for side, length in zip(visible, shape, strict=True))
    samples = (rows.stop - rows.start) * (columns.stop - columns.start) * colours
    part = Viewport(rows, columns, max(1, ceil(sqrt(samples / largest))))
    while part.shape[0] * part.shape[1] * colours > max(largest, colours):
        part = replace(part, step=part.step + 1)  # every few of few rows are more than that part
    return part


def _nearest(place: float, side: slice, step: int, kept: int) -> int | None:
    if not side.start - 0.5 <= place < side.stop - 0.5:  # pixels have their middle at whole numbers
        return None
    # The last kept pixel also stands for those behind it.
    nearest: int = round((place - side.start) / step)
    return min(nearest, kept - 1)


def _clipped(side: slice, length: int) -> slice:
    start = min(max(0, int(side.start)), length - 1)
    return slice(start, max(start + 1, min(length, int(side.stop))))
