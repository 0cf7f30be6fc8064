"""Weights to start from: the active ones first, files by name, those of a run by its copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt

from napari_zerodce.checkpoints.named_files import renamed
from napari_zerodce.checkpoints.registry import BUNDLED
from napari_zerodce.gui.docks.finetune.start_chooser import StartChooser
from napari_zerodce.training.config import RunConfig, TrainingConfig

PP = TrainingConfig(architecture="zero-dce-pp")


@pytest.fixture
def chooser(qtbot: Any) -> StartChooser:
    widget = StartChooser()
    qtbot.addWidget(widget)
    return widget


def choose(chooser: StartChooser, data: str) -> None:
    row = chooser.findData(data)
    chooser.setCurrentIndex(row)
    chooser.activated.emit(row)


def test_the_active_weights_are_first_until_the_user_chooses(chooser: StartChooser) -> None:
    told: list[None] = []
    chooser.changed.connect(lambda: told.append(None))
    chooser.offer("zero-dce-fluo", "zero-dce", 1)
    assert (chooser.checkpoint(), chooser.currentIndex(), len(told)) == ("zero-dce-fluo", 0, 1)
    choose(chooser, "zero-dce-fluo")  # also the first entry is a choice
    chooser.offer("zero-dce-pp", "zero-dce-pp", 12)
    assert chooser.checkpoint() == "zero-dce-fluo"
    assert chooser.itemData(0) == "zero-dce-pp"


def test_a_file_has_its_given_name_and_stays(chooser: StartChooser, tmp_path: Path) -> None:
    path = tmp_path / "kept.safetensors"
    path.write_bytes(renamed(BUNDLED[1].path, "cells of November"))
    chooser.offer(path, "zero-dce-pp", 12)
    assert chooser.title() == "Starts from cells of November"
    assert chooser.itemData(0, Qt.ItemDataRole.ToolTipRole) == str(path)
    chooser.offer("zero-dce", "zero-dce", 1)
    assert chooser.findText("cells of November") > 0


def test_a_run_shows_what_it_began_with(chooser: StartChooser, tmp_path: Path) -> None:
    start = tmp_path / "start.weights"
    chooser.show_run(RunConfig(training=PP, checkpoint="zero-dce-pp-fluo"), start)
    assert chooser.checkpoint() == "zero-dce-pp-fluo"
    chooser.show_run(RunConfig(training=PP), start)
    assert chooser.checkpoint() is None
    assert chooser.title() == "From scratch: Zero-DCE++"
    config = RunConfig(training=PP, checkpoint="cells of November, step 120", scale_factor=4)
    chooser.show_run(config, start)
    assert chooser.checkpoint() == str(start), "the original may be gone"
    assert chooser.title() == "Starts from cells of November, step 120"
    assert (chooser.start.architecture, chooser.start.scale_factor) == ("zero-dce-pp", 4)
    chooser.offer("zero-dce", "zero-dce", 1)
    assert chooser.checkpoint() == str(start), "the settings of the run stay"
