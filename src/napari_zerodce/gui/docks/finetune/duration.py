"""The duration of a training: a number of minutes or of steps."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QWidget

from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.setting_field import Field
from napari_zerodce.setting import setting_fields
from napari_zerodce.training.config import RunConfig, TrainingConfig

_DESCRIBED: Final = (setting_fields(RunConfig)["minutes"], setting_fields(TrainingConfig)["steps"])
_AT_FIRST: Final = {"minutes": 1.0, "steps": 500}


class DurationFields(QWidget):
    """A field for each unit; only the field of the chosen unit is shown."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, Field] = {}
        self.unit = QComboBox()
        make_narrow(self.unit)
        self.unit.setToolTip("Set the approximate minutes, or the exact number of steps.")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for described in _DESCRIBED:
            field = self.fields[described.name] = Field(described)
            field.setParent(self)
            field.value = _AT_FIRST[described.name]
            field.changed.connect(self.changed)
            layout.addWidget(field.native, 1)
            self.unit.addItem(described.name, described.name)
        layout.addWidget(self.unit, 1)
        self._show_chosen()
        self.unit.activated.connect(self._on_unit_changed)

    def duration(self) -> dict[str, Any]:
        """Return minutes or steps as a keyword argument of a `TrainingRequest`."""
        name = self.unit.currentData()
        return {name: self.fields[name].value}

    def _show_chosen(self) -> None:
        for name, field in self.fields.items():
            field.native.setVisible(name == self.unit.currentData())

    def _on_unit_changed(self, _: Any = None) -> None:
        self._show_chosen()
        self.changed.emit()
