"""Cards as text: within 100 columns, numbers below each other."""

from __future__ import annotations

import pytest

from napari_zerodce.checkpoints.cards import Figures, ModelCard, card_path, read_card
from napari_zerodce.checkpoints.registry import BUNDLED
from napari_zerodce.cli.card_text import WIDTH, card_lines, table_lines

TABLE = Figures(
    "2 photos",
    ("brightness", "scaled PSNR"),
    (("source", "0.1", "9.94"), ("gamma 0.4", "0.25", "-")),
)


def test_table():
    assert table_lines(TABLE) == [
        "                         scaled",
        "             brightness    PSNR",
        "  source            0.1    9.94",
        "  gamma 0.4        0.25       -",
    ]


def test_table_without_numbers():
    assert table_lines(Figures("t", (), (("source",),))) == ["  source"]
    assert table_lines(Figures("t", ("a",), ())) == ["    a"]


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.name)
def test_bundled_cards_fit(entry):
    card = read_card(card_path(entry))
    lines = card_lines(card)
    assert max(map(len, lines)) <= WIDTH
    for word in ("For", "Data", "Training", "Limits"):
        assert word in lines
    for table in card.figures:
        assert any(line.startswith(table.title[:60]) for line in lines)


def test_card_without_figures():
    card = ModelCard("photos", "Dark photos.", (), (), ("None known.",))
    assert card_lines(card) == [
        "", "For", "  - Dark photos.", "", "Data", "", "Training", "", "Limits", "  - None known."
    ]  # fmt: skip
