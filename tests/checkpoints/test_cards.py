"""Every bundled checkpoint has a whole card with figures of its own weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.cards import CardError, card_of, card_path, read_card
from napari_zerodce.checkpoints.registry import BUNDLED

CARD = card_path(BUNDLED[0])


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.name)
def test_bundled_cards_are_whole_and_up_to_date(entry):
    card = read_card(card_path(entry))
    assert card.purpose.endswith(".")
    assert all(limit.endswith(".") for limit in card.limits)
    assert card.data
    assert all(source.licence for source in card.data)
    assert card.settings
    assert card.sha256 == hashlib.sha256(entry.path.read_bytes()).hexdigest(), (
        "the figures are those of other weights: run benchmarks/quality.py cards"
    )
    for table in card.figures:
        assert entry.name in [row[0] for row in table.rows]
        assert f"published {entry.architecture}" in [row[0] for row in table.rows]
    assert card.figures


def test_page_shows_every_card():
    page = (Path(__file__).parents[2] / "docs" / "model-cards.md").read_text(encoding="utf-8")
    for entry in BUNDLED:
        card = read_card(card_path(entry))
        assert f"\n## {entry.name}\n\n{card.purpose}\n" in page
        for table in card.figures:
            assert f"**{table.title}**\n" in page
            assert all(f"| {' | '.join(row)} |" in page for row in table.rows)


def changed(**facts: object) -> str:
    return json.dumps(json.loads(CARD.read_text(encoding="utf-8")) | facts)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        changed(family="music"),
        changed(limits="none"),
        changed(data=[{"name": "a"}]),
        changed(sha256=5),
        changed(figures=[{"title": "t", "columns": ["a", "b"], "rows": [["x", "1"]]}]),
        changed(figures=[{"title": "t", "columns": ["a"], "rows": [["x", 1]]}]),
    ],
    ids=range(9),
)
def test_damaged_cards(content, tmp_path, monkeypatch):
    path = tmp_path / "zero-dce.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CardError, match=r"^zero-dce\.json "):
        read_card(path)
    monkeypatch.setattr(registry, "_BUNDLED_FOLDER", tmp_path)
    assert card_of(BUNDLED[0]) is None


def test_missing_card():
    entry = replace(BUNDLED[0], name="no-such-checkpoint")
    with pytest.raises(CardError, match="No such file"):
        read_card(card_path(entry))
    assert card_of(entry) is None
