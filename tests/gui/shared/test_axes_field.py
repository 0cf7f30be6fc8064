"""The letters of a layer's axes are shown, corrected in the layer, and followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.enhance.form import EnhanceForm

FIVE = np.zeros((2, 3, 4, 8, 9), np.int8)


@pytest.fixture
def form(model: ViewerModel, qtbot: Any) -> Iterator[EnhanceForm]:
    form = EnhanceForm(model, EnhanceSettings())
    qtbot.addWidget(form)
    yield form
    form.release()


def write(form: EnhanceForm, letters: str) -> None:
    form.axes.letters.setText(letters)
    form.axes.letters.editingFinished.emit()


def test_they_are_shown_only_if_there_is_something_to_say(
    form: EnhanceForm, model: ViewerModel
) -> None:
    assert form.axes.isHidden()
    model.add_image(np.zeros((8, 9)))
    assert form.axes.isHidden()
    model.add_image(FIVE)
    assert not form.axes.isHidden()
    assert form.axes.letters.text() == "QQQYX"
    model.add_image(np.zeros((8, 9)), axis_labels=("x", "y"))
    assert form.axes.letters.text() == "XY"
    model.add_image(np.zeros((40, 50, 3), np.uint8), rgb=True)
    assert form.axes.isHidden()


def test_a_correction_changes_the_layer_and_what_depends_on_it(
    form: EnhanceForm, model: ViewerModel
) -> None:
    layer = model.add_image(FIVE)
    told: list[str] = []
    form.changed.connect(lambda: told.append(form.axes.letters.text()))
    write(form, "yxtzc")
    assert layer.axis_labels == ("y", "x", "t", "z", "c")
    assert told[-1] == "YXTZC"
    assert model.dims.axis_labels == ("y", "x", "t", "z", "c")
    form.part.planes.setCurrentIndex(2)
    assert [field.layout().itemAt(0).widget().text() for field in form.part.ranges] == [*"tzc"]
    assert [field.ends for field in form.part.ranges] == [(0, 3), (0, 7), (0, 8)]
    assert "Y: 2 (rows), X: 3 (columns), T: 4 (time)" in form.axes.letters.toolTip()


def test_a_renamed_label_is_followed(form: EnhanceForm, model: ViewerModel) -> None:
    layer = model.add_image(FIVE, axis_labels=("t", "c", "z", "y", "x"))
    assert form.axes.letters.text() == "TCZYX"
    layer.axis_labels = ("time", "z", "channel", "y", "x")
    assert form.axes.letters.text() == "TZCYX"
    layer.axis_labels = None
    assert form.axes.letters.text() == "QQQYX"


def test_letters_that_do_not_fit_are_told_and_change_nothing(
    form: EnhanceForm, model: ViewerModel
) -> None:
    layer = model.add_image(FIVE, axis_labels=("t", "c", "z", "y", "x"))
    told: list[Any] = []
    form.axes.edited.connect(told.append)
    write(form, "TZYX")
    assert "letter for each of its 5 axes" in str(told.pop())
    assert layer.axis_labels == ("t", "c", "z", "y", "x")
    write(form, "TZCYX")
    assert told == [None]


def test_several_layers_with_the_same_axes_are_corrected_together(
    form: EnhanceForm, model: ViewerModel
) -> None:
    layers = [model.add_image(FIVE[0, 0]) for _ in range(2)]
    model.layers.selection = set(layers)
    write(form, "CYX")
    assert [layer.axis_labels[0] for layer in layers] == ["c", "c"]
    layers[0].axis_labels = None
    assert form.axes.isHidden(), "they differ"
