"""The plan is shown at once, then with the speed, and leaves the device to what is more urgent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QObject

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.device import Device
from napari_zerodce.engine.forecast import Forecast, Speed
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import CheckpointError
from napari_zerodce.gui.layers.scope import ALL
from napari_zerodce.gui.layers.wanted import Wanted, read_wanted
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import speed_probe, work
from napari_zerodce.gui.shared.plan_line import PlanLine
from napari_zerodce.gui.shared.run_panel import RunPanel


class Plans:
    """A plan line over all layers of a viewer, on a machine of known speed."""

    def __init__(self, model: ViewerModel, qtbot: Any) -> None:
        self.session, self.parent, self.model = Session(), QObject(), model
        self.panel = RunPanel("Enhance", self.session)
        qtbot.addWidget(self.panel)
        self.settings = EnhanceSettings()
        self.notes: tuple[str, ...] = ()
        self.timed: list[str] = []
        self.error: Exception | None = None
        self.line = PlanLine(
            self.session, self.panel, read=self.read, notes=lambda _: self.notes, parent=self.parent
        )

    def read(self) -> Wanted:
        return read_wanted(self.model, list(self.model.layers), self.settings, ALL)

    def forecasting(self, request: Any) -> Any:
        def time(_report: Any, _should_stop: Any) -> Forecast:
            self.timed.append(str(request.image.dtype))
            if self.error is not None:
                raise self.error
            info = load_checkpoint("zero-dce").info
            speed = Speed(5 / 192, 5 / 192)  # 192 pixels
            return Forecast(info, Device("cpu", "It"), "float32", speed)

        return time

    @property
    def text(self) -> str:
        return self.panel.plan.text()


@pytest.fixture
def plans(model: ViewerModel, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    plans = Plans(model, qtbot)
    monkeypatch.setattr(speed_probe, "_PATIENCE_MS", 0)
    monkeypatch.setattr(work, "forecasting", plans.forecasting)
    yield plans
    plans.line.release()


KNOWN = "3 planes of 8x8, cpu, about 5 s, 384 bytes of uint16 in memory"


def test_plan_is_there_at_once_and_the_speed_a_moment_later(
    plans: Plans, stack: Image, qtbot: Any
) -> None:
    plans.line.show()
    assert plans.text == "3 planes of 8x8, timing this machine…, 384 bytes of uint16 in memory"
    qtbot.waitUntil(lambda: plans.text == KNOWN)


def test_known_speed_is_shown_at_once_for_another_part_or_strength(
    plans: Plans, stack: Image, qtbot: Any
) -> None:
    plans.line.show()
    qtbot.waitUntil(lambda: plans.text == KNOWN)
    plans.settings = replace(plans.settings, look=Look(strength=0.5))
    plans.line.show()
    assert plans.text == KNOWN
    plans.settings = replace(plans.settings, checkpoint=Path("mine.pth"))
    plans.line.show()
    assert "timing this machine" in plans.text


def test_notes_follow_as_sentences(plans: Plans, stack: Image) -> None:
    plans.notes = ("", "Zoom in.", "Look.")
    plans.line.show()
    assert plans.text.endswith("384 bytes of uint16 in memory. Zoom in. Look.")


def test_what_is_missing_or_fails_is_the_plan(plans: Plans, model: ViewerModel, qtbot: Any) -> None:
    plans.line.show()
    assert "no image layer" in plans.text
    model.add_image(np.zeros((8, 8)))
    plans.error = CheckpointError("The file is gone.")
    plans.line.show()
    qtbot.waitUntil(lambda: plans.text == "The file is gone.")


def test_complaint_of_a_run_stays_marked_when_the_plan_is_new_after_it(
    plans: Plans, stack: Image, qtbot: Any
) -> None:
    plans.error = CheckpointError("The file is gone.")
    plans.line.show()
    qtbot.waitUntil(lambda: plans.text == "The file is gone.")
    job = Job("running", lambda _report, _should_stop: None)
    job.start()
    plans.session.occupy(job)
    job.finished.connect(
        lambda: setattr(
            plans.session, "outcome", Outcome("The file is gone.", "bad", plans.panel.action)
        )
    )
    timed = len(plans.timed)
    qtbot.waitUntil(lambda: not plans.session.busy)
    qtbot.waitUntil(lambda: len(plans.timed) > timed and not Job._alive)
    assert plans.text == "⚠ The file is gone."
    plans.error = None
    plans.line.show()
    assert plans.text == "⚠ The file is gone.", "that is known, as the speed would be"
    qtbot.waitUntil(lambda: plans.text == KNOWN)


def test_settings_that_exclude_each_other_are_not_timed(
    plans: Plans, stack: Image, qtbot: Any
) -> None:
    plans.settings = replace(plans.settings, backend="onnxruntime", precision="bfloat16")
    plans.line.show()
    assert plans.text.startswith("ONNX Runtime runs in float32 only")
    assert not plans.line._probe._timer.isActive()


def test_nothing_is_timed_during_other_work(plans: Plans, stack: Image, qtbot: Any) -> None:
    plans.line.show()
    with qtbot.waitSignal(plans.line._probe._timer.timeout):
        plans.line.wait("Estimating…")
    assert not Job._alive
    assert (plans.text, plans.timed) == ("Estimating…", [])
    plans.line.show()
    qtbot.waitUntil(lambda: plans.timed == ["uint16"])


def test_plan_stays_during_a_run_and_is_new_after_it(
    plans: Plans, stack: Image, model: ViewerModel, qtbot: Any
) -> None:
    plans.line.show()
    qtbot.waitUntil(lambda: plans.text == KNOWN)
    job = Job("running", lambda _report, _should_stop: None)
    job.start()
    plans.session.occupy(job)
    model.add_image(np.zeros((8, 8)))
    plans.line.show()
    assert plans.text == KNOWN
    qtbot.waitUntil(lambda: not plans.session.busy)
    assert plans.text.startswith("2 images with 4 planes")
