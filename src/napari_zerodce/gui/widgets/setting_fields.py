"""The fields of a form, made by magicgui from the descriptions of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import floor, log10
from textwrap import fill
from typing import Any

from magicgui.widgets import create_widget
from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFormLayout,
    QSizePolicy,
    QWidget,
)

from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.setting import SettingField

_LARGEST = 2**31 - 1  # of Qt's number fields


class Field(QObject):
    """One setting as a widget; it knows what the setting's description says.

    Parameters
    ----------
    described : SettingField
    """

    changed = Signal()

    def __init__(self, described: SettingField) -> None:
        super().__init__()
        self.described = described
        self.widget = _made(described.kind, _options(described))
        self.native: QWidget = self.widget.native
        self.native.setObjectName(described.name)
        _fit(self.native, described)
        # A default of None is chosen by a box in front of the field.
        self.switch: Any = None
        if described.optional and described.setting.suggested is not None:
            self.switch = _made(bool, _switch_options(described))
            self.switch.changed.connect(self._on_switched)
        self.value = described.default
        self.widget.changed.connect(self._on_changed)

    @property
    def value(self) -> Any:
        """The value of the setting, None if it is switched off."""
        if self.switch is not None and not self.switch.value:
            return None
        value = self.widget.value
        return round(value, _decimals(self.described)) if self.described.kind is float else value

    @value.setter
    def value(self, value: Any) -> None:
        if self.switch is not None:
            self.switch.value = value is not None
            self.native.setEnabled(value is not None)
        if value is None:
            value = self.described.setting.suggested
        if value is not None:
            self.widget.value = value

    def _on_switched(self, on: bool) -> None:
        self.native.setEnabled(on)
        self.changed.emit()

    def _on_changed(self, _: Any) -> None:
        self.changed.emit()


class SettingsForm(QWidget):
    """Rows of fields; it emits `changed` once for each change, also if several fields change.

    Parameters
    ----------
    described : iterable of SettingField
        The rows from top to bottom.
    """

    changed = Signal()

    def __init__(self, described: Iterable[SettingField] = ()) -> None:
        super().__init__()
        self.fields: dict[str, Field] = {}
        self._quiet = False
        self.rows = form_layout(self)
        for each in described:
            self.add_field(each)

    def add_field(self, described: SettingField, *, key: str = "") -> Field:
        """Add a row for a setting.

        Parameters
        ----------
        described : SettingField
        key : str
            What the field is known by; by default the name of the setting.
        """
        field = Field(described)
        self.fields[key or described.name] = field
        field.setParent(self)
        field.changed.connect(self._on_field_changed)
        label = described.setting.label
        if field.switch is not None:
            self.rows.addRow(field.switch.native, field.native)
        elif described.kind is bool:
            self.rows.addRow(field.native)
        else:
            self.rows.addRow(label, field.native)
        return field

    def values(self) -> dict[str, Any]:
        """Return the value of each field by its key."""
        return {key: field.value for key, field in self.fields.items()}

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Show values by their keys; emit `changed` once, if anything has changed."""
        before = self.values()
        self._quiet = True
        for key, value in values.items():
            self.fields[key].value = value
        self._quiet = False
        if self.values() != before:
            self.changed.emit()

    def _on_field_changed(self) -> None:
        if not self._quiet:
            self.changed.emit()


def form_layout(widget: QWidget) -> QFormLayout:
    """Return a form layout that fits a narrow dock, set on a widget."""
    form = QFormLayout(widget)
    form.setContentsMargins(0, 0, 0, 0)
    form.setVerticalSpacing(4)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    return form


def wrapped(text: str, *, width: int = 72) -> str:
    """Return a tool tip in lines of a width: Qt does not break plain text.

    Parameters
    ----------
    text : str
    width : int
        In characters.
    """
    return fill(text, width)


def _made(kind: type, options: dict[str, Any]) -> Any:
    return create_widget(annotation=kind, options=options)


def _switch_options(described: SettingField) -> dict[str, Any]:
    return {"text": described.setting.label, "tooltip": wrapped(described.setting.help)}


def _options(described: SettingField) -> dict[str, Any]:
    """Return what magicgui has to know of a field."""
    setting = described.setting
    options: dict[str, Any] = {"tooltip": wrapped(setting.help)}
    if setting.choices:
        choices = [(choice.title, choice.value) for choice in setting.choices]
        return options | {"widget_type": "ComboBox", "choices": choices}
    if described.kind is bool:
        return options | {"text": setting.label}
    if described.kind in {int, float}:
        low, high = _range(described)
        # Without a step magicgui rounds to two decimals: 1e-4 would become 0.
        step = setting.step or 1
        kind = ("Float" if described.kind is float else "") + (
            "Slider" if setting.slider else "SpinBox"
        )
        return options | {"min": low, "max": high, "step": step, "widget_type": kind}
    return options


def _range(described: SettingField) -> tuple[float, float]:
    setting = described.setting
    low, high = setting.offered or (setting.minimum, setting.maximum)
    margin = (setting.step or 1) if setting.exclusive and not setting.offered else 0
    lowest = 0 if low is None else low + margin
    highest = _LARGEST if high is None else high - margin
    return (int(lowest), int(highest)) if described.kind is int else (lowest, highest)


def _decimals(described: SettingField) -> int:
    """Return how many decimals the step of a number has, at least two."""
    step = described.setting.step or 1
    return max(2, -floor(log10(step)))


def _fit(native: QWidget, described: SettingField) -> None:
    """Let a field be narrow enough for a dock on a small screen."""
    if isinstance(native, QComboBox):
        make_narrow(native)
        for row, choice in enumerate(described.setting.choices):
            native.setItemData(row, choice.help, Qt.ItemDataRole.ToolTipRole)
    if isinstance(native, QAbstractSpinBox):
        native.setKeyboardTracking(False)
        # napari's style would have it twice as wide, and the dock too wide for a small screen.
        native.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        native.setMinimumWidth(60)
        if described.setting.unit:
            native.setSuffix(f" {described.setting.unit}")  # type: ignore[attr-defined]
