"""The field of one setting: how magicgui makes a widget from the setting's description."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, log10
from textwrap import fill
from typing import Any

from magicgui.widgets import create_widget
from qtpy.QtCore import QObject, QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QSizePolicy,
    QWidget,
)

from napari_zerodce.gui.widgets.combos import make_narrow
from napari_zerodce.setting import Choice, SettingField

_LARGEST = 2**31 - 1  # the limit of Qt's number fields


class Field(QObject):
    """The widget of one setting, made from the setting's description.

    Parameters
    ----------
    described : SettingField
        The description.
    """

    changed = Signal()

    def __init__(self, described: SettingField) -> None:
        super().__init__()
        self.described = described
        self.widget = _made(described.kind, _options(described))
        self.native: QWidget = self.widget.native
        self.native.setObjectName(described.name)
        # magicgui gives it to the slider only, and not to the number beside it.
        self.native.setToolTip(wrapped(described.setting.help))
        self._is_number = described.kind in {int, float} and not described.setting.choices
        if self._is_number:
            self._fit_number()
        if isinstance(self.native, QComboBox):
            make_narrow(self.native)
            _show_helps(self.native, described.setting.choices)
        # A check box in front of the field switches between None and a value.
        self.switch: Any = None
        if described.optional and described.setting.suggested is not None:
            self.switch = _made(bool, _switch_options(described))
            self.switch.changed.connect(self._on_switched)
        self.value = described.default
        self.widget.changed.connect(self._on_changed)

    @property
    def value(self) -> Any:
        """The value of the setting, None if it is switched off.

        A number outside the range of the field becomes the nearest number in the range.
        """
        if self.switch is not None and not self.switch.value:
            return None
        value = self.widget.value
        if not self._is_number:
            return value
        value = round(value, _decimals(self.described))
        return int(value) if self.described.kind is int else value

    @value.setter
    def value(self, value: Any) -> None:
        if self.switch is not None:
            self.switch.value = value is not None
            self.native.setEnabled(value is not None)
        if value is None:
            value = self.described.setting.suggested
        if value is not None:
            if self._is_number:
                value = min(max(value, self.widget.min), self.widget.max)
            self.widget.value = value

    def offer(self, choices: Iterable[Choice]) -> None:
        """Offer other choices. The present one stays if possible; else the first is chosen."""
        choices, chosen = tuple(choices), self.value
        combo: Any = self.native
        with QSignalBlocker(self), QSignalBlocker(combo):
            combo.clear()  # magicgui keeps entries of the same name in their old order
            # Choices stay after a change of the field's parent only if a function returns them.
            self.widget.choices = lambda _: [(choice.title, choice.value) for choice in choices]
            _show_helps(combo, choices)
            values = [choice.value for choice in choices]
            combo.setCurrentIndex(values.index(chosen) if chosen in values else 0)
        if self.value != chosen:
            self.changed.emit()

    def _fit_number(self) -> None:
        """Show all decimals, and make the field narrow enough for a dock on a small screen."""
        box = self.native
        for each in (box, *box.findChildren(QDoubleSpinBox)):
            if isinstance(each, QDoubleSpinBox):
                each.setDecimals(_decimals(self.described))
        if isinstance(box, QDoubleSpinBox):
            # Qt has rounded the range to the decimals of the field before the change.
            box.setRange(*_range(self.described))
            box.setKeyboardTracking(False)
            # Otherwise napari's style makes the field twice as wide, and the dock too wide.
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setMinimumWidth(60)
            if self.described.setting.unit:
                box.setSuffix(f" {self.described.setting.unit}")

    def _on_switched(self, on: bool) -> None:
        self.native.setEnabled(on)
        self.changed.emit()

    def _on_changed(self, _: Any) -> None:
        self.changed.emit()


def wrapped(text: str, *, width: int = 72) -> str:
    """Return a tool tip with line breaks, because Qt does not break plain text.

    Parameters
    ----------
    text : str
        The tool tip, in one line.
    width : int
        Longest line in characters.
    """
    return fill(text, width)


def _made(kind: type, options: dict[str, Any]) -> Any:
    return create_widget(annotation=kind, options=options)


def _switch_options(described: SettingField) -> dict[str, Any]:
    return {"text": described.setting.label, "tooltip": wrapped(described.setting.help)}


def _options(described: SettingField) -> dict[str, Any]:
    """Return the options for magicgui."""
    setting = described.setting
    options: dict[str, Any] = {"tooltip": wrapped(setting.help)}
    if setting.choices:
        choices = [(choice.title, choice.value) for choice in setting.choices]
        return options | {"widget_type": "ComboBox", "choices": choices}
    if described.kind is bool:
        return options | {"text": setting.label}
    if described.kind in {int, float}:
        low, high = _range(described)
        slider = "FloatSlider" if described.kind is float else "Slider"
        # magicgui's field for whole numbers cannot show a unit.
        kind = slider if setting.slider else "FloatSpinBox"
        step = setting.step or 1
        return options | {"min": low, "max": high, "step": step, "widget_type": kind}
    return options


def _range(described: SettingField) -> tuple[float, float]:
    """Return the range of a field. A limit that is invalid itself is left out by one step."""
    setting = described.setting
    if setting.offered:
        return setting.offered
    step = setting.step or 1
    lows = (setting.minimum, None if setting.above is None else setting.above + step, 0)
    highs = (setting.maximum, None if setting.below is None else setting.below - step, _LARGEST)
    low = next(each for each in lows if each is not None)
    high = next(each for each in highs if each is not None)
    return (int(low), int(high)) if described.kind is int else (low, high)


def _decimals(described: SettingField) -> int:
    """Return the number of decimals: by default those of the step, at least two."""
    if described.kind is int:
        return 0
    if described.setting.decimals is not None:
        return described.setting.decimals
    return max(2, -floor(log10(described.setting.step or 1)))


def _show_helps(combo: QComboBox, choices: Iterable[Choice]) -> None:
    for row, choice in enumerate(choices):
        combo.setItemData(row, wrapped(choice.help), Qt.ItemDataRole.ToolTipRole)
