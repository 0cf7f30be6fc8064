"""The one button: Enhance, Cancel, Cancelling…, and back."""

from __future__ import annotations

import time
from typing import Any

import pytest
from qtpy.QtCore import Qt

from napari_zerodce.engine.requests import Progress
from napari_zerodce.errors import Cancelled
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.run_panel import RunPanel


def _wait_to_be_stopped(report: Any, should_stop: Any) -> None:
    report(Progress(3, 12, "Plane 4 of 12", 27.2))
    while not should_stop():
        time.sleep(0.01)
    raise Cancelled


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def panel(qtbot: Any, session: Session) -> RunPanel:
    panel = RunPanel("Enhance", session)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def _occupy(session: Session) -> Job:
    job = Job("waiting", _wait_to_be_stopped)
    session.occupy(job)
    job.start()
    return job


def test_button_says_what_it_does(qtbot: Any, session: Session, panel: RunPanel) -> None:
    assert panel.button.text() == "Enhance"
    with qtbot.waitSignal(panel.start_requested):
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    job = _occupy(session)
    assert panel.button.text() == "Cancel"
    qtbot.waitUntil(lambda: panel.bar.value() == 250)
    assert panel.message.text() == "Plane 4 of 12, about 27 s left"
    panel.button._started = 0.0  # as if it were no double click
    with qtbot.waitSignal(job.finished, timeout=5000):
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
        assert panel.button.text() == "Cancelling…"
        assert not panel.button.isEnabled()
    assert panel.message.text() == "Cancelled; nothing was changed."
    assert panel.button.text() == "Enhance"
    assert panel.button.isEnabled()
    assert not panel.bar.isVisible()


def test_double_click_starts_and_does_not_cancel(
    qtbot: Any, session: Session, panel: RunPanel
) -> None:
    panel.start_requested.connect(lambda: _occupy(session))
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert panel.state == "running"
    assert session.job is not None
    with qtbot.waitSignal(session.job.finished, timeout=5000):
        session.job.cancel()


def test_panel_made_during_a_run_follows_it(qtbot: Any, session: Session) -> None:
    job = _occupy(session)
    panel = RunPanel("Enhance", session)
    qtbot.addWidget(panel)
    assert panel.button.text() == "Cancel"
    with qtbot.waitSignal(job.finished, timeout=5000):
        panel.cancel()
    assert panel.state == "idle"


def test_complaint_goes_when_it_is_no_longer_true_and_praise_stays(panel: RunPanel) -> None:
    panel.say("give two numbers", "bad")
    assert panel.message.text() == "⚠ give two numbers"
    panel.forget_complaint()
    assert not panel.message.isVisible()
    panel.say("done", "good")
    panel.forget_complaint()
    assert panel.message.text() == "✓ done"
