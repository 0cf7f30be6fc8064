"""A table of measures: names of rows, numbers, and its text in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes
    ----------
    title : str
    digits : int
        Digits after the point.
    """

    title: str
    digits: int


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    title : str
        What was measured, and on what.
    columns : tuple of Column
        Without the column of the names.
    rows : tuple of (str, tuple of float)
        A name, and a number for each column; NaN where there is none.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]

    def cells(self) -> list[list[str]]:
        """Return the rows as texts, the name first."""
        return [
            [name, *(written(number, column.digits) for number, column in self._paired(numbers))]
            for name, numbers in self.rows
        ]

    def markdown(self) -> str:
        """Return the title and the table in Markdown."""
        titles = ("", *(column.title for column in self.columns))
        return f"{self.title}\n\n{markdown_table(titles, self.cells())}"

    def _paired(self, numbers: Sequence[float]) -> Iterable[tuple[float, Column]]:
        return zip(numbers, self.columns, strict=True)


def markdown_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def written(number: float, digits: int) -> str:
    """Return a number with a number of digits; "-" for NaN, "inf" for infinity."""
    return "-" if math.isnan(number) else f"{number:.{digits}f}"
