"""The duration of a training: a number of minutes or of steps."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QWidget

from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.gui.widgets.setting_field import Field
from napari_zerodce.gui.widgets.tool_tips import tip_of, tool_tip
from napari_zerodce.setting import SettingField, setting_fields
from napari_zerodce.training.config import RunConfig

_MINUTES: Final = setting_fields(RunConfig)["minutes"]
_STEPS: Final = 500


class DurationFields(QWidget):
    """A field for each unit; only the field of the chosen unit is shown.

    Parameters
    ----------
    steps : SettingField
        The setting of the number of steps.
    minutes : float
        At first.
    """

    changed = Signal()

    def __init__(self, steps: SettingField, *, minutes: float) -> None:
        super().__init__()
        self.fields: dict[str, Field] = {}
        self.unit = QComboBox()
        make_narrow(self.unit)
        tip = "Set the approximate minutes, or the exact number of steps."
        self.unit.setToolTip(tool_tip("Train for", tip, default=_MINUTES.name))
        self.setToolTip(self.unit.toolTip())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for described, first in ((_MINUTES, minutes), (steps, _STEPS)):
            field = self.fields[described.name] = Field(described)
            field.setParent(self)
            field.value = first
            field.native.setToolTip(tip_of(described, first))
            field.changed.connect(self.changed)
            layout.addWidget(field.native, 1)
            self.unit.addItem(described.name, described.name)
        layout.addWidget(self.unit, 1)
        self._show_chosen()
        self.unit.activated.connect(self._on_unit_changed)

    def duration(self) -> dict[str, Any]:
        """Return either the minutes or the steps, by their name."""
        name = self.unit.currentData()
        return {name: self.fields[name].value}

    def show_duration(self, *, minutes: float | None, steps: int) -> None:
        """Show minutes, or steps if there are no minutes.

        Parameters
        ----------
        minutes : float, optional
        steps : int
        """
        name, value = ("steps", steps) if minutes is None else ("minutes", minutes)
        self.fields[name].value = value
        self.unit.setCurrentIndex(self.unit.findData(name))
        self._show_chosen()

    def _show_chosen(self) -> None:
        for name, field in self.fields.items():
            field.native.setVisible(name == self.unit.currentData())

    def _on_unit_changed(self, _: Any = None) -> None:
        self._show_chosen()
        self.changed.emit()
