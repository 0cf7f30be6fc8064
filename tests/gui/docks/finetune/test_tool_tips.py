"""No control of the dock is without a tool tip, and defaults are those of the preset."""

from __future__ import annotations

from typing import Any

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

CONTROLS = (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QListWidget,
)


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
