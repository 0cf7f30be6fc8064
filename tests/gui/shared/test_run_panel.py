"""The one button: Enhance, Cancel, Cancelling…, and back."""

from __future__ import annotations

import time
from typing import Any

import pytest
from qtpy.QtCore import Qt

from napari_zerodce.engine.requests import Progress
from napari_zerodce.errors import Cancelled
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
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
    panel = RunPanel("Enhance", session, tip="Enhance the chosen layer.")
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
    with qtbot.waitSignal(job.finished):
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
        assert panel.button.text() == "Cancelling…"
        assert not panel.button.isEnabled()
    assert panel.message.text() == "Cancelled; nothing was changed."
    assert panel.button.text() == "Enhance"
    assert panel.button.isEnabled()
    assert not panel.bar.isVisible()


@pytest.mark.usefixtures("clock")
def test_double_click_starts_and_does_not_cancel(
    qtbot: Any, session: Session, panel: RunPanel
) -> None:
    panel.start_requested.connect(lambda: _occupy(session))
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert panel.state == "running"
    assert session.job is not None
    with qtbot.waitSignal(session.job.finished):
        session.job.cancel()


def test_panel_made_during_a_run_follows_it(qtbot: Any, session: Session) -> None:
    job = _occupy(session)
    panel = RunPanel("Enhance", session)
    qtbot.addWidget(panel)
    assert panel.button.text() == "Cancel"
    with qtbot.waitSignal(job.finished):
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


def test_complaint_is_marked_in_the_plan_as_long_as_it_is_there(panel: RunPanel) -> None:
    panel.say("two numbers, please", "bad")
    panel.show_plan("3 planes. two numbers, please")
    assert panel.plan.text() == "⚠ 3 planes. two numbers, please"
    assert not panel.message.isVisible(), "said once"
    panel.show_plan("4 planes. two numbers, please")
    assert panel.plan.text() == "⚠ 4 planes. two numbers, please"
    panel.show_plan("5 planes")
    assert panel.plan.text() == "5 planes"
    panel.show_plan("6 planes. two numbers, please")
    assert panel.plan.text() == "6 planes. two numbers, please", "this one was not asked for"


def test_forgotten_complaint_is_not_marked_in_a_later_plan(panel: RunPanel) -> None:
    panel.say("two numbers, please", "bad")
    panel.forget_complaint()
    panel.show_plan("two numbers, please")
    assert panel.plan.text() == "two numbers, please"


# ---- outcomes


def test_outcome_is_shown_by_the_panels_of_its_action(qtbot: Any, panel: RunPanel) -> None:
    session = panel._session
    other = RunPanel("Add maps", session)
    qtbot.addWidget(other)
    session.outcome = outcome = Outcome("Added 'photo'.", "good", "Enhance")
    assert panel.message.text() == "✓ Added 'photo'."
    assert other.message.text() == ""
    assert outcome.seen
    later = RunPanel("Enhance", session)
    qtbot.addWidget(later)
    assert later.message.text() == "✓ Added 'photo'."
    session.outcome = None
    assert panel.message.text() == later.message.text() == ""


def test_outcome_without_an_action_is_shown_by_all(qtbot: Any, panel: RunPanel) -> None:
    other = RunPanel("Add maps", panel._session)
    qtbot.addWidget(other)
    panel._session.outcome = Outcome("Cancelled; nothing was changed.")
    assert panel.message.text() == other.message.text() == "Cancelled; nothing was changed."
    later = RunPanel("Add maps", panel._session)
    qtbot.addWidget(later)
    assert later.message.text() == "", "somebody has read it"


def test_outcome_is_not_seen_in_a_hidden_panel(panel: RunPanel) -> None:
    panel.hide()
    panel._session.outcome = outcome = Outcome("Added 'photo'.", "good", "Enhance")
    assert not outcome.seen


def test_later_sentence_stays_when_the_outcome_is_forgotten(panel: RunPanel) -> None:
    panel._session.outcome = Outcome("Added 'photo'.", "good", "Enhance")
    panel.say("Copied Python lines.", "good")
    panel._session.outcome = None
    assert panel.message.text() == "✓ Copied Python lines."


def test_corrected_failure_is_forgotten_for_good(qtbot: Any, panel: RunPanel) -> None:
    panel._session.outcome = Outcome("The GPU has no memory left.", "bad", "Enhance")
    panel.forget_complaint()
    assert panel._session.outcome is None
    assert not panel.message.isVisible()
    panel._session.outcome = Outcome("Added 'photo'.", "good", "Enhance")
    panel.forget_complaint()
    assert panel.message.isVisible()


def test_finished_planes_are_offered_until_the_next_run(qtbot: Any, panel: RunPanel) -> None:
    kept: list[str] = []
    session = panel._session
    assert not panel.keep.isVisible()
    text = "Cancelled; 3 of 5 planes are finished."
    session.outcome = outcome = Outcome(text, keep=lambda: kept.append("kept"))
    assert panel.offer.text() == text
    assert panel.message.text() == ""
    assert outcome.seen
    later = RunPanel("Add maps", session)
    qtbot.addWidget(later)
    assert later.offer.text() == text
    panel.say("Something else.", "bad")
    panel.forget_complaint()
    assert panel.keep.isVisible(), "other sentences leave the offer"
    qtbot.mouseClick(panel.keep, Qt.MouseButton.LeftButton)
    assert kept == ["kept"]
    job = _occupy(session)
    assert not panel.keep.isVisible()
    assert not panel.offer.isVisible()
    with qtbot.waitSignal(job.finished):
        job.cancel()


def test_every_control_has_a_tooltip_in_every_state(panel: RunPanel) -> None:
    controls = (panel.button, panel.bar, panel.keep)
    tips = set()
    for show in (panel.show_idle, panel.show_running, panel.show_cancelling):
        show()
        assert all(control.toolTip() for control in controls)
        tips.add(panel.button.toolTip())
    assert len(tips) == 3


def test_released_panel_no_longer_listens(panel: RunPanel) -> None:
    panel.release()
    panel._session.outcome = Outcome("Added 'photo'.", "good", "Enhance")
    assert panel.message.text() == ""
