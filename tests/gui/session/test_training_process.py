"""A run that is followed, with a child that trains nothing and a folder written by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from qtpy.QtWidgets import QApplication

from napari_zerodce.gui.session import training_process
from napari_zerodce.gui.session.training_process import TrainingProcess
from napari_zerodce.training.events import EventWriter
from napari_zerodce.training.run_folder import RunFolder

STARTED = {"event": "started", "step": 0, "steps": 30, "device": "cpu"}
DONE = {"event": "ended", "ending": "done", "message": "Done: 30 steps."}
ENDED_FROM_OUTSIDE = (
    "The training process was ended from outside (exit code -11). Checkpoints up to about step 2 "
    "are kept; press Resume to continue."
)
STOPPED = {"event": "ended", "ending": "stopped", "message": "Stopped."}


def stepped(step: int) -> dict[str, Any]:
    return {"event": "step", "step": step, "losses": {"exposure": 1 / step}, "total": 1 / step}


class Child:
    """Stands for the process: it ends when the test says so."""

    def __init__(self, words: list[str], options: dict[str, Any]) -> None:
        self.words, self.options = words, options
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self.returncode

    def kill(self) -> None:
        self.returncode = -9


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[Child]:
    """The processes that were started."""
    started: list[Child] = []

    def start(words: list[str], **options: Any) -> Child:
        started.append(Child(words, options))
        return started[-1]

    fake = SimpleNamespace(Popen=start, DEVNULL=subprocess.DEVNULL, STDOUT=subprocess.STDOUT)
    monkeypatch.setattr(training_process, "subprocess", fake)
    monkeypatch.setattr(training_process, "_children", [])
    return started


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands until it is set."""
    clock = SimpleNamespace(now=100.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(training_process, "time", clock)
    return clock


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """What is taken for a run."""
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    for name in ("config.json", "crops.npz"):
        (folder.path / name).touch()
    return folder


@pytest.fixture
def training(folder: RunFolder, children: list[Child]) -> Iterator[TrainingProcess]:
    training = TrainingProcess(folder)
    yield training
    training.release()


def write(folder: RunFolder, *events: dict[str, Any]) -> None:
    with EventWriter(folder.events) as writer:
        for event in events:
            writer.write(**event)


class Seen:
    """What a process has told."""

    def __init__(self, training: TrainingProcess) -> None:
        self.advanced = self.ended = 0
        training.advanced.connect(self._on_advanced)
        training.ended.connect(self._on_ended)

    def _on_advanced(self) -> None:
        self.advanced += 1

    def _on_ended(self) -> None:
        self.ended += 1


# ---- a run that is started here


def test_start_is_our_own_command_in_a_session_of_its_own(
    training: TrainingProcess, children: list[Child], folder: RunFolder
) -> None:
    training.start()
    (child,) = children
    assert child.words == [
        sys.executable, "-m", "napari_zerodce", "finetune", "--resume", str(folder.path)
    ]  # fmt: skip
    assert child.options["start_new_session" if sys.platform != "win32" else "creationflags"]
    assert child.options["stdin"] == subprocess.DEVNULL
    assert folder.log.is_file()
    assert training.is_running


def test_events_are_followed_until_the_child_has_ended(
    training: TrainingProcess, children: list[Child], folder: RunFolder
) -> None:
    seen = Seen(training)
    training.start()
    training.look()
    assert (seen.advanced, training.history.step) == (1, 0)
    write(folder, STARTED, stepped(1), stepped(2))
    training.look()
    assert (training.history.steps, training.history.planned) == ([1, 2], 30)
    assert (seen.advanced, seen.ended) == (2, 0)
    write(folder, DONE)
    children[0].returncode = 0
    training.look()
    assert training.history.ending == "done"
    assert training.is_finished
    assert not training.is_running
    assert (seen.advanced, seen.ended) == (3, 1)
    assert not training._timer.isActive()


def test_events_are_looked_for_by_a_timer(
    training: TrainingProcess, folder: RunFolder, qtbot: Any
) -> None:
    training._timer.setInterval(1)
    training.start()
    write(folder, STARTED)
    qtbot.waitUntil(lambda: training.history.planned == 30)
    training.release()
    assert not training._timer.isActive()


def test_resumed_run_forgets_how_the_earlier_process_ended(
    training: TrainingProcess, folder: RunFolder
) -> None:
    write(folder, STARTED, stepped(1), stepped(2), STOPPED)
    training.start()
    assert training.history.steps == [1, 2]
    training.look()  # before the new process has said anything
    assert (training.history.ending, training.history.message) == (None, "")
    write(folder, {**STARTED, "step": 2}, stepped(3))
    training.look()
    assert training.history.steps == [1, 2, 3]
    assert training.history.ending is None


@pytest.mark.parametrize("interval", [0, 10_000])
def test_long_files_are_read_in_bites_and_the_end_is_told_once_after_the_last(
    training: TrainingProcess,
    children: list[Child],
    folder: RunFolder,
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
    interval: int,
) -> None:
    monkeypatch.setattr(training_process, "_BYTES_AT_ONCE", 200)
    training._timer.setInterval(interval)  # at 0, the timer looks between two bites
    seen = Seen(training)
    training.start()
    write(folder, STARTED, *(stepped(step) for step in range(1, 31)), DONE)
    children[0].returncode = 0
    training.look()
    assert seen.ended == 0
    assert 0 < training.history.step < 30
    with qtbot.waitSignal(training.ended):
        pass
    for _ in range(3):
        QApplication.processEvents()
    assert training.history.steps == list(range(1, 31))
    assert training.history.ending == "done"
    assert (seen.advanced, seen.ended) == (1, 1)


def test_released_process_reads_no_further_bite(
    training: TrainingProcess, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_process, "_BYTES_AT_ONCE", 200)
    training.start()
    write(folder, STARTED, *(stepped(step) for step in range(1, 31)))
    training.look()
    training.release()
    before = training.history.step
    assert 0 < before < 30
    for _ in range(3):
        QApplication.processEvents()
    assert training.history.step == before


# ---- how it ends


def test_run_is_asked_to_stop_and_ended_only_if_asked_again_later(
    training: TrainingProcess, children: list[Child], folder: RunFolder, clock: SimpleNamespace
) -> None:
    training.start()
    assert not training.may_be_ended
    training.stop()
    assert (folder.path / "stop").exists()
    assert training.stopping_since == 100
    clock.now += 3
    training.stop()
    assert not training.may_be_ended
    assert children[0].returncode is None
    clock.now += 0.1
    assert training.may_be_ended
    training.stop()
    assert children[0].returncode == -9
    training.look()
    assert training.history.ending == "failed"
    assert "was ended at once" in training.history.message
    assert training.stopping_since is None


def test_new_start_begins_without_the_wish_to_stop(
    training: TrainingProcess, clock: SimpleNamespace
) -> None:
    training.start()
    training.stop()
    clock.now += 60
    training.start()
    assert training.stopping_since is None
    assert not training.may_be_ended


@pytest.mark.parametrize(
    ("log", "message"),
    [
        ("", ENDED_FROM_OUTSIDE),
        ("some warning\n", ENDED_FROM_OUTSIDE),
        ("napari-zerodce: first\nnapari-zerodce: The disk is full.\nbye\n", "The disk is full."),
        ("napari-zerodce: not \udcff text", "not \ufffd text"),
    ],
)  # fmt: skip
def test_process_that_says_nothing_gets_an_epitaph(
    training: TrainingProcess, children: list[Child], folder: RunFolder, log: str, message: str
) -> None:
    training.start()
    write(folder, STARTED, stepped(1), stepped(2))
    folder.log.write_bytes(log.encode("utf-8", "surrogateescape"))
    children[0].returncode = -11
    training.look()
    assert training.history.ending == "failed"
    assert training.history.message == message
    assert not training.is_finished, "it can be resumed"


def test_folder_that_has_gone_is_said(
    training: TrainingProcess, children: list[Child], folder: RunFolder
) -> None:
    training.start()
    (folder.path / "config.json").unlink()
    children[0].returncode = 1
    training.look()
    assert training.history.message == (
        f"The run folder {folder.path} was deleted; the run cannot be continued. Start a new run."
    )


def test_log_that_has_gone_is_no_complaint(
    training: TrainingProcess, children: list[Child], folder: RunFolder
) -> None:
    training.start()
    folder.log.unlink()
    children[0].returncode = 3
    training.look()
    assert "from outside (exit code 3)" in training.history.message


@pytest.mark.parametrize(
    ("ending", "is_finished"),
    [("done", True), ("diverged", True), ("stopped", False), ("failed", False), (None, False)],
)
def test_run_is_finished_if_there_is_no_point_in_going_on(
    training: TrainingProcess, ending: Any, is_finished: bool
) -> None:
    training.history.ending = ending
    assert training.is_finished is is_finished


# ---- a run that was started elsewhere


def test_run_of_the_past_is_read_to_its_end(training: TrainingProcess, folder: RunFolder) -> None:
    write(folder, STARTED, stepped(1), DONE)
    seen = Seen(training)
    training.attach()
    assert (training.history.steps, training.history.ending) == ([1], "done")
    assert not training.is_running
    assert seen.ended == 1


@pytest.mark.parametrize("events", [[], [STARTED, stepped(1)]])
def test_interrupted_run_of_the_past_has_no_ending(
    training: TrainingProcess, folder: RunFolder, events: list[dict[str, Any]]
) -> None:
    write(folder, *events)
    training.attach()
    assert training.history.ending is None
    assert training.history.message == ""
    assert not training.is_running


def test_run_that_goes_on_elsewhere_is_followed(
    training: TrainingProcess, folder: RunFolder
) -> None:
    with folder.occupied():
        write(folder, STARTED, stepped(1))
        training.attach()
        assert training.is_running
        assert training.history.steps == [1]
        training.stop()
        assert (folder.path / "stop").exists()
    training.look()
    assert not training.is_running
    assert training.history.ending == "failed"
    assert (
        "was ended from outside. Checkpoints up to about step 1 are kept"
        in training.history.message
    )


def test_run_elsewhere_is_ended_by_its_owners_number(
    training: TrainingProcess, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[Path] = []
    monkeypatch.setattr(RunFolder, "kill_owner", lambda self: ended.append(self.path))
    training.kill()
    assert ended == [folder.path]


# ---- children that outlive who started them


def test_ended_children_are_let_go(children: list[Child], folder: RunFolder) -> None:
    first, second = TrainingProcess(folder), TrainingProcess(folder)
    first.start()
    second.start()
    assert training_process._children == children
    children[0].returncode = 0
    second.start()
    assert training_process._children == children[1:]
    for training in (first, second):
        training.release()
