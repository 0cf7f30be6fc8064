"""Tool tips: label, effect, default and unit; no control of the dock is without one."""

from __future__ import annotations

from typing import Any

import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QScrollBar,
    QWidget,
)

from napari_zerodce.gui.docks.finetune.dock import FineTuneDock
from napari_zerodce.gui.docks.finetune.form import TrainingForm
from napari_zerodce.gui.docks.finetune.tool_tips import tip_of, tool_tip, value_in_words
from napari_zerodce.setting import setting_fields
from napari_zerodce.training.config import TrainingConfig

CONTROLS = (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QListWidget,
)
FIELDS = setting_fields(TrainingConfig)


def is_own(control: QWidget) -> bool:
    """Whether a control is one of ours, and not a part of a control or of the plot."""
    parents = []
    parent = control.parentWidget()
    while parent is not None:
        parents.append(parent)
        parent = parent.parentWidget()
    inner = any(isinstance(each, (*CONTROLS, QComboBox)) for each in parents)
    of_plot = any("plot" in type(each).__name__.lower() for each in parents)
    return not inner and not of_plot and not isinstance(control, QScrollBar)


def test_every_control_says_what_it_does(model: ViewerModel, qtbot: Any, settle: Any) -> None:
    dock = FineTuneDock(model)
    qtbot.addWidget(dock)
    settle(dock)
    controls = [each for kind in CONTROLS for each in dock.findChildren(kind) if is_own(each)]
    assert len(controls) > 30
    silent = [f"{type(each).__name__} {each.objectName()}" for each in controls if not tips(each)]
    assert silent == []
    dock.release_once()


def tips(control: QWidget) -> str:
    """The tool tip that Qt shows: that of the control, or of a parent if it has none."""
    return control.toolTip() or (control.parentWidget().toolTip() if control.parentWidget() else "")


def test_a_tool_tip_has_the_label_the_effect_the_default_and_the_unit() -> None:
    assert tool_tip("Best", "Choose it.") == "Best: Choose it."
    crop = tip_of(FIELDS["crop"], 256, of_preset=True)
    assert crop == (
        "Crop: Side of the square crops for training.\nDefault: 256 px (from the preset)."
    )
    assert all(len(line) <= 72 for line in tool_tip("x", "word " * 50).splitlines())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("crop", 128, "128 px"),
        ("learning_rate", 0.0003, "0.0003"),
        ("keep_background", False, "off"),
        ("keep_background", True, "on"),
        ("precision", "auto", "Automatic"),
    ],
)
def test_values_are_as_in_the_dock(name: str, value: Any, words: str) -> None:
    assert value_in_words(FIELDS[name], value) == words


def test_defaults_are_those_of_the_preset(qtbot: Any) -> None:
    form = TrainingForm()
    qtbot.addWidget(form)

    def default(key: str) -> str:
        return form.fields[key].native.toolTip().splitlines()[-1]

    assert default("target") == "Default: 0.6 (from the preset)."
    row = form.preset.findData("fluorescence")
    form.preset.setCurrentIndex(row)
    form.preset.activated.emit(row)
    form.fields["target"].value = 0.5
    assert default("target") == "Default: 0.4 (from the preset)."
    assert default("keep_background") == "Default: on (from the preset)."
    assert default("minutes") == "Default: 1."
    label = form.details.rows.labelForField(form.fields["target"].native)
    assert isinstance(label, QLabel)
    assert label.toolTip() == form.fields["target"].native.toolTip()
