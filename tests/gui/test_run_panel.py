"""The one button: Enhance, Cancel, Cancelling…, and back."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_zerodce.engine.messages import Progress
from napari_zerodce.gui.run_panel import RunPanel


def test_button_says_what_it_does(qtbot: Any) -> None:
    panel = RunPanel("Enhance")
    qtbot.addWidget(panel)
    assert panel.button.text() == "Enhance"
    with qtbot.waitSignal(panel.start_requested):
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    panel.show_running()
    assert panel.button.text() == "Cancel"
    qtbot.wait(QApplication.doubleClickInterval() + 20)
    with qtbot.waitSignal(panel.cancel_requested):
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    panel.show_cancelling()
    assert panel.button.text() == "Cancelling…"
    assert not panel.button.isEnabled()
    panel.show_idle()
    assert panel.button.text() == "Enhance"
    assert panel.button.isEnabled()


def test_double_click_starts_and_does_not_cancel(qtbot: Any) -> None:
    panel = RunPanel("Enhance")
    qtbot.addWidget(panel)
    panel.start_requested.connect(panel.show_running)
    with qtbot.assertNotEmitted(panel.cancel_requested):
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert panel.state == "running"


def test_progress_is_told_with_the_time_left(qtbot: Any) -> None:
    panel = RunPanel("Enhance")
    qtbot.addWidget(panel)
    panel.show()
    panel.show_running()
    panel.show_progress(Progress(3, 12, "Plane 4 of 12", 27.2))
    assert panel.bar.value() == 250
    assert panel.message.text() == "Plane 4 of 12, about 27 s left"
