"""The form of the Curve maps dock gives back the choice that it shows."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.docks.curve_maps.form import MapForm
from napari_zerodce.gui.docks.curve_maps.images import MapChoice
from napari_zerodce.setting import setting_fields

VALUES = [
    [choice.value for choice in each.setting.choices] for each in setting_fields(MapChoice).values()
]


@pytest.fixture
def form(qtbot: Any) -> MapForm:
    form = MapForm()
    qtbot.addWidget(form)
    form.offer(colour=True, stack=True, shared=False)
    return form


def test_default_comes_through(form: MapForm) -> None:
    assert form.choice() == MapChoice()


@pytest.mark.parametrize("values", [*product(*VALUES)], ids=str)
def test_each_choice_comes_through(form: MapForm, values: tuple[str, ...]) -> None:
    chosen = dict(zip(setting_fields(MapChoice), values, strict=True))
    for name, value in chosen.items():
        form.fields[name].value = value
    numbers = (8,) if chosen["kind"] in {"gain", "noise-gain"} else tuple(range(1, 9))
    assert form.choice() == MapChoice(iterations=numbers, **chosen)


def test_one_plane_has_no_extent(form: MapForm) -> None:
    form.fields["extent"].value = "stack"
    form.offer(colour=False, stack=False, shared=False)
    assert form.choice().extent == "plane"
    assert not form.fields["channels"].native.isEnabled()
    form.offer(colour=True, stack=True, shared=False)
    assert form.choice().extent == "stack"


def test_no_iteration_is_one_sentence(form: MapForm) -> None:
    told: list[None] = []
    form.changed.connect(lambda: told.append(None))
    for button in form.iterations:
        button.click()
    assert len(told) == 8
    with pytest.raises(RequestError, match="No iteration is chosen"):
        form.choice()


def test_every_control_has_a_tooltip_with_its_default(form: MapForm) -> None:
    controls = [*(field.native for field in form.fields.values()), *form.iterations]
    assert all("Default: " in control.toolTip() for control in controls)


def test_one_shared_map_has_no_arrangement(form: MapForm) -> None:
    form.offer(colour=True, stack=True, shared=True)
    assert not form.shared.isHidden()
    assert form.fields["arrangement"].native.isHidden()
    form.fields["kind"].value = "steps"
    assert form.shared.isHidden()
    assert not form.fields["arrangement"].native.isHidden()
