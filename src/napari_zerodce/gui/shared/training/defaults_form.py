"""A form of settings that follow their defaults until the user changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtWidgets import QWidget

from napari_zerodce.gui.widgets.settings_form import SettingsForm
from napari_zerodce.gui.widgets.tool_tips import explain_labels, tip_of


class DefaultsForm(SettingsForm):
    """A form whose defaults change with other choices, such as a preset."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, Any] = {}  # the value of each field before the user changes it

    def add_row(self, label: str, part: QWidget) -> None:
        """Add a row that is not a setting of the training.

        Parameters
        ----------
        label : str
            Text in front of the widget.
        part : QWidget
            The widget.
        """
        self.rows.addRow(label, part)
        explain_labels(self.rows)

    def show_defaults(self, values: Mapping[str, Any], *, keep: bool = False) -> None:
        """Show other defaults.

        Parameters
        ----------
        values : mapping
            By the keys of the fields.
        keep : bool
            Whether fields that the user has changed stay.
        """
        kept = {key for key in values if keep and self._was_changed(key)}
        wanted = {key: value for key, value in values.items() if key not in kept}
        self._show(wanted)
        self._shown |= {key: self._value_of(key) for key in wanted}

    def _show(self, values: Mapping[str, Any]) -> None:
        self.show_values(values)

    def explain(self, defaults: Mapping[str, Any], *, of_preset: bool = False) -> None:
        """Say defaults in the tool tips.

        Parameters
        ----------
        defaults : mapping
            By the keys of the fields.
        of_preset : bool
            Whether they depend on a preset.
        """
        for key, value in defaults.items():
            field = self.fields.get(key)
            if field is not None:
                field.native.setToolTip(tip_of(field.described, value, of_preset=of_preset))
        explain_labels(self.rows)

    def _was_changed(self, key: str) -> bool:
        value = self._value_of(key)
        return bool(value != self._shown.get(key, value))

    def _value_of(self, key: str) -> Any:
        return self.fields[key].value
