"""The tool tip of a control: what it is called, what it does, and its default."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QFormLayout

from napari_zerodce.gui.widgets.setting_field import wrapped
from napari_zerodce.setting import SettingField


def tool_tip(label: str, effect: str, *, default: str = "") -> str:
    """Return the tool tip of a control.

    Parameters
    ----------
    label : str
        The name that the dock shows.
    effect : str
        What the control does, in one or two sentences.
    default : str
        The first value, with its unit; empty for a button.
    """
    words = wrapped(f"{label}: {effect}")
    return f"{words}\nDefault: {default}." if default else words


def tip_of(described: SettingField, default: Any, *, of_preset: bool = False) -> str:
    """Return the tool tip of the field of a setting.

    Parameters
    ----------
    described : SettingField
    default : object
        The default value; empty text has no default in the tool tip.
    of_preset : bool
        Whether the default depends on the preset.
    """
    words = value_in_words(described, default)
    if of_preset and words:
        words = f"{words} (from the preset)"
    return tool_tip(described.setting.label, described.setting.help, default=words)


def value_in_words(described: SettingField, value: Any) -> str:
    """Return a value of a setting as the dock shows it, with its unit."""
    titles = {choice.value: choice.title for choice in described.setting.choices}
    if value in titles:
        return titles[value]
    if described.kind is bool:
        return "on" if value else "off"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{text} {described.setting.unit}".strip()


def explain_labels(rows: QFormLayout) -> None:
    """Give the labels of a form the tool tips of their fields."""
    for row in range(rows.rowCount()):
        label = rows.itemAt(row, QFormLayout.ItemRole.LabelRole)
        field = rows.itemAt(row, QFormLayout.ItemRole.FieldRole)
        label_widget = label.widget() if label is not None else None
        field_widget = field.widget() if field is not None else None
        if label_widget is not None and field_widget is not None:
            label_widget.setToolTip(field_widget.toolTip())
