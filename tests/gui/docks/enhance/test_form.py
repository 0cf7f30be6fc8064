"""The form of the Enhance dock gives back the settings that it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from napari.components import ViewerModel

from napari_zerodce.device import Device
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.enhance.form import EnhanceForm
from napari_zerodce.imaging.windows import WindowChoice

MakeForm = Callable[..., EnhanceForm]


DEVICES = (Device("cuda:0", "First"), Device("cuda:1", "Second"), Device("cpu", "Processor"))


@pytest.fixture
def make_form(qtbot: Any) -> Any:
    """Makes a form that shows settings."""
    made = []

    def make(**settings: Any) -> EnhanceForm:
        form = EnhanceForm(ViewerModel(), EnhanceSettings(**settings))
        qtbot.addWidget(form)
        made.append(form)
        return form

    yield make
    for form in made:
        form.release()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"precision": "float16", "window": WindowChoice("percentile", 1, 99.5)},
        {"device": "cuda:1", "precision": "bfloat16", "window": WindowChoice("range", -3, 1e-4)},
        {"backend": "torch"},
    ],
)
def test_settings_come_through(make_form: MakeForm, settings: dict[str, Any]) -> None:
    assert EnhanceSettings(**make_form(**settings).choices()) == EnhanceSettings(**settings)


@pytest.mark.parametrize("scale", [1, 12, 999])
def test_scale_factor_is_there_for_networks_that_have_one(make_form: MakeForm, scale: int) -> None:
    form = make_form()
    field = form.fields["scale_factor"].native
    assert field.isHidden()
    form.show_scale_factor(scale)
    assert not field.isHidden()
    assert form.choices()["scale_factor"] == scale
    form.show_scale_factor(None)
    assert field.isHidden()
    assert form.choices()["scale_factor"] is None


@pytest.mark.parametrize(
    ("chosen", "then"), [("auto", "auto"), ("cuda:1", "cuda:1"), ("mps", "auto")]
)
def test_devices_are_listed_when_they_are_known(
    make_form: MakeForm, chosen: str, then: str
) -> None:
    form = make_form(device=chosen)
    told: list[str] = []
    form.changed.connect(lambda: told.append(form.choices()["device"]))
    form.show_devices(DEVICES)
    assert form.choices()["device"] == then
    assert told == ([] if chosen == then else [then])
    combo = form.fields["device"].native
    texts = [combo.itemText(row) for row in range(combo.count())]
    assert texts == ["Automatic: cuda:0", *map(str, DEVICES)]
    assert combo.toolTip().startswith("cuda:1 (Second)" if then == "cuda:1" else "cuda:0 (First)")
    form.fields["device"].value = "cpu"
    assert form.choices()["device"] == "cpu"
    assert combo.toolTip().startswith("cpu (Processor)\n"), "the field is too narrow for it"


def test_settings_that_were_chosen_elsewhere_are_shown(make_form: MakeForm) -> None:
    form = make_form()
    form.show_devices(DEVICES)
    chosen = EnhanceSettings(device="cuda:1", window=WindowChoice("percentile", 1, 99))
    form.show_settings(chosen)
    assert EnhanceSettings(**form.choices()) == chosen


def test_device_is_shown_before_the_machine_is_known(make_form: MakeForm) -> None:
    form = make_form()
    form.show_device("cuda:1")
    assert form.choices()["device"] == "cuda:1"
    form.show_devices(DEVICES)
    assert form.choices()["device"] == "cuda:1"
