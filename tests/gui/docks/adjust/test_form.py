"""The controls hold the look they show, and say once that it has changed."""

from __future__ import annotations

from typing import Any

import pytest

from napari_zerodce.engine.look import AS_PUBLISHED, DEFAULT_LOOK, Look
from napari_zerodce.gui.docks.adjust.form import LookForm


@pytest.fixture
def form(qtbot: Any) -> LookForm:
    form = LookForm()
    qtbot.addWidget(form)
    return form


@pytest.mark.parametrize(
    "look",
    [
        AS_PUBLISHED,
        DEFAULT_LOOK,
        Look(strength=0),
        Look(strength=2, iterations=1, exposure=-4),
        Look(strength=0.35, iterations=5, exposure=1.25, global_curve=True, detail_gain_limit=0),
        Look(detail_gain_limit=3.7),
    ],
)
def test_look_survives_the_form(form: LookForm, look: Look) -> None:
    form.show_look(look)
    assert form.look() == look


def test_each_control_is_a_change_and_reset_is_one(form: LookForm, qtbot: Any) -> None:
    told: list[Look] = []
    form.changed.connect(lambda: told.append(form.look()))
    form.fields["strength"].value = 1.5
    form.fields["detail_gain_limit"].value = 4
    assert told[-1] == Look(strength=1.5, detail_gain_limit=4)
    before = len(told)
    form.reset_button.click()
    assert told[before:] == [DEFAULT_LOOK]
    form.reset_button.click()
    assert len(told) == before + 1


def test_form_begins_with_the_default_look_and_shows_its_limit(form: LookForm) -> None:
    assert form.look() == DEFAULT_LOOK
    detail = form.fields["detail_gain_limit"]
    assert detail.switch.value is True
    assert detail.widget.value == 2
    assert detail.native.isEnabled()


def test_published_method_is_one_click_away_and_reset_takes_it_back(form: LookForm) -> None:
    detail = form.fields["detail_gain_limit"]
    detail.value = 4
    detail.switch.value = False
    assert not detail.native.isEnabled()
    assert form.look() == AS_PUBLISHED
    form.reset_button.click()
    assert detail.native.isEnabled()
    assert form.look() == DEFAULT_LOOK
