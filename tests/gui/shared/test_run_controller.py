"""Runs of a dock: the session is busy meanwhile, and the panel tells what came of it."""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakSet

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QObject

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, DeviceError
from napari_zerodce.gui.layers.provenance import role_of
from napari_zerodce.gui.layers.scope import ALL
from napari_zerodce.gui.layers.wanted import read_wanted
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.endings import conclude_failure
from napari_zerodce.gui.shared.run_controller import RunController
from napari_zerodce.gui.shared.run_panel import RunPanel
from napari_zerodce.gui.shared.work import Enhanced

QUICK = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu", look=DEFAULT_LOOK)


class Runs:
    """A controller with its session and its panel."""

    def __init__(self, model: ViewerModel, qtbot: Any) -> None:
        self.session = Session()
        self.panel = RunPanel("Enhance", self.session)
        qtbot.addWidget(self.panel)
        self.parent = QObject()
        self.controller = RunController(model, self.session, self.panel, self.parent)
        self.got: list[Any] = []

    def start(self, job: Job) -> None:
        self.controller.start(job, self.got.append, if_closed="The dock was closed.")


@pytest.fixture
def runs(model: ViewerModel, qtbot: Any) -> Runs:
    return Runs(model, qtbot)


def test_session_is_busy_until_the_result_has_arrived(runs: Runs, qtbot: Any) -> None:
    job = Job("adding", lambda _report, _should_stop: 5)
    with qtbot.waitSignal(job.finished):
        runs.start(job)
        assert runs.session.job is job
        assert runs.panel.state == "running"
    assert runs.got == [5]
    assert not runs.session.busy
    assert runs.panel.state == "idle"
    runs.controller.release()  # nothing is left to cancel
    assert not job._stop.is_set()


def test_mistake_of_the_user_is_one_sentence_in_the_panel_and_a_notification(
    runs: Runs, qtbot: Any
) -> None:
    def fail(_report: Any, _should_stop: Any) -> None:
        raise DeviceError("The GPU has no memory left; choose the CPU.")

    job = Job("failing", fail)
    with qtbot.waitSignal(job.finished):
        runs.start(job)
    assert runs.panel.message.text() == "⚠ The GPU has no memory left; choose the CPU."
    assert notification_manager.records[-1].message == "The GPU has no memory left; choose the CPU."
    assert runs.got == []
    assert not runs.session.busy


def test_what_the_plan_says_is_marked_there_and_not_repeated(runs: Runs, qtbot: Any) -> None:
    error = DeviceError("There is no GPU; choose the CPU.")
    runs.panel.show()
    runs.panel.show_plan(f"3 planes. {error}")
    before = len(notification_manager.records)
    runs.controller.show_failure(error)
    conclude_failure(runs.session, "Enhance", error)
    assert runs.panel.plan.text() == f"⚠ 3 planes. {error}"
    assert runs.panel.message.isHidden()
    assert len(notification_manager.records) == before
    runs.panel.show_plan("3 planes")
    runs.controller.show_failure(error)
    assert runs.panel.message.text() == f"⚠ {error}"
    assert len(notification_manager.records) == before + 1
    runs.panel.show_plan(str(error))
    assert runs.panel.message.isHidden(), "it was found later, by the plan, too"


def test_bug_of_ours_is_not_dressed_up(runs: Runs) -> None:
    before = len(notification_manager.records)
    runs.controller.show_failure(ZeroDivisionError("division by zero"))
    assert "Unexpected error" in runs.panel.message.text()
    assert "division" not in runs.panel.message.text()
    assert len(notification_manager.records) == before, "the job has raised it"


def test_release_stops_a_run_that_only_this_dock_can_use(runs: Runs, qtbot: Any) -> None:
    begun = threading.Event()

    def wait(_report: Any, should_stop: Any) -> None:
        begun.set()
        while not should_stop():
            begun.wait(0.002)
        raise Cancelled

    job = Job("waiting", wait)
    runs.start(job)
    assert begun.wait(120)
    with qtbot.waitSignal(job.cancelled):
        runs.controller.release()
    qtbot.waitUntil(lambda: not runs.session.busy)
    assert runs.got == []
    assert runs.panel.message.text() == "The dock was closed."
    assert notification_manager.records[-1].message == "The dock was closed."


# ---- outcomes that are no longer true


def _layer(model: ViewerModel, name: str = "photo") -> Image:
    layer: Image = model.add_image(np.zeros((8, 8), np.uint8), name=name)
    return layer


def _added(*layers: Image) -> Outcome:
    return Outcome("Added them.", "good", "Enhance", WeakSet(layers))


def test_what_was_added_is_told_until_it_was_deleted(runs: Runs, model: ViewerModel) -> None:
    first, second = _layer(model, "first"), _layer(model, "second")
    runs.session.outcome = _added(first, second)
    assert runs.panel.message.text() == "✓ Added them."
    model.layers.remove(first)
    assert runs.panel.message.text() == "✓ Added them."
    model.layers.remove(second)
    assert not runs.panel.message.text()
    assert runs.session.outcome is None


def test_sentence_about_no_layer_stays_when_layers_are_deleted(
    runs: Runs, model: ViewerModel
) -> None:
    runs.session.outcome = Outcome("Cancelled; nothing was changed.")
    model.layers.remove(_layer(model))
    assert runs.panel.message.text() == "Cancelled; nothing was changed."


def test_dock_that_is_opened_later_does_not_tell_of_deleted_layers(
    runs: Runs, model: ViewerModel, qtbot: Any
) -> None:
    layer = _layer(model)
    runs.session.outcome = _added(layer)
    runs.controller.release()
    model.layers.remove(layer)
    panel = RunPanel("Enhance", runs.session)
    qtbot.addWidget(panel)
    controller = RunController(model, runs.session, panel, runs.parent)
    assert not panel.message.text()
    controller.release()


def test_offer_stays_whatever_happens_to_the_layers(
    runs: Runs, model: ViewerModel, qtbot: Any
) -> None:
    first, second = _layer(model, "first"), _layer(model, "second")
    runs.session.outcome = offer = Outcome("Cancelled; 3 of 5 planes are finished.", keep=list)
    model.layers.selection.active = first
    model.layers.selection.active = second
    _layer(model, "opened")
    model.layers.remove(second)
    model.layers.clear()
    runs.panel.forget_complaint()
    assert runs.session.outcome is offer
    job = Job("next", lambda _report, _should_stop: 5)
    with qtbot.waitSignal(job.finished):
        runs.start(job)
        assert runs.session.outcome is None, "a new run needs the memory"


def test_released_controller_listens_to_nobody(
    runs: Runs, model: ViewerModel, count_listeners: Any
) -> None:
    listening = count_listeners(model)["layers.removed"]
    runs.controller.release()
    assert count_listeners(model)["layers.removed"] == listening - 1


# ---- what a dock asks for


def test_what_cannot_be_read_is_said_and_nothing_starts(runs: Runs, model: ViewerModel) -> None:
    runs.controller.enhance_chosen(lambda: read_wanted(model, (), QUICK, ALL))
    assert "no image layer" in runs.panel.message.text()
    assert not runs.session.busy


def test_result_without_room_is_refused_before_anything_is_read(
    runs: Runs, model: ViewerModel
) -> None:
    huge = np.broadcast_to(np.uint8(0), (2**30, 2**10, 2**10))
    layer = model.add_image(huge, contrast_limits=(0, 255), multiscale=False)
    runs.controller.enhance_chosen(lambda: read_wanted(model, (layer,), QUICK, ALL, "now"))
    assert "The result needs 1048576.0 GiB of memory" in runs.panel.message.text()
    assert not runs.session.busy


@pytest.fixture
def quick_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is asked in this thread, before the job starts."""

    def enhancing(request: Any, _level_shapes: Any) -> Any:
        made = Enhanced(enhance(request))
        return lambda _report, _should_stop: made

    monkeypatch.setattr(work, "enhancing", enhancing)


@pytest.mark.usefixtures("quick_work")
def test_several_sources_are_one_run(
    runs: Runs, model: ViewerModel, stack: Image, qtbot: Any
) -> None:
    other = model.add_image(stack.data + 1, name="other")
    wanted = read_wanted(model, (stack, other), QUICK, ALL)
    runs.controller.enhance_chosen(lambda: wanted)
    job = runs.session.job
    assert job is not None
    assert job.title == "Zero-DCE: enhancing 2 layers"
    runs.controller.enhance_chosen(lambda: wanted)
    assert runs.session.job is job, "one run at a time"
    qtbot.waitUntil(lambda: not runs.session.busy)
    assert [role_of(layer) for layer in model.layers] == [None, "result", None, "result"]
    assert runs.panel.message.text().startswith("✓ Added 2 layers after ")
