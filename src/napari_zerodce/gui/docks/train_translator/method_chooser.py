"""Choose the method of training, with a line that says what it needs and is for."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QWidget

from napari_zerodce.gui.docks.train_translator.methods import DEFAULT_METHOD, PURPOSES
from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.labels import text_label
from napari_zerodce.gui.widgets.settings_form import form_layout
from napari_zerodce.gui.widgets.tool_tips import explain_labels, tool_tip
from napari_zerodce.training.translation.config import METHODS, TRAINING_TITLES, TrainingMethod


class MethodChooser(QWidget):
    """A combo box of the methods and the purpose of the chosen one."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.combo = QComboBox()
        make_narrow(self.combo)
        for method in METHODS:
            self.combo.addItem(TRAINING_TITLES[method], method)
        self.combo.setToolTip(
            tool_tip(
                "Method",
                "How the translator is trained, and so which images it needs.",
                default=TRAINING_TITLES[DEFAULT_METHOD],
            )
        )
        self.purpose = text_label("method_purpose")
        rows = form_layout(self)
        rows.addRow("Method", self.combo)
        rows.addRow(self.purpose)
        explain_labels(rows)
        self.choose(DEFAULT_METHOD)
        self.combo.activated.connect(self._on_activated)

    @property
    def method(self) -> TrainingMethod:
        """The chosen method."""
        chosen: TrainingMethod = self.combo.currentData()
        return chosen

    def choose(self, method: TrainingMethod) -> None:
        """Choose a method."""
        before = self.combo.currentData()
        self.combo.setCurrentIndex(self.combo.findData(method))
        self.purpose.setText(PURPOSES[method])
        if method != before:
            self.changed.emit()

    def _on_activated(self, _: Any = None) -> None:
        self.purpose.setText(PURPOSES[self.method])
        self.changed.emit()
