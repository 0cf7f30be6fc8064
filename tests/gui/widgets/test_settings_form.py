"""A form of settings: its rows, and one signal for one change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from qtpy.QtWidgets import QLabel

from napari_zerodce.gui.widgets.settings_form import SettingsForm
from napari_zerodce.setting import Setting, setting_fields


@dataclass(frozen=True)
class Owner:
    size: Annotated[float, Setting(label="Size", help="How large.", minimum=0, maximum=9)] = 1.0
    sharp: Annotated[bool, Setting(label="Sharp", help="Make it sharp.")] = False
    limit: Annotated[
        float | None, Setting(label="Limit", help="At the most.", minimum=0, suggested=2.0)
    ] = None


@pytest.fixture
def form(qtbot: Any) -> SettingsForm:
    form = SettingsForm(setting_fields(Owner).values())
    qtbot.addWidget(form)
    return form


@pytest.fixture
def told(form: SettingsForm) -> list[dict[str, Any]]:
    """What the form held each time it told of a change."""
    found: list[dict[str, Any]] = []
    form.changed.connect(lambda: found.append(form.values()))
    return found


def test_rows_have_labels_switches_or_boxes(form: SettingsForm) -> None:
    assert form.rows.rowCount() == 3
    label = form.rows.labelForField(form.fields["size"].native)
    assert isinstance(label, QLabel)
    assert label.text() == "Size"
    assert form.rows.labelForField(form.fields["sharp"].native) is None
    assert form.fields["sharp"].native.text() == "Sharp"
    limit = form.fields["limit"]
    assert form.rows.labelForField(limit.native) is limit.switch.native


def test_values_come_back(form: SettingsForm) -> None:
    assert Owner(**form.values()) == Owner()
    values = {"size": 3.5, "sharp": True, "limit": 0.25}
    form.show_values(values)
    assert form.values() == values


def test_each_field_tells_of_its_change(form: SettingsForm, told: list[Any]) -> None:
    form.fields["size"].value = 2
    form.fields["sharp"].value = True
    assert told == [
        {"size": 2, "sharp": False, "limit": None},
        {"size": 2, "sharp": True, "limit": None},
    ]


def test_several_values_are_one_change_and_the_same_ones_none(
    form: SettingsForm, told: list[Any]
) -> None:
    values = {"size": 3.5, "sharp": True, "limit": 0.25}
    form.show_values(values)
    assert told == [values]
    form.show_values(values)
    form.show_values({})
    assert told == [values]


def test_a_mistake_does_not_make_the_form_deaf(form: SettingsForm, told: list[Any]) -> None:
    with pytest.raises(KeyError):
        form.show_values({"size": 5, "colour": 1})
    form.fields["size"].value = 6
    assert told[-1]["size"] == 6


def test_a_field_can_be_known_by_another_name_and_have_no_row(form: SettingsForm) -> None:
    field = form.make_field(setting_fields(Owner)["size"], key="other")
    assert form.rows.rowCount() == 3
    assert form.fields["other"] is field
    assert form.values()["other"] == 1


def test_a_row_can_be_hidden_with_its_label(form: SettingsForm) -> None:
    size = form.fields["size"].native
    label = form.rows.labelForField(size)
    for shown in (False, True):
        form.show_field("size", shown=shown)
        form.show_field("sharp", shown=shown)
        assert size.isHidden() is label.isHidden() is not shown
        assert form.fields["sharp"].native.isHidden() is not shown
