"""A range is at first the whole axis, and stays inside it."""

from __future__ import annotations

from typing import Any

from napari_zerodce.gui.widgets.range_field import RangeField


def test_range_is_all_at_first_then_what_was_entered(qtbot: Any) -> None:
    field = RangeField("t", 20)
    qtbot.addWidget(field)
    told: list[tuple[int, int]] = []
    field.changed.connect(lambda: told.append(field.ends))
    assert field.ends == (0, 19)
    field.ends = (3, 9)
    assert told == [(3, 19), (3, 9)]
    field.last.setValue(20)
    assert field.ends == (3, 19)
    assert field.last.toolTip() == "The last one, 0 to 19, counted as on the slider."
