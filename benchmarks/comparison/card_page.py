"""The page of all model cards, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from comparison.tables import markdown_table
from napari_zerodce.checkpoints.cards import ModelCard

INTRODUCTION = Path(__file__).with_name("model-cards.md")
"""How the figures are measured, for the head of the page."""


def card_page(cards: Mapping[str, ModelCard]) -> str:
    """Return the page of cards by the names of their checkpoints."""
    introduction = INTRODUCTION.read_text(encoding="utf-8")
    parts = [introduction, *("\n".join(_card(name, card)) for name, card in cards.items())]
    return "\n".join(parts).rstrip("\n") + "\n"


def _card(name: str, card: ModelCard) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{card.purpose}\n"
    data = [(each.name, each.licence, each.used) for each in card.data]
    yield markdown_table(("data", "licence", "used"), data) + "\n"
    training = [(each.name, each.value) for each in card.settings]
    yield markdown_table(("training", ""), training) + "\n"
    yield "Limits:\n"
    yield from (f"- {limit}" for limit in card.limits)
    yield ""
    for table in card.figures:
        yield f"**{table.title}**\n"
        yield markdown_table(("", *table.columns), table.rows) + "\n"
