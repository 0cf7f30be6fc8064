"""Automatic weights in a real window: what the dock says, and one click to the other ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.layers.provenance import METADATA_KEY


def cells() -> np.ndarray:
    """A frame of which 80 % is background: shape (60, 60), uint16."""
    image = np.random.default_rng(0).normal(100, 3, (60, 60))
    image[:12] = 500 + np.arange(720).reshape(12, 60)
    return np.rint(image).astype(np.uint16)


def _wait_for_reason(dock: Any, qtbot: Any, words: str) -> None:
    qtbot.waitUntil(lambda: words in dock.checkpoints.description.text())


def _enhance(viewer: Any, dock: Any, qtbot: Any) -> Any:
    before = len(viewer.layers)
    qtbot.mouseClick(dock.run.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(viewer.layers) > before)
    qtbot.waitUntil(lambda: dock.run.state == "idle")
    return next(layer for layer in viewer.layers[::-1] if "[" in layer.name)


def test_fluorescence_is_recognised_told_and_enhanced_with_its_weights(
    viewer: Any, dock: Any, qtbot: Any
) -> None:
    assert dock.checkpoints.combo.currentText() == "Automatic"
    source = viewer.add_image(cells(), name="cells")
    _wait_for_reason(dock, qtbot, "of the image is background.")
    assert dock.checkpoints.description.text().startswith("Fluorescence weights, because ")
    result = _enhance(viewer, dock, qtbot)
    assert result.name == "cells [Zero-DCE, fluorescence]"
    made = result.metadata[METADATA_KEY]
    assert made["checkpoint"] == made["checkpoint_source"] == "zero-dce-fluo"
    settings = EnhanceSettings(checkpoint="zero-dce-fluo", look=DEFAULT_LOOK)
    expected = enhance(EnhanceRequest(source.data, "mono", settings)).image
    np.testing.assert_array_equal(result.data, expected)
    below = source.data < made["window"][0]
    assert below.any()
    np.testing.assert_array_equal(result.data[below], source.data[below])


def test_one_click_takes_the_other_weights_and_one_more_the_automatic_ones(
    viewer: Any, dock: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    viewer.add_image(dark_photo, rgb=True)
    _wait_for_reason(dock, qtbot, "in colour")
    button = dock.checkpoints.other_button
    assert button.text() == "Use fluorescence weights"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dock._session.checkpoint == "zero-dce-fluo")
    assert dock.checkpoints.combo.currentText() == "Zero-DCE, fluorescence (bundled)"
    assert button.text() == "Back to automatic weights"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    _wait_for_reason(dock, qtbot, "in colour")
    assert dock._session.settings.is_automatic


def test_scale_factor_goes_with_automatic_weights(viewer: Any, dock: Any, qtbot: Any) -> None:
    dock.choose_checkpoint("zero-dce-pp")
    qtbot.waitUntil(lambda: dock._session.settings.scale_factor == 12)
    dock.choose_checkpoint("auto")
    assert dock._session.settings.scale_factor is None
    assert dock._session.settings.is_automatic


def test_layer_is_followed_and_a_late_answer_for_another_choice_is_dropped(
    viewer: Any, dock: Any, qtbot: Any, dark_photo: np.ndarray
) -> None:
    viewer.add_image(cells(), name="cells")
    dock.choose_checkpoint("zero-dce-pp")
    qtbot.waitUntil(lambda: dock._session.checkpoint == "zero-dce-pp")
    assert "10,561 parameters" in dock.checkpoints.description.text()
    dock.choose_checkpoint("auto")
    _wait_for_reason(dock, qtbot, "Fluorescence weights")
    viewer.add_image(dark_photo, rgb=True, name="photo")
    _wait_for_reason(dock, qtbot, "Photo weights")
    viewer.layers.clear()
    _wait_for_reason(dock, qtbot, "as the image needs")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_is_cut_off_on_a_small_screen(
    viewer: Any, dock: Any, qtbot: Any, small_screen: None, settle: Any, theme: str
) -> None:
    viewer.theme = theme
    viewer.add_image(cells(), name="cells")
    _wait_for_reason(dock, qtbot, "of the image is background.")
    settle(dock)
    QApplication.processEvents()
    assert dock.verticalScrollBar().maximum() == 0
    for part in (dock.checkpoints.description, dock.checkpoints.other_button):
        assert part.isVisible()
        assert part.width() >= part.minimumSizeHint().width()
        assert part.height() >= part.heightForWidth(part.width())


def test_docks_share_the_choice(viewer: Any, dock: Any, adjust: Any, qtbot: Any) -> None:
    viewer.add_image(cells(), name="cells")
    qtbot.waitUntil(lambda: "fluorescence weights" in adjust.settings.text.text())
    adjust.live.setChecked(True)
    qtbot.waitUntil(lambda: adjust.shown.layer is not None)
    assert "Zero-DCE, fluorescence" in adjust.shown.layer.name
    _wait_for_reason(dock, qtbot, "of the image is background.")
    qtbot.mouseClick(dock.checkpoints.other_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: adjust.settings.text.text().startswith("Zero-DCE ·"))
    qtbot.waitUntil(lambda: "[live: Zero-DCE]" in adjust.shown.layer.name)
