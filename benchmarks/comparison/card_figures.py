"""The figures of a model card: from the tables of all methods, what concerns one checkpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from comparison.methods import PUBLISHED, simple_methods
from comparison.photo_tables import MATCHED_GAMMA
from comparison.tables import Table
from napari_zerodce.checkpoints.cards import Figures
from napari_zerodce.checkpoints.registry import RegistryEntry

LEFT_OUT = ("CNR of gamma", "ring before")
"""Columns for which a terminal of 100 columns has no room."""


def figures_of(entry: RegistryEntry, tables: Sequence[Table]) -> tuple[Figures, ...]:
    """Return the tables with the rows of a checkpoint and of what it is compared with.

    The latter are the published weights of the same architecture, and methods without weights.
    """
    names = {entry.name, f"{PUBLISHED} {entry.architecture}", MATCHED_GAMMA}
    names |= {method.name for method in simple_methods()}
    return tuple(_figures(table, names) for table in tables)


def write_figures(path: Path, sha256: str, figures: Sequence[Figures]) -> None:
    """Replace the figures of a card, and the hash of the checkpoint that they belong to."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["sha256"] = sha256
    facts["figures"] = [
        {"title": each.title, "columns": each.columns, "rows": each.rows} for each in figures
    ]
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _figures(table: Table, names: set[str]) -> Figures:
    kept = [
        number
        for number, column in enumerate(table.columns, start=1)
        if column.title not in LEFT_OUT
    ]
    return Figures(
        title=table.title,
        columns=tuple(table.columns[number - 1].title for number in kept),
        rows=tuple(
            (row[0], *(row[number] for number in kept)) for row in table.cells() if row[0] in names
        ),
    )
