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
from qtpy.QtCore import QThreadPool
from qtpy.QtWidgets import QApplication

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.adjust.reproduce_button import ReproduceButton
from napari_zerodce.gui.layers.provenance import METADATA_KEY
from napari_zerodce.gui.layers.results import add_result, source_layer_of
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
            lambda: self.layer, lambda layer: source_layer_of(model, layer)
        )
        qtbot.addWidget(self.button)
        self.told: list[tuple[str, str]] = []
        self.button.told.connect(self._on_told)
        QApplication.clipboard().setText("before")

    def _on_told(self, text: str, tone: str) -> None:
        if tone != "progress":
            self.told.append((text, tone))


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


def _asked(action: Any, reproduced: Reproduced, qtbot: Any) -> tuple[str, str]:
    before = len(reproduced.told)
    action.trigger()
    qtbot.waitUntil(lambda: len(reproduced.told) > before)
    return reproduced.told[-1]


@pytest.mark.parametrize("name", ["a photo.png", "a photo.jpg"])
def test_command_writes_without_loss(
    reproduced: Reproduced,
    model: ViewerModel,
    result: EnhanceResult,
    tmp_path: Path,
    qtbot: Any,
    name: str,
) -> None:
    path = tmp_path / name
    PillowImage.fromarray(PIXELS).save(path)
    with layer_source(path=str(path)):
        source = model.add_image(np.asarray(PillowImage.open(path)), rgb=True, name="photo")
    reproduced.layer = add_result(model, read_source(source), result)
    assert _asked(reproduced.button.copy_command, reproduced, qtbot) == (
        "Copied the command line; it writes a photo-enhanced.png with the pixels of the layer.",
        "good",
    )
    words = shlex.split(_clipboard())
    assert words[words.index("enhance") + 1] == str(path)
    assert words[words.index("--output") + 1] == str(tmp_path / "a photo-enhanced.png")
    assert words[words.index("--checkpoint") + 1] == "zero-dce-pp"
    assert _asked(reproduced.button.copy_python, reproduced, qtbot) == (
        "Copied Python lines; they make the pixels of the layer.",
        "good",
    )
    assert f"read_image({str(path)!r})" in _clipboard()


def test_layer_from_no_file_is_reproduced_by_python_lines(
    reproduced: Reproduced, model: ViewerModel, result: EnhanceResult, qtbot: Any
) -> None:
    reproduced.layer = _result_layer(model, result)
    text, tone = _asked(reproduced.button.copy_command, reproduced, qtbot)
    assert text == (
        "Copied Python lines instead: no command makes this layer again, because 'photo' was not "
        "opened from a file; the lines take the source layer from this viewer."
    )
    assert tone == "plain"
    assert "image = viewer.layers['photo'].data\n" in _clipboard()
    assert "strength=1.5" in _clipboard()
    assert _asked(reproduced.button.copy_python, reproduced, qtbot) == (
        "Copied Python lines; the lines take the source layer from this viewer.",
        "good",
    )


def test_nothing_is_copied_if_neither_file_nor_layer_is_there(
    reproduced: Reproduced, model: ViewerModel, result: EnhanceResult, tmp_path: Path, qtbot: Any
) -> None:
    reproduced.layer = _result_layer(model, result, tmp_path / "gone.png")
    model.layers.remove(model.layers["photo"])
    text, tone = _asked(reproduced.button.copy_command, reproduced, qtbot)
    assert text.startswith("Nothing was copied: no command makes this layer again, because ")
    assert text.endswith("gone.png; open its source image and try again.")
    assert tone == "bad"
    assert _clipboard() == "before"
    text, tone = _asked(reproduced.button.copy_python, reproduced, qtbot)
    assert text.startswith("Copied Python lines without the source image, because ")
    assert text.endswith("gone.png; replace the dots by its array.")
    assert tone == "bad"
    assert "image = ...  # the array of the source layer, 'photo'" in _clipboard()


def test_planes_that_were_enhanced_again_are_told(
    reproduced: Reproduced, model: ViewerModel, tmp_path: Path, qtbot: Any
) -> None:
    path = tmp_path / "photo.png"
    PillowImage.fromarray(PIXELS).save(path)
    reproduced.layer = _result_layer(model, enhance(EnhanceRequest(PIXELS, "rgb", SETTINGS)), path)
    model.layers.remove(model.layers["photo"])
    text, _ = _asked(reproduced.button.copy_command, reproduced, qtbot)
    assert text == (
        "Copied the command line; it writes photo-enhanced.png with the pixels of the layer, as 1 "
        "plane enhanced again showed."
    )


def test_samples_that_another_version_rounded_differently_are_told(
    reproduced: Reproduced, model: ViewerModel, tmp_path: Path, qtbot: Any
) -> None:
    path = tmp_path / "photo.png"
    PillowImage.fromarray(PIXELS).save(path)
    reproduced.layer = _result_layer(model, enhance(EnhanceRequest(PIXELS, "rgb", SETTINGS)), path)
    reproduced.layer.data[3, 4, 1] += 1
    model.layers.remove(model.layers["photo"])
    text, tone = _asked(reproduced.button.copy_command, reproduced, qtbot)
    assert text.endswith(
        "as 1 plane enhanced again showed; 1 sample differs by rounding, because another version "
        "or backend made the layer."
    )
    assert tone == "good"
    assert _clipboard() != "before"


def test_weights_that_are_not_there_are_told(
    reproduced: Reproduced, model: ViewerModel, result: EnhanceResult, qtbot: Any
) -> None:
    reproduced.layer = _result_layer(model, result)
    reproduced.layer.metadata[METADATA_KEY]["checkpoint_source"] = "/nowhere/mine.pth"
    text, tone = _asked(reproduced.button.copy_command, reproduced, qtbot)
    assert text.startswith("Nothing was copied: ")
    assert "mine.pth" in text
    assert tone == "bad"
    assert _clipboard() == "before"
    qtbot.waitUntil(reproduced.button.isEnabled)


def test_the_button_waits_for_its_answer(
    reproduced: Reproduced, model: ViewerModel, result: EnhanceResult, qtbot: Any
) -> None:
    reproduced.layer = _result_layer(model, result)
    said: list[str] = []
    reproduced.button.told.connect(lambda text, _: said.append(text))
    reproduced.button.copy_command.trigger()
    assert not reproduced.button.isEnabled()
    assert said == [f"Checking how '{reproduced.layer.name}' can be made again…"]
    qtbot.waitUntil(reproduced.button.isEnabled)


@pytest.mark.parametrize("released", ["during the check", "after it, before Qt tells"])
def test_a_released_button_copies_nothing(
    reproduced: Reproduced,
    model: ViewerModel,
    result: EnhanceResult,
    tmp_path: Path,
    qtbot: Any,
    released: str,
) -> None:
    PillowImage.fromarray(PIXELS).save(tmp_path / "photo.png")
    reproduced.layer = _result_layer(model, result, tmp_path / "photo.png")
    reproduced.button.copy_command.trigger()
    if released != "during the check":
        QThreadPool.globalInstance().waitForDone()
    reproduced.button.release()
    qtbot.waitUntil(reproduced.button.isEnabled)
    assert reproduced.told == []
    assert _clipboard() == "before"


def test_each_choice_is_explained(reproduced: Reproduced) -> None:
    assert reproduced.button.toolTip()
    assert reproduced.button.menu().toolTipsVisible()
    assert all(len(action.toolTip()) > 40 for action in _both(reproduced.button))
