"""A model card as plain text of at most 100 columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from textwrap import wrap

from napari_zerodce.checkpoints.cards import Figures, ModelCard

WIDTH = 100
_INDENT = "  "


def card_lines(card: ModelCard) -> list[str]:
    """Return the lines of a card."""
    return list(_lines(card))


def _lines(card: ModelCard) -> Iterator[str]:
    yield from _part("For", [card.purpose])
    yield from _part("Data", [f"{each.name} ({each.licence}): {each.used}" for each in card.data])
    yield from _part("Training", [f"{each.name}: {each.value}" for each in card.settings])
    yield from _part("Limits", list(card.limits))
    for table in card.figures:
        yield ""
        yield from wrap(table.title, WIDTH, subsequent_indent=_INDENT)
        yield from table_lines(table)


def _part(title: str, paragraphs: list[str]) -> Iterator[str]:
    yield ""
    yield title
    for paragraph in paragraphs:
        yield from wrap(
            paragraph, WIDTH, initial_indent=f"{_INDENT}- ", subsequent_indent=f"{_INDENT}  "
        )


def table_lines(table: Figures) -> list[str]:
    """Return a table with its titles, one word a line, above numbers that end below each other."""
    words = [title.split() for title in table.columns]
    height = max((len(each) for each in words), default=0)
    lifted = [[""] * (height - len(each)) + each for each in words]
    titles = [["", *line] for line in zip_longest(*lifted, fillvalue="")]
    rows = [*titles, *(list(row) for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_row(row, widths) for row in rows]


def _row(cells: list[str], widths: list[int]) -> str:
    name, *numbers = cells
    aligned = (f"{number:>{width}}" for number, width in zip(numbers, widths[1:], strict=True))
    return f"{_INDENT}{name:<{widths[0]}}  {'  '.join(aligned)}".rstrip()
