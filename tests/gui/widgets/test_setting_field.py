"""A field shows what its setting's description says, and gives back what it is given."""

from __future__ import annotations

from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSlider, QWidget

from napari_zerodce.gui.widgets.setting_field import Field, wrapped
from napari_zerodce.setting import Choice, Setting, SettingField

CHOICES = (Choice("a", "First", "The first one."), Choice("b", "Second"))


def setting(kind: type, default: Any, *, optional: bool = False, **parts: Any) -> SettingField:
    described = Setting(label="Size", help="How large it is.", **parts)
    return SettingField("size", described, kind, optional, default)


@pytest.fixture
def make(qtbot: Any) -> Any:
    """Makes a field that lives until the test ends."""
    kept = []

    def made(*args: Any, **parts: Any) -> Field:
        field = Field(setting(*args, **parts))
        qtbot.addWidget(field.native)
        kept.append(field)
        return field

    return made


@pytest.mark.parametrize(
    ("kind", "default", "parts", "native"),
    [
        (bool, True, {}, QCheckBox),
        (int, 3, {"minimum": 1}, QDoubleSpinBox),
        (float, 0.5, {"minimum": 0}, QDoubleSpinBox),
        (str, "b", {"choices": CHOICES}, QComboBox),
        (int, 2, {"choices": (Choice(1, "One"), Choice(2, "Two"))}, QComboBox),
        (str, "x", {}, QLineEdit),
    ],
)
def test_kind_decides_the_widget(
    make: Any, kind: type, default: Any, parts: dict[str, Any], native: type
) -> None:
    field = make(kind, default, **parts)
    assert type(field.native) is native
    assert field.value == default
    assert type(field.value) is kind
    assert field.native.objectName() == "size"
    assert field.native.toolTip() == "How large it is."


@pytest.mark.parametrize(("kind", "default", "other"), [(int, 3, 7), (float, 0.35, 1.15)])
def test_slider_with_its_number(make: Any, kind: type, default: Any, other: Any) -> None:
    step = 1 if kind is int else 0.05
    field = make(kind, default, minimum=0, maximum=8, step=step, slider=True)
    assert field.native.findChild(QSlider) is not None
    for value in (default, other, 0, 8):
        field.value = value
        assert field.value == value
        assert type(field.value) is kind


@pytest.mark.parametrize("number", [1e-4, 1e-7, 3e-6, 0.1234567, 1])
def test_small_numbers_survive(make: Any, number: float) -> None:
    field = make(float, number, above=0, offered=(1e-7, 1), step=1e-4, decimals=7)
    assert field.value == number
    assert field.native.minimum() == 1e-7


def test_decimals_are_those_of_the_step_and_at_least_two(make: Any) -> None:
    wanted = {1: 2, 0.5: 2, 0.01: 2, 0.001: 3, 1e-4: 4, None: 2}
    for step, decimals in wanted.items():
        assert make(float, 0.0, minimum=0, step=step).native.decimals() == decimals
    assert make(float, 0.0, minimum=0, step=10, decimals=1).native.decimals() == 1
    assert make(int, 1, minimum=0, step=10).native.decimals() == 0


@pytest.mark.parametrize(
    ("kind", "parts", "low", "high"),
    [
        (float, {"minimum": 0, "maximum": 2}, 0, 2),
        (float, {"above": 0, "below": 1, "step": 0.05}, 0.05, 0.95),
        (float, {"above": 0, "below": 1, "step": 0.05, "offered": (0.2, 0.4)}, 0.2, 0.4),
        (int, {"above": 0, "below": 9}, 1, 8),
        (int, {"minimum": 5}, 5, 2**31 - 1),
        (int, {}, 0, 2**31 - 1),
    ],
)
def test_range_that_is_offered(
    make: Any, kind: type, parts: dict[str, Any], low: float, high: float
) -> None:
    field = make(kind, low, **parts)
    assert (field.native.minimum(), field.native.maximum()) == (low, high)


def test_numbers_outside_what_is_offered_become_the_nearest(make: Any) -> None:
    field = make(int, 3, minimum=1, offered=(2, 9))
    field.value = 1000
    assert field.value == 9
    field.value = 1
    assert field.value == 2


def test_unit_stands_behind_the_number(make: Any) -> None:
    assert make(int, 32, minimum=1, unit="px").native.text() == "32 px"
    assert make(float, 0.5, minimum=0, step=0.5, decimals=1, unit="EV").native.text() == "0.5 EV"


def test_tool_tips_are_wrapped(make: Any) -> None:
    text = "A long sentence that nobody can read in one line. " * 4
    described = SettingField("size", Setting(label="Size", help=text), bool, False, False)
    tip = Field(described).native.toolTip()
    assert tip == wrapped(text)
    assert max(map(len, tip.splitlines())) <= 72
    assert tip.replace("\n", " ") == text.strip()
    assert wrapped("short", width=3) == "sho\nrt"


def test_choices_say_what_they_mean(make: Any) -> None:
    combo = make(str, "a", choices=CHOICES).native
    assert [combo.itemText(row) for row in range(2)] == ["First", "Second"]
    tips = [combo.itemData(row, Qt.ItemDataRole.ToolTipRole) for row in range(2)]
    assert tips == ["The first one.", ""]


def test_a_value_that_is_no_choice_is_a_mistake(make: Any) -> None:
    with pytest.raises(ValueError, match="not a valid choice"):
        make(str, "a", choices=CHOICES).value = "c"


def test_none_is_a_switch(make: Any) -> None:
    field = make(float, None, optional=True, minimum=0, suggested=2.0)
    assert field.switch.native.text() == "Size"
    assert field.value is None
    assert not field.native.isEnabled()
    told: list[Any] = []
    field.changed.connect(lambda: told.append(field.value))
    field.switch.value = True
    assert told == [2.0]
    assert field.native.isEnabled()
    field.value = 3.5
    assert field.value == 3.5
    field.value = None
    assert field.value is None
    assert not field.switch.value


def test_a_number_without_a_suggestion_has_no_switch(make: Any) -> None:
    field = make(float, None, optional=True, minimum=0)
    assert field.switch is None
    field.value = 200
    field.value = None
    assert field.value == 200


def test_other_choices_keep_what_is_chosen(make: Any, qtbot: Any) -> None:
    field = make(str, "b", choices=CHOICES)
    told: list[str] = []
    field.changed.connect(lambda: told.append(field.value))
    others = (Choice("c", "Third"), Choice("b", "Second again", "Still here."))
    field.offer(others)
    assert (field.value, told) == ("b", [])
    combo = field.native
    assert [combo.itemText(row) for row in range(combo.count())] == ["Third", "Second again"]
    assert combo.itemData(1, Qt.ItemDataRole.ToolTipRole) == "Still here."
    parent = QWidget()
    qtbot.addWidget(parent)
    combo.setParent(parent)  # magicgui then lists its choices anew
    assert [combo.itemText(row) for row in range(combo.count())] == ["Third", "Second again"]
    field.offer((Choice("d", "Fourth"), Choice("e", "Fifth")))
    assert (field.value, told) == ("d", ["d"])
    field.value = "e"
    assert told == ["d", "e"]
    combo.setParent(None)
