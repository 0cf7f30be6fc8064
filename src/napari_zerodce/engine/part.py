"""Which part of a plane is worked on for the screen: all, what is visible, every few pixels."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

LARGEST_VIEW: Final = 2**22
"""Samples. A 2048x2048 mono plane or a 1024x1365 colour photo: 128 MiB of maps at the most."""


@dataclass(frozen=True)
class Part:
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
    def shape(self) -> tuple[int, int]:
        """How many rows and columns are kept."""
        rows, columns = (
            -(-(side.stop - side.start) // self.step) for side in (self.rows, self.columns)
        )
        return rows, columns

    def place_of(self, row: float, column: float) -> tuple[int, int] | None:
        """Return which kept pixel shows a place of the plane, None if it lies outside."""
        down = round((row - self.rows.start) / self.step)
        across = round((column - self.columns.start) / self.step)
        rows, columns = self.shape
        return (down, across) if 0 <= down < rows and 0 <= across < columns else None


def part_for_screen(
    shape: tuple[int, int],
    colours: int,
    visible: tuple[slice, slice],
    *,
    largest: int = LARGEST_VIEW,
) -> Part:
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
    Part
        The whole plane if it is small enough; otherwise what is visible, every pixel of it if that
        is small enough.
    """
    whole = Part(slice(0, shape[0]), slice(0, shape[1]))
    if shape[0] * shape[1] * colours <= largest:
        return whole
    rows, columns = (_clipped(side, length) for side, length in zip(visible, shape, strict=True))
    samples = (rows.stop - rows.start) * (columns.stop - columns.start) * colours
    return Part(rows, columns, max(1, ceil(sqrt(samples / largest))))


def _clipped(side: slice, length: int) -> slice:
    start = min(max(0, int(side.start)), length - 1)
    return slice(start, max(start + 1, min(length, int(side.stop))))
