"""The chooser of checkpoints: what is listed, chosen, dropped, and shown again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.named_files import renamed
from napari_zerodce.engine.automatic import AutomaticChoice
from napari_zerodce.gui.widgets.checkpoint_chooser import CheckpointChooser

FIRST = [
    "Automatic",
    "Zero-DCE (bundled)",
    "Zero-DCE++ (bundled)",
    "Zero-DCE, fluorescence (bundled)",
    "Zero-DCE++, fluorescence (bundled)",
]
CELLS = AutomaticChoice("fluorescence", "82 % of the image is background")


@pytest.fixture
def chooser(qtbot: Any) -> CheckpointChooser:
    chooser = CheckpointChooser()
    qtbot.addWidget(chooser)
    return chooser


def _texts(chooser: CheckpointChooser) -> list[str]:
    return [chooser.combo.itemText(row) for row in range(chooser.combo.count())]


def test_bundled_checkpoints_are_listed_and_published_ones_when_they_are_here(
    chooser: CheckpointChooser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _texts(chooser) == FIRST
    assert chooser.published_button.isVisibleTo(chooser)
    everything = (*registry.BUNDLED, *registry.PUBLISHED)
    monkeypatch.setattr(registry, "available", lambda: everything[:5])
    chooser.refresh()
    assert _texts(chooser) == [*FIRST, "Zero-DCE, published weights"]
    assert chooser.published_button.isVisibleTo(chooser), "one is still missing"
    monkeypatch.setattr(registry, "available", lambda: everything)
    for _ in range(2):
        chooser.refresh()
        assert len(_texts(chooser)) == 7
    assert not chooser.published_button.isVisibleTo(chooser)


def test_opened_files_are_listed_by_name_and_stay(
    chooser: CheckpointChooser, tmp_path: Path
) -> None:
    path = tmp_path / "mine.pth"
    for _ in range(2):
        chooser.show_active(path, "Zero-DCE, 79,416 parameters")
    chooser.refresh()
    assert _texts(chooser) == [*FIRST, "mine.pth"]
    assert chooser.combo.currentData() == path
    assert chooser.combo.itemData(5, Qt.ItemDataRole.ToolTipRole) == str(path)
    assert chooser.description.text() == "Zero-DCE, 79,416 parameters"


def test_files_of_one_name_in_two_folders_are_two(
    chooser: CheckpointChooser, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        chooser.show_active(tmp_path / folder / "mine.pth", folder)
    assert _texts(chooser) == [*FIRST, "mine.pth", "mine.pth"]
    assert chooser.combo.currentData() == tmp_path / "b" / "mine.pth"


def test_files_with_a_name_are_listed_by_it(chooser: CheckpointChooser, tmp_path: Path) -> None:
    path = tmp_path / "kept.safetensors"
    path.write_bytes(renamed(registry.BUNDLED[1].path, "cells of November 🔬"))
    chooser.show_active(path, "")
    assert _texts(chooser) == [*FIRST, "cells of November 🔬"]
    assert chooser.combo.itemData(5, Qt.ItemDataRole.ToolTipRole) == str(path)


def test_choice_that_did_not_load_is_taken_back(chooser: CheckpointChooser) -> None:
    chooser.show_active("zero-dce-pp", "")
    chooser.combo.setCurrentIndex(0)
    chooser.show_previous()
    assert chooser.combo.currentData() == "zero-dce-pp"


def test_choice_of_the_user_is_told_and_a_shown_one_is_not(chooser: CheckpointChooser) -> None:
    told: list[Any] = []
    chooser.source_chosen.connect(told.append)
    chooser.show_active("zero-dce-pp", "")
    assert told == []
    chooser.combo.activated.emit(2)
    assert told == ["zero-dce-pp"]


@pytest.mark.parametrize("name", ["/data/mine.pth", ""])
def test_file_comes_from_a_dialog_that_may_be_cancelled(
    chooser: CheckpointChooser, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (name, ""))
    told: list[Any] = []
    chooser.source_chosen.connect(told.append)
    chooser.open_button.click()
    assert told == ([Path(name)] if name else [])


def test_published_weights_are_asked_for(chooser: CheckpointChooser, qtbot: Any) -> None:
    with qtbot.waitSignal(chooser.published_requested):
        chooser.published_button.click()


def test_automatic_choice_is_told_with_one_click_to_the_other_weights(
    chooser: CheckpointChooser,
) -> None:
    chosen: list[Any] = []
    chooser.source_chosen.connect(chosen.append)
    chooser.show_automatic(None)
    assert chooser.combo.currentData() == "auto"
    assert "as the image needs" in chooser.description.text()
    assert not chooser.other_button.isVisibleTo(chooser)
    chooser.show_automatic(CELLS)
    assert chooser.description.text() == (
        "Fluorescence weights, because 82 % of the image is background."
    )
    assert chooser.other_button.text() == "Use photo weights"
    assert chosen == []
    chooser.other_button.click()
    assert chosen == ["zero-dce"]
    chooser.show_automatic(AutomaticChoice("photo", "the image is in colour"))
    assert chooser.other_button.text() == "Use fluorescence weights"
    chooser.other_button.click()
    assert chosen == ["zero-dce", "zero-dce-fluo"]


def test_one_click_leads_back_to_the_automatic_choice(chooser: CheckpointChooser) -> None:
    chosen: list[Any] = []
    chooser.source_chosen.connect(chosen.append)
    chooser.show_automatic(CELLS)
    chooser.show_active("zero-dce", "Zero-DCE, 79,416 parameters")
    assert chooser.other_button.isVisibleTo(chooser)
    assert chooser.other_button.text() == "Back to automatic weights"
    chooser.other_button.click()
    assert chosen == ["auto"]


def test_description_is_no_markup(chooser: CheckpointChooser) -> None:
    chooser.show_active("zero-dce", "<b>licence</b>")
    assert chooser.description.textFormat() == Qt.TextFormat.PlainText
