"""Every control of every dock and dialog says in a tool tip what it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from napari_zerodce.checkpoints.registry import PUBLISHED
from napari_zerodce.gui.docks.adjust.dock import AdjustDock
from napari_zerodce.gui.docks.compare.dock import CompareDock
from napari_zerodce.gui.docks.curve_maps.dock import CurveMapsDock
from napari_zerodce.gui.docks.enhance.batch_process import Elsewhere
from napari_zerodce.gui.docks.enhance.dock import EnhanceDock
from napari_zerodce.gui.docks.enhance.licence_dialog import LicenceDialog
from napari_zerodce.gui.docks.enhance.run_on_dialog import RunOnDialog
from napari_zerodce.gui.docks.finetune.dock import FineTuneDock
from napari_zerodce.gui.docks.train_translator.dock import TrainTranslatorDock

CONTROLS = (
    QAbstractButton, QAbstractSlider, QAbstractSpinBox, QAbstractItemView, QComboBox, QLineEdit,
)  # fmt: skip

DOCKS = (
    EnhanceDock, AdjustDock, CurveMapsDock, CompareDock, FineTuneDock, TrainTranslatorDock,
)  # fmt: skip


def _controls(root: QWidget) -> Iterator[QWidget]:
    """Yield the controls that a user can point at, without the parts that Qt makes them of."""
    for widget in root.findChildren(QWidget):
        is_part = isinstance(widget, QScrollBar) or any(
            isinstance(above, QComboBox | QAbstractSpinBox | QAbstractItemView)
            for above in _above(widget, root)
        )
        if isinstance(widget, CONTROLS) and not is_part:
            yield widget


def _above(widget: QWidget, root: QWidget) -> Iterator[QWidget]:
    parent = widget.parentWidget()
    while parent is not None and parent is not root:
        yield parent
        parent = parent.parentWidget()


def _says_something(widget: QWidget, root: QWidget) -> bool:
    """Qt asks the widgets around a widget that has no tool tip itself."""
    return any(each.toolTip().strip() for each in (widget, *_above(widget, root)))


def _name(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.objectName() or text or type(widget).__name__


@pytest.mark.parametrize("kind", DOCKS, ids=lambda kind: kind.__name__)
def test_every_control_of_a_dock_has_a_tool_tip(
    kind: Any, model: ViewerModel, qtbot: Any, settle: Any
) -> None:
    dock = kind(model)
    qtbot.addWidget(dock)
    controls = list(_controls(dock))
    assert len(controls) > 5
    silent = {_name(widget) for widget in controls if not _says_something(widget, dock)}
    assert silent == set()
    dock.release_once()
    settle(dock)


@pytest.mark.parametrize(
    "make",
    [
        lambda parent: LicenceDialog(PUBLISHED, parent),
        lambda parent: RunOnDialog("About.", Elsewhere("out"), parent),
    ],
    ids=["licence", "run on"],
)
def test_every_control_of_a_dialog_has_a_tool_tip(make: Any, qtbot: Any) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = make(parent)
    assert {_name(each) for each in _controls(dialog) if not _says_something(each, dialog)} == set()
