"""The probe with a machine that waits for a word: the latest request is timed, runs come first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QObject

from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.errors import Cancelled, CheckpointError
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared import speed_probe, work
from napari_zerodce.gui.shared.speed_probe import SpeedProbe


class Machine:
    """Notes what is timed; the answer comes when the gate is open, and names the dtype."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.images: list[Any] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def forecasting(self, request: EnhanceRequest) -> Any:
        name = str(request.image.dtype)
        self.asked.append(name)
        self.images.append(request.image)

        def time(_report: Any, should_stop: Callable[[], bool]) -> str:
            while not self.gate.wait(0.002):
                if should_stop():
                    raise Cancelled
            if self.error is not None:
                raise self.error
            return f"speed of {name}"

        return time


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(work, "forecasting", machine.forecasting)
    monkeypatch.setattr(speed_probe, "_PATIENCE_MS", 0)
    return machine


class Asked:
    """A probe and what it has told."""

    def __init__(self) -> None:
        self.parent = QObject()
        self.probe = SpeedProbe(self.parent)
        self.known: list[Any] = []
        self.failed: list[Exception] = []
        self.probe.known.connect(self.known.append)
        self.probe.failed.connect(self.failed.append)

    def about(self, dtype: str) -> None:
        self.probe.ask(EnhanceRequest(np.ones((50, 60), dtype), "mono"))


@pytest.fixture
def asked(machine: Machine, qtbot: Any) -> Any:
    asked = Asked()
    yield asked
    asked.probe.stop()
    machine.gate.set()
    qtbot.waitUntil(lambda: not Job._alive)


def _begun(asked: Asked, qtbot: Any) -> Job:
    """Wait until something is timed."""
    qtbot.waitUntil(lambda: asked.probe._job is not None)
    assert asked.probe._job is not None
    return asked.probe._job


def test_request_is_timed_once_and_without_its_pixels(
    asked: Asked, machine: Machine, qtbot: Any
) -> None:
    with qtbot.waitSignal(asked.probe.known):
        asked.about("uint8")
    assert asked.known == ["speed of uint8"]
    assert machine.images[0].base.nbytes == 1
    qtbot.waitUntil(lambda: asked.probe._job is None)
    assert machine.asked == ["uint8"]


def test_requests_that_follow_each_other_quickly_are_one(
    asked: Asked, machine: Machine, qtbot: Any
) -> None:
    with qtbot.waitSignal(asked.probe.known):
        for dtype in ("uint8", "uint16", "float32"):
            asked.about(dtype)
    assert machine.asked == ["float32"]


def test_answer_to_an_older_request_is_dropped(asked: Asked, machine: Machine, qtbot: Any) -> None:
    machine.gate.clear()
    asked.about("uint8")
    _begun(asked, qtbot)
    asked.about("uint16")
    machine.gate.set()
    qtbot.waitUntil(lambda: bool(asked.known))
    assert asked.known == ["speed of uint16"]
    assert machine.asked == ["uint8", "uint16"]


def test_failure_is_told_and_that_of_an_older_request_is_not(
    asked: Asked, machine: Machine, qtbot: Any
) -> None:
    machine.error = CheckpointError("invalid")
    machine.gate.clear()
    asked.about("uint8")
    _begun(asked, qtbot)
    asked.about("uint16")
    machine.gate.set()
    qtbot.waitUntil(lambda: len(machine.asked) == 2 and asked.probe._job is None)
    assert [str(error) for error in asked.failed] == ["invalid"]


def test_run_has_the_device_and_timing_begins_again_after_it(
    asked: Asked, machine: Machine, qtbot: Any
) -> None:
    machine.gate.clear()
    asked.about("uint8")
    job = _begun(asked, qtbot)
    with qtbot.waitSignal(job.finished):
        asked.probe.pause()
    asked.about("uint16")
    with qtbot.waitSignal(asked.probe._timer.timeout):
        pass
    assert machine.asked == ["uint8"]
    machine.gate.set()
    with qtbot.waitSignal(asked.probe.known):
        asked.probe.resume()
    assert asked.known == ["speed of uint16"]


def test_run_that_is_over_at_once_leaves_the_speed_to_be_told(
    asked: Asked, machine: Machine, qtbot: Any
) -> None:
    machine.gate.clear()
    asked.about("uint8")
    job = _begun(asked, qtbot)
    # The thread has not yet heard that it shall stop when the run is over.
    with qtbot.waitSignal(job.cancelled), qtbot.waitSignal(asked.probe._timer.timeout):
        asked.probe.pause()
        asked.probe.resume()
    machine.gate.set()
    qtbot.waitUntil(lambda: asked.known == ["speed of uint8"])


def test_stop_drops_what_was_asked(asked: Asked, machine: Machine, qtbot: Any) -> None:
    asked.probe.stop()
    asked.about("uint8")
    asked.probe.stop()
    assert not asked.probe._timer.isActive()
    machine.gate.clear()
    asked.about("uint8")
    job = _begun(asked, qtbot)
    with qtbot.waitSignal(job.cancelled):
        asked.probe.stop()
    with qtbot.waitSignal(asked.probe._timer.timeout):
        asked.probe.resume()
    assert asked.known == []
    assert machine.asked == ["uint8"]
