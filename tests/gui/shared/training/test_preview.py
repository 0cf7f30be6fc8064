"""The preview: which checkpoint is shown while new ones come, and after a slide by the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_zerodce.gui.shared.training.preview import Pictures, PreviewPanel
from napari_zerodce.imaging.files.images import ImageFile, write_image
from napari_zerodce.training.events import History, SavedCheckpoint
from napari_zerodce.training.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path)
    for path in (folder.original, *(folder.preview(step) for step in (0, 10, 20))):
        write_image(path, ImageFile(np.full((20, 40), 90, np.uint8), "mono"))
    return folder


@pytest.fixture
def panel(qtbot: Any) -> PreviewPanel:
    widget = PreviewPanel()
    qtbot.addWidget(widget)
    return widget


def history_of(folder: RunFolder, *steps: int) -> History:
    saved = [SavedCheckpoint(s, folder.checkpoint(s).name, folder.preview(s).name) for s in steps]
    return History(checkpoints=saved, validation=[(s, 5.0 - s / 10 * (s < 20)) for s in steps])


def test_the_newest_is_shown_until_the_user_takes_the_slider(
    panel: PreviewPanel, folder: RunFolder
) -> None:
    panel.show_run(folder, history_of(folder, 0))
    panel.show_run(folder, history_of(folder, 0, 10))
    assert panel.chosen() == folder.checkpoint(10)
    panel.slider.setValue(0)
    panel.show_run(folder, history_of(folder, 0, 10, 20))
    assert panel.chosen() == folder.checkpoint(0)
    assert panel.enhanced.file == folder.preview(0)


def test_best_is_the_lowest_validation_loss(panel: PreviewPanel, folder: RunFolder) -> None:
    panel.show_run(folder, history_of(folder, 0, 10, 20))
    panel.best_button.click()
    assert panel.chosen() == folder.checkpoint(10)
    assert panel.caption.text() == "Step 10 · validation loss 4, the lowest"


def test_the_picture_keeps_its_proportions(
    panel: PreviewPanel, folder: RunFolder, qtbot: Any
) -> None:
    panel.show_run(folder, history_of(folder, 0))
    panel.resize(400, 300)
    panel.show()
    qtbot.waitExposed(panel)
    picture = panel.original.pixmap()
    assert picture.width() == pytest.approx(2 * picture.height(), abs=2)


def test_nothing_is_chosen_before_there_is_a_checkpoint(
    panel: PreviewPanel, folder: RunFolder
) -> None:
    panel.show_run(folder, History())
    assert panel.chosen() is None
    assert panel.isHidden()


def test_without_a_validation_there_is_no_best(panel: PreviewPanel, folder: RunFolder) -> None:
    history = history_of(folder, 0, 10)
    history.validation = []
    panel.show_run(folder, history)
    assert panel.best_button.isHidden()
    assert panel.caption.text() == "Step 10"


@pytest.mark.parametrize("has_target", [False, True])
def test_rows_are_named_and_a_target_is_shown_if_there_is_one(
    folder: RunFolder, qtbot: Any, has_target: bool
) -> None:
    panel = PreviewPanel(Pictures(("a", "b", "c"), rows=("sources", "results", "targets")))
    qtbot.addWidget(panel)
    if has_target:
        write_image(folder.target, ImageFile(np.full((20, 40), 200, np.uint8), "mono"))
    history = history_of(folder, 0)
    history.validation = []
    panel.show_run(folder, history)
    assert panel.target.isHidden() is not has_target
    names = "sources, results, targets" if has_target else "sources, results"
    assert panel.caption.text() == f"Step 0 · from the top: {names}"
    assert panel.enhanced.y() >= panel.original.y()
