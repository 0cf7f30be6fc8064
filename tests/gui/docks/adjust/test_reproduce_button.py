"""Reproduce: what is copied, and each sentence that is told about it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from napari.layers._source import layer_source
from PIL import Image as PillowImage
from qtpy.QtWidgets import QApplication

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.adjust.reproduce_button import ReproduceButton
from napari_zerodce.gui.layers.provenance import METADATA_KEY
from napari_zerodce.gui.layers.results import add_result, data_of_source
from napari_zerodce.gui.layers.source import read_source

PIXELS = (np.arange(8 * 8 * 3) % 60).reshape(8, 8, 3).astype(np.uint8)
SETTINGS = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu", look=Look(strength=1.5))


@pytest.fixture(scope="module")
def result() -> EnhanceResult:
    return enhance(EnhanceRequest(PIXELS, "rgb", SETTINGS))


class Reproduced:
    """The button with the layer it asks for, and what it has told."""

    def __init__(self, model: ViewerModel, qtbot: Any) -> None:
        self.layer: Image | None = None
        self.button = ReproduceButton(
            lambda: self.layer, lambda layer: data_of_source(model, layer)
        )
        qtbot.addWidget(self.button)
        self.told: list[tuple[str, str]] = []
        self.button.told.connect(lambda text, tone: self.told.append((text, tone)))
        QApplication.clipboard().setText("before")


@pytest.fixture
def reproduced(model: ViewerModel, qtbot: Any) -> Reproduced:
    return Reproduced(model, qtbot)


def _result_layer(model: ViewerModel, result: EnhanceResult, path: Path | None = None) -> Image:
    with layer_source(path=None if path is None else str(path)):
        source = model.add_image(PIXELS, rgb=True, name="photo")
    return add_result(model, read_source(source), result)


def _clipboard() -> str:
    return str(QApplication.clipboard().text())


def _both(button: ReproduceButton) -> tuple[Any, Any]:
    return button.copy_command, button.copy_python


def test_without_a_result_nothing_is_copied(reproduced: Reproduced) -> None:
    for action in _both(reproduced.button):
        action.trigger()
    sentence = "There is no result layer to reproduce; press Apply, or select one."
    assert reproduced.told == [(sentence, "bad")] * 2
    assert _clipboard() == "before"


@pytest.mark.parametrize("metadata", [{}, {METADATA_KEY: {"role": "result", "window": 5}}])
def test_layer_that_does_not_say_how_it_was_made_is_named(
    reproduced: Reproduced, metadata: dict[str, Any]
) -> None:
    reproduced.layer = Image(np.zeros((8, 8)), name="mine", metadata=metadata)
    for action in _both(reproduced.button):
        action.trigger()
    sentence = (
        "The metadata of 'mine' do not describe completely how it was made; "
        "enhance its source layer again."
    )
    assert {text for text, _ in reproduced.told} == {sentence}
    assert _clipboard() == "before"


def test_layer_from_no_file_is_reproduced_by_python_lines_alone(
    reproduced: Reproduced, model: ViewerModel, result: EnhanceResult
) -> None:
    reproduced.layer = _result_layer(model, result)
    reproduced.button.copy_command.trigger()
    text, tone = reproduced.told[-1]
    assert text.startswith("'photo' was not opened from a file, but a command needs a file; ")
    assert tone == "bad"
    assert _clipboard() == "before"
    reproduced.button.copy_python.trigger()
    assert reproduced.told[-1] == (
        "Copied Python lines; replace the dots by the array of the source layer.",
        "good",
    )
    assert "image = ..." in _clipboard()
    assert "strength=1.5" in _clipboard()


def test_command_of_an_unchanged_file_is_copied(
    reproduced: Reproduced, model: ViewerModel, result: EnhanceResult, tmp_path: Path, qtbot: Any
) -> None:
    path = tmp_path / "a photo.png"
    PillowImage.fromarray(PIXELS).save(path)
    reproduced.layer = _result_layer(model, result, path)
    reproduced.button.copy_command.trigger()
    qtbot.waitUntil(lambda: bool(reproduced.told))
    assert reproduced.told == [
        ("Copied the command line; the result from a photo.png has the same pixels.", "good")
    ]
    words = shlex.split(_clipboard())
    assert words[:3] == ["napari-zerodce", "enhance", str(path)]
    assert words[words.index("--output") + 1] == str(tmp_path / "a photo-enhanced.png")
    assert words[words.index("--checkpoint") + 1] == "zero-dce-pp"


def test_python_lines_of_a_changed_file_are_copied_with_a_warning(
    reproduced: Reproduced, model: ViewerModel, result: EnhanceResult, tmp_path: Path, qtbot: Any
) -> None:
    path = tmp_path / "photo.png"
    PillowImage.fromarray(PIXELS + 1).save(path)
    reproduced.layer = _result_layer(model, result, path)
    reproduced.button.copy_python.trigger()
    qtbot.waitUntil(lambda: bool(reproduced.told))
    warning = (
        "Copied Python lines, but photo.png has changed: its pixels differ from those of the layer."
    )
    assert reproduced.told == [(warning, "bad")]
    assert f"read_image({str(path)!r})" in _clipboard()


def test_source_that_was_deleted_is_said(
    reproduced: Reproduced, model: ViewerModel, result: EnhanceResult, tmp_path: Path, qtbot: Any
) -> None:
    reproduced.layer = _result_layer(model, result, tmp_path / "gone.png")
    model.layers.remove(model.layers["photo"])
    reproduced.button.copy_command.trigger()
    qtbot.waitUntil(lambda: bool(reproduced.told))
    text, tone = reproduced.told[0]
    assert text.startswith("Copied the command line, but the source layer was deleted")
    assert tone == "bad"
    assert "gone.png" in _clipboard()
