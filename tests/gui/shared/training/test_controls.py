"""Buttons, bar and sentences of a training: what they say in each state."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from napari_zerodce.gui.shared.training.controls import State, TrainingControls
from napari_zerodce.training.events import History


@pytest.fixture
def controls(qtbot: Any) -> TrainingControls:
    controls = TrainingControls()
    qtbot.addWidget(controls)
    return controls


@pytest.mark.parametrize(
    ("state", "text", "can_open", "bar"),
    [
        ("idle", "Start", True, False),
        ("preparing", "Cancel", False, True),
        ("running", "Stop", False, True),
        ("stopping", "Stopping…", False, True),
    ],
)
def test_buttons_say_what_they_do(
    controls: TrainingControls, state: State, text: str, can_open: bool, bar: bool
) -> None:
    controls.show_state(state)
    assert controls.state == state
    assert controls.button.text() == text
    assert controls.open_button.isEnabled() is can_open
    assert controls.bar.isVisibleTo(controls) is bar
    assert not controls.resume_button.isVisibleTo(controls)


@pytest.mark.parametrize("state", ["idle", "preparing", "running", "stopping"])
def test_resume_is_offered_when_nothing_goes_on(controls: TrainingControls, state: State) -> None:
    controls.show_state(state, resumable=True)
    assert controls.resume_button.isVisibleTo(controls) is (state == "idle")


def test_bar_that_knows_no_end_moves_until_there_is_one(controls: TrainingControls) -> None:
    controls.show_state("preparing")
    assert (controls.bar.minimum(), controls.bar.maximum()) == (0, 0)
    controls.show_history(History(planned=30, steps=[1, 2]))
    assert (controls.bar.maximum(), controls.bar.value()) == (30, 2)


@pytest.mark.parametrize(
    ("state", "history", "text"),
    [
        ("running", History(), "Loading torch…"),
        ("idle", History(), "No step yet"),
        ("running", History(planned=30), "Step 0 of 30"),
        (
            "running",
            History(
                planned=30, steps=[1, 10], steps_per_second=0.5, device="cpu (8 cores)", memory=1.25
            ),
            "Step 10 of 30 · 0.5 steps/s · about 40 s left · cpu (8 cores) · 1.2 GiB",
        ),
        (
            "idle",
            History(planned=30, steps=[10], steps_per_second=0.5),
            "Step 10 of 30 · 0.5 steps/s",
        ),
        (
            "running",
            History(planned=30, steps=[30], steps_per_second=2.0),
            "Step 30 of 30 · 2 steps/s",
        ),
    ],
)
def test_status_says_how_far_a_run_is(
    controls: TrainingControls, state: State, history: History, text: str
) -> None:
    controls.show_state(state)
    assert controls.status.isHidden()
    controls.show_history(history)
    assert controls.status.text() == text
    assert not controls.status.isHidden()


def test_ending_at_once_is_offered_to_a_run_that_is_asked_to_stop_alone(
    controls: TrainingControls,
) -> None:
    controls.show_state("running")
    controls.offer_to_end()
    assert controls.button.text() == "Stop"
    controls.show_state("stopping")
    controls.offer_to_end()
    assert controls.button.text() == "End it at once"


class Wishes:
    """Notes what the buttons wish."""

    def __init__(self, controls: TrainingControls) -> None:
        self.noted: list[str] = []
        for name in ("start", "stop", "resume", "open"):
            signal = getattr(controls, f"{name}_requested")
            signal.connect(lambda *_, name=name: self.noted.append(name))


def test_each_button_has_its_wish(controls: TrainingControls) -> None:
    wishes = Wishes(controls)
    controls.button.click()
    controls.resume_button.click()
    controls.open_button.click()
    assert wishes.noted == ["start", "resume", "open"]


@pytest.mark.parametrize("state", ["preparing", "running", "stopping"])
def test_double_click_starts_and_does_not_stop(
    controls: TrainingControls, clock: SimpleNamespace, state: State
) -> None:
    wishes = Wishes(controls)
    controls.start_requested.connect(lambda: controls.show_state(state))
    controls.button.click()
    controls.button.click()
    assert wishes.noted == ["start"]
    clock.now += 60  # a minute later
    controls.button.click()
    assert wishes.noted == ["start", "stop"]


def test_complaint_goes_when_it_is_no_longer_true(controls: TrainingControls) -> None:
    controls.say("tick an image", "bad")
    assert controls.message.text() == "⚠ tick an image"
    controls.forget_complaint()
    assert controls.message.text() == ""
    controls.say("done", "good")
    controls.forget_complaint()
    assert controls.message.text() == "✓ done"


def test_the_progress_says_which_run_it_is_of(controls: TrainingControls, tmp_path: Path) -> None:
    history = History(steps=[1, 2], planned=9)
    controls.show_history(history)
    assert controls.status.text() == "Step 2 of 9"
    controls.show_run("cells of November", tmp_path)
    controls.show_history(history)
    assert controls.status.text() == "cells of November · Step 2 of 9"
    assert str(tmp_path) in controls.status.toolTip()
