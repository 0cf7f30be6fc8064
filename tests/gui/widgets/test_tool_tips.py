"""Tool tips: label, effect, default and unit."""

from __future__ import annotations

from typing import Any

import pytest

from napari_zerodce.gui.widgets.tool_tips import tip_of, tool_tip, value_in_words
from napari_zerodce.setting import setting_fields
from napari_zerodce.training.config import TrainingConfig

FIELDS = setting_fields(TrainingConfig)


def test_a_tool_tip_has_the_label_the_effect_the_default_and_the_unit() -> None:
    assert tool_tip("Best", "Choose it.") == "Best: Choose it."
    crop = tip_of(FIELDS["crop"], 256, of_preset=True)
    assert crop == (
        "Crop: Side of the square crops for training.\nDefault: 256 px (from the preset)."
    )
    assert all(len(line) <= 72 for line in tool_tip("x", "word " * 50).splitlines())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("crop", 128, "128 px"),
        ("learning_rate", 0.0003, "0.0003"),
        ("keep_background", False, "off"),
        ("keep_background", True, "on"),
        ("precision", "auto", "Automatic"),
    ],
)
def test_values_are_as_in_the_dock(name: str, value: Any, words: str) -> None:
    assert value_in_words(FIELDS[name], value) == words
