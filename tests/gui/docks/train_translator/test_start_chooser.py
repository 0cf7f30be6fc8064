"""What training starts from: two sizes, and files that the user opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.gui.docks.train_translator.start_chooser import (
    GeneratorStart,
    TranslatorStartChooser,
)

HORSES = GeneratorStart("horses", Path("/files/horses.pth"), GeneratorDesign("resnet"))


@pytest.fixture
def chooser(qtbot: Any) -> TranslatorStartChooser:
    widget = TranslatorStartChooser()
    qtbot.addWidget(widget)
    return widget


def choose(chooser: TranslatorStartChooser, data: str) -> None:
    row = chooser.findData(data)
    chooser.setCurrentIndex(row)
    chooser.activated.emit(row)


def test_random_weights_have_a_size_and_no_file(chooser: TranslatorStartChooser) -> None:
    assert (chooser.network_size, chooser.checkpoint()) == ("small", None)
    told: list[None] = []
    chooser.changed.connect(lambda: told.append(None))
    choose(chooser, "full")
    assert (chooser.network_size, chooser.title()) == ("full", "Full-size network, random weights")
    choose(chooser, "full")
    assert len(told) == 1, "the same choice again is no change"


def test_a_file_is_offered_once_and_chosen_only_if_asked(chooser: TranslatorStartChooser) -> None:
    chooser.offer(HORSES, chosen=False)
    assert chooser.checkpoint() is None
    chooser.offer(HORSES, chosen=True)
    assert (chooser.checkpoint(), chooser.title()) == (HORSES.path, "Starts from horses")
    assert [chooser.itemText(row) for row in range(chooser.count())] == [
        "Small network", "Full-size network", "horses", "Open a generator file…"
    ]  # fmt: skip
    assert chooser.itemData(2, Qt.ItemDataRole.ToolTipRole) == "/files/horses.pth"


@pytest.mark.parametrize("answer", ["/files/other.pth", ""])
def test_the_last_entry_asks_for_a_file_and_chooses_nothing_yet(
    chooser: TranslatorStartChooser, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (answer, ""))
    files: list[Path] = []
    chooser.file_chosen.connect(files.append)
    choose(chooser, "open")
    assert files == ([Path(answer)] if answer else [])
    assert chooser.currentText() == "Small network"
