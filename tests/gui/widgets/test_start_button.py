"""A second click soon after the start belongs to the first one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from qtpy.QtWidgets import QApplication

from napari_zerodce.gui.widgets.start_button import StartButton


def test_only_a_click_soon_after_the_start_is_a_double_click(
    qtbot: Any, clock: SimpleNamespace
) -> None:
    button = StartButton("Start", "start")
    qtbot.addWidget(button)
    assert not button.is_double_click, "nothing was started yet"
    button.mark_start()
    assert button.is_double_click
    clock.now += QApplication.doubleClickInterval() / 1000 - 0.001
    assert button.is_double_click
    clock.now += 0.002
    assert not button.is_double_click
