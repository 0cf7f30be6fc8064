"""What is said before published weights are downloaded, and that no is no."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QWidget

from napari_zerodce.checkpoints.registry import PUBLISHED
from napari_zerodce.gui.docks.enhance.licence_dialog import LicenceDialog


@pytest.fixture
def parent(qtbot: Any) -> QWidget:
    parent = QWidget()
    qtbot.addWidget(parent)
    return parent


def _text(dialog: LicenceDialog) -> str:
    return " ".join(label.text() for label in dialog.findChildren(QLabel))


@pytest.mark.parametrize(
    ("entries", "names"),
    [(PUBLISHED, "Zero-DCE and Zero-DCE++"), (PUBLISHED[1:], "Zero-DCE++")],
)
def test_weights_licence_and_place_are_told(
    parent: QWidget, own_cache: Path, entries: Any, names: str
) -> None:
    text = _text(LicenceDialog(entries, parent))
    kilobytes = sum(entry.size for entry in entries) / 1024
    assert f"<b>{names}</b> ({kilobytes:.0f} KiB)" in text
    assert "CC BY-NC 4.0" in text
    assert "excludes commercial use" in text
    assert str(own_cache) in text


def test_only_the_button_that_says_so_accepts(parent: QWidget, qtbot: Any) -> None:
    accepted = LicenceDialog(PUBLISHED, parent)
    qtbot.mouseClick(accepted.download_button, Qt.MouseButton.LeftButton)
    assert accepted.result() == QDialog.DialogCode.Accepted
    refused = LicenceDialog(PUBLISHED, parent)
    (box,) = refused.findChildren(QDialogButtonBox)
    box.button(QDialogButtonBox.StandardButton.Cancel).click()
    assert refused.result() == QDialog.DialogCode.Rejected
