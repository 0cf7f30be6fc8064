"""A form of settings: rows of fields, and one signal for each change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QWidget

from napari_zerodce.gui.widgets.setting_field import Field
from napari_zerodce.setting import SettingField


class SettingsForm(QWidget):
    """Rows of fields. It emits `changed` once for each change, also if several fields change.

    Parameters
    ----------
    described : iterable of SettingField
        The settings of the rows, from top to bottom.
    """

    changed = Signal()

    def __init__(self, described: Iterable[SettingField] = ()) -> None:
        super().__init__()
        self.fields: dict[str, Field] = {}
        self._quiet = False
        self.rows = form_layout(self)
        for each in described:
            self.add_field(each)

    def make_field(self, described: SettingField, *, key: str = "") -> Field:
        """Return a new field of the form, which the caller adds to a layout.

        Parameters
        ----------
        described : SettingField
            The description of the setting.
        key : str
            Key of the field in `fields`; by default the name of the setting.
        """
        field = Field(described)
        self.fields[key or described.name] = field
        field.setParent(self)
        field.changed.connect(self._on_field_changed)
        return field

    def add_field(self, described: SettingField, *, key: str = "") -> Field:
        """Add a row for a setting.

        Parameters
        ----------
        described : SettingField
            The description of the setting.
        key : str
            Key of the field in `fields`; by default the name of the setting.
        """
        field = self.make_field(described, key=key)
        if field.switch is not None:
            self.rows.addRow(field.switch.native, field.native)
        elif described.kind is bool:
            self.rows.addRow(field.native)
        else:
            self.rows.addRow(described.setting.label, field.native)
        return field

    def show_field(self, key: str, *, shown: bool) -> None:
        """Show or hide the row of a field.

        Parameters
        ----------
        key : str
            Key of the field in `fields`.
        shown : bool
            Whether the row is visible.
        """
        self.show_row(self.fields[key].native, shown=shown)

    def show_row(self, field: QWidget, *, shown: bool) -> None:
        """Show or hide a row.

        Parameters
        ----------
        field : QWidget
            What is beside the label.
        shown : bool
        """
        for part in (field, self.rows.labelForField(field)):
            if part is not None:
                part.setVisible(shown)

    def values(self) -> dict[str, Any]:
        """Return the value of each field by its key."""
        return {key: field.value for key, field in self.fields.items()}

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show values by the keys of the fields; emit `changed` once if a value has changed."""
        with self.changing_at_once():
            for key, value in values.items():
                self.fields[key].value = value

    @contextmanager
    def changing_at_once(self) -> Iterator[None]:
        """Emit `changed` once after several changes, if a value has changed."""
        before = self.values()
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False
        if self.values() != before:
            self.changed.emit()

    def _on_field_changed(self) -> None:
        if not self._quiet:
            self.changed.emit()


def form_layout(widget: QWidget) -> QFormLayout:
    """Set a form layout that fits a narrow dock on a widget, and return the layout."""
    form = QFormLayout(widget)
    form.setContentsMargins(0, 0, 0, 0)
    form.setVerticalSpacing(4)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    return form


def side_by_side(*parts: QWidget, spacing: int = 4) -> QWidget:
    """Return a widget with parts of equal width beside each other.

    Parameters
    ----------
    *parts : QWidget
        The parts from left to right.
    spacing : int
        Space between the parts, in pixels.
    """
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        layout.addWidget(part, 1)
    return row
