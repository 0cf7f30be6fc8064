"""Timers that fire once after they were started last, and never after their parent has gone."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject

from napari_zerodce.gui.widgets.single_shot import single_shot


def test_starts_in_a_row_are_one_shot(qtbot: Any) -> None:
    parent, shots = QObject(), []
    timer = single_shot(parent, 1, lambda: shots.append("shot"))
    assert not timer.isActive()
    timer.start()
    timer.start()
    qtbot.waitUntil(lambda: bool(shots))
    assert shots == ["shot"]
    assert not timer.isActive()
    assert timer.parent() is parent
