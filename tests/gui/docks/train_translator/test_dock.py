"""The Train translator dock without a child process: choices, refusals, alarm, re-attachment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce import device
from napari_zerodce.gui.docks.finetune.dock import FineTuneDock
from napari_zerodce.gui.docks.train_translator.dock import TrainTranslatorDock
from napari_zerodce.gui.session.session import session_of
from napari_zerodce.gui.session.training_process import TrainingProcess
from napari_zerodce.training.events import EventWriter
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.translation.config import TranslationRunConfig


@pytest.fixture(autouse=True)
def own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep runs out of the user's folder."""
    monkeypatch.setenv("NAPARI_ZERODCE_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


class Children:
    """Stands for the child processes: they live until a test ends them, and write no event."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.alive: set[TrainingProcess] = set()

        def start(process: TrainingProcess) -> None:
            self.alive.add(process)
            process._follow()

        monkeypatch.setattr(TrainingProcess, "start", start)
        monkeypatch.setattr(TrainingProcess, "_is_alive", lambda process: process in self.alive)

    def end(self, process: TrainingProcess, **facts: Any) -> None:
        write(process.folder, "ended", **facts)
        self.alive.discard(process)
        process.look()


def write(folder: RunFolder, event: str, **facts: Any) -> None:
    with EventWriter(folder.events) as events:
        events.write(event, **facts)


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Children:
    return Children(monkeypatch)


@pytest.fixture
def scenes(model: ViewerModel) -> tuple[Image, Image]:
    """A dark and a bright image of the viewer; the dark one is active."""
    generator = np.random.default_rng(0)
    dark = model.add_image(generator.integers(0, 60, (96, 96, 3), np.uint8), name="dark")
    bright = model.add_image(generator.integers(99, 255, (96, 96, 3), np.uint8), name="bright")
    model.layers.selection.active = dark
    return dark, bright


@pytest.fixture
def dock(
    model: ViewerModel, scenes: Any, children: Children, settle: Any, monkeypatch: Any
) -> Iterator[TrainTranslatorDock]:
    dock = TrainTranslatorDock(model)
    monkeypatch.setattr(dock.forecast, "_measure", lambda: None)  # it would load torch
    dock.forecast._timer.timeout.disconnect()
    make_quick(dock)
    yield dock
    dock.release_once()
    if dock.training is not None:
        dock.training.release()
    settle(dock)
    dock.deleteLater()


def make_quick(dock: TrainTranslatorDock) -> None:
    dock.form.fields["crop"].value = 32
    dock.form.length.show_duration(minutes=None, steps=9)


def start(dock: TrainTranslatorDock, qtbot: Any) -> TrainingProcess:
    dock.start()
    qtbot.waitUntil(lambda: dock.panel.state != "preparing")
    assert dock.panel.state == "running", dock.panel.message.text()
    assert dock.training is not None
    return dock.training


def test_an_image_is_a_source_or_a_target(
    dock: TrainTranslatorDock, scenes: tuple[Image, Image]
) -> None:
    dark, bright = scenes
    assert dock.sources.layers() == [dark], "the active image is the likely source"
    assert dock.targets.layers() == []
    dock.targets.tick(dark)
    assert (dock.sources.layers(), dock.targets.layers()) == ([], [dark])
    dock.sources.tick(dark)
    dock.targets.tick(bright)
    assert (dock.sources.layers(), dock.targets.layers()) == ([dark], [bright])


def test_what_is_missing_is_one_sentence(
    dock: TrainTranslatorDock, scenes: tuple[Image, Image]
) -> None:
    dock.start()
    assert "There is no target to train on; tick one or more" in dock.panel.message.text()
    dock.targets.tick(scenes[1])
    assert dock.panel.message.text() == "", "the new choice may have corrected it"
    dock.sources.tick(scenes[0], on=False)
    dock.start()
    assert "There is no source to train on" in dock.panel.message.text()
    assert dock.panel.state == "idle"


def test_one_folder_for_both_sets_is_refused(
    dock: TrainTranslatorDock, scenes: tuple[Image, Image], tmp_path: Path
) -> None:
    dock.sources.tick(scenes[0], on=False)
    for chooser in (dock.sources, dock.targets):
        chooser.choose_folder(tmp_path)
    dock.start()
    assert "for both sources and targets" in dock.panel.message.text()
    assert dock.panel.state == "idle"


def test_the_choices_become_a_run_folder(
    dock: TrainTranslatorDock, scenes: tuple[Image, Image], qtbot: Any
) -> None:
    dock.targets.tick(scenes[1])
    dock.methods.choose("cyclegan")
    dock.form.fields["identity"].value = 0.25
    dock.form.name.value = "nights"
    folder = start(dock, qtbot).folder
    assert "nights" in folder.path.name
    config = folder.config_as(TranslationRunConfig)
    assert (config.images, config.targets) == (("dark",), ("bright",))
    assert (config.name, config.training.method) == ("nights", "cyclegan")
    assert (config.training.identity, config.training.steps) == (0.25, 9)
    assert config.minutes is None


def test_losses_notices_and_the_ending_are_shown(
    dock: TrainTranslatorDock, scenes: tuple[Image, Image], children: Children, qtbot: Any
) -> None:
    dock.targets.tick(scenes[1])
    training = start(dock, qtbot)
    write(training.folder, "started", step=0, steps=9, device="cpu")
    losses = {"gan": 1.0, "nce": 2.0, "discriminator": 0.5}
    write(training.folder, "step", step=1, losses=losses, total=3.0, steps_per_second=4)
    training.look()
    assert "Step 1 of 9" in dock.panel.status.text()
    assert dock.losses.plot.lines["discriminator"].getOriginalDataset()[1].tolist() == [0.5]
    assert "There is 1 source and 1 target" in dock.panel.message.text()
    assert dock.alarm.isHidden()
    children.end(training, ending="done", message="Done: 9 steps.")
    assert dock.panel.state == "idle"
    assert dock.panel.message.text().startswith("✓ Done: 9 steps.")


def test_the_alarm_starts_again_with_a_new_seed(
    dock: TrainTranslatorDock, scenes: tuple[Image, Image], children: Children, qtbot: Any
) -> None:
    dock.targets.tick(scenes[1])
    dock.form.fields["seed"].value = 7
    first = start(dock, qtbot)
    write(first.folder, "notice", text="The results are inverted.", is_alarm=True)
    first.look()
    assert dock.alarm.sentence.text() == "⚠ The results are inverted."
    dock.alarm.button.click()
    assert dock.panel.state == "stopping"
    assert (first.folder.path / "stop").exists()
    children.end(first, ending="stopped", message="Stopped.")
    qtbot.waitUntil(lambda: dock.panel.state == "running")
    assert dock.training is not first
    assert dock.training.folder.config_as(TranslationRunConfig).training.seed == 8
    assert dock.alarm.isHidden(), "the alarm was of the other run"


def test_a_run_starts_again_without_its_images(
    dock: TrainTranslatorDock, scenes: tuple[Image, Image], children: Children, qtbot: Any
) -> None:
    dock.targets.tick(scenes[1])
    dock.form.fields["seed"].value = 7
    first = start(dock, qtbot)
    dock._viewer.layers.clear()
    dock.start_again()
    children.end(first, ending="stopped", message="Stopped.")
    qtbot.waitUntil(lambda: dock.panel.state == "running")
    assert dock.training is not first
    assert dock.training.folder.config_as(TranslationRunConfig).training.seed == 8
    assert dock.training.folder.packed_crops.read_bytes() == first.folder.packed_crops.read_bytes()
    assert dock.form.fields["seed"].value == 8


def test_a_run_that_cannot_start_again_is_not_stopped(
    dock: TrainTranslatorDock, scenes: tuple[Image, Image], children: Children, qtbot: Any
) -> None:
    dock.targets.tick(scenes[1])
    training = start(dock, qtbot)
    dock.runs.setText("here")
    dock.start_again()
    assert "must be the full path" in dock.panel.message.text()
    assert dock.panel.state == "running"
    assert not (training.folder.path / "stop").exists()


def test_without_torch_nothing_is_prepared(
    dock: TrainTranslatorDock,
    scenes: tuple[Image, Image],
    own_runs: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(device, "is_torch_installed", lambda: False)
    dock.targets.tick(scenes[1])
    dock.start()
    told = "⚠ This needs PyTorch, which is not installed;"
    assert dock.forecast.text().startswith(told)
    assert dock.panel.message.isHidden(), "said once"
    dock.forecast.say("")
    dock.start()
    assert dock.panel.message.text().startswith(told)
    assert dock.panel.state == "idle"
    assert not own_runs.exists()
    assert dock.panel.resume_button.isHidden()


def test_nothing_is_awaited_of_a_run_that_failed_at_once(
    dock: TrainTranslatorDock, scenes: tuple[Image, Image], children: Children, qtbot: Any
) -> None:
    dock.targets.tick(scenes[1])
    training = start(dock, qtbot)
    training.advanced.emit()
    assert "Loading torch" in dock.panel.status.text()
    children.end(training, ending="failed", message="Torch could not be loaded.")
    assert "Loading torch" not in dock.panel.status.text()


def test_one_training_at_a_time(
    dock: TrainTranslatorDock,
    model: ViewerModel,
    scenes: tuple[Image, Image],
    qtbot: Any,
    settle: Any,
) -> None:
    dock.targets.tick(scenes[1])
    start(dock, qtbot)
    other = FineTuneDock(model)
    other.start()
    assert "A run of the dock 'Train translator' is in progress" in other.panel.message.text()
    assert other.panel.state == "idle"
    assert other.training is None
    other.release_once()
    settle(other)
    other.deleteLater()


def test_a_dock_opened_again_shows_the_run(
    dock: TrainTranslatorDock,
    model: ViewerModel,
    scenes: tuple[Image, Image],
    children: Children,
    qtbot: Any,
    settle: Any,
) -> None:
    dock.targets.tick(scenes[1])
    dock.methods.choose("fastcut")
    training = start(dock, qtbot)
    dock.release_once()
    again = TrainTranslatorDock(model)
    assert again.training is training
    assert again.panel.state == "running"
    assert again.methods.method == "fastcut"
    assert (again.sources.layers(), again.targets.layers()) == ([scenes[0]], [scenes[1]])
    children.end(training, ending="done", message="Done.")
    assert again.panel.state == "idle"
    again.release_once()
    settle(again)
    again.deleteLater()


def test_a_run_of_the_other_kind_is_refused(
    dock: TrainTranslatorDock,
    model: ViewerModel,
    scenes: tuple[Image, Image],
    children: Children,
    qtbot: Any,
    settle: Any,
) -> None:
    dock.targets.tick(scenes[1])
    training = start(dock, qtbot)
    children.end(training, ending="done", message="Done.")
    other = FineTuneDock(model)
    other.open_run(training.folder.path)
    assert "trains a translator" in other.panel.message.text()
    assert session_of(model).runs == {"translation": training}
    dock.open_run(training.folder.path)
    assert dock.panel.message.text().startswith("✓ Done.")
    other.release_once()
    settle(other)
    other.deleteLater()
