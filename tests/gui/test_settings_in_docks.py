"""A setting that the command line has is also in a dock, or there is a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
from napari.components import ViewerModel

from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.map_kinds import MAP_KIND
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.gui.docks.adjust.form import LookForm
from napari_zerodce.gui.docks.curve_maps.form import MapForm
from napari_zerodce.gui.docks.curve_maps.images import MapChoice
from napari_zerodce.gui.docks.enhance.form import EnhanceForm
from napari_zerodce.gui.docks.finetune.form import TrainingForm
from napari_zerodce.gui.docks.train_translator.form import TranslatorForm
from napari_zerodce.gui.docks.train_translator.method_chooser import MethodChooser
from napari_zerodce.setting import setting_fields
from napari_zerodce.training.config import LossWeights, RunConfig, TrainingConfig
from napari_zerodce.training.translation.config import TranslationConfig

TYPED = (
    EnhanceSettings,
    Look,
    TrainingConfig,
    LossWeights,
    SmoothnessKind,
    RunConfig,
    TranslationConfig,
)

WITHOUT_A_FIELD = {
    "EnhanceSettings.checkpoint": "the dock has a chooser of checkpoints",
    "EnhanceSettings.window": "the dock has a chooser of windows",
    "EnhanceSettings.tile": "the dock takes what suits the device, and the result is the same",
    "TrainingConfig.exposure_stops": "the dock has two fields, darker and brighter copies",
    "TrainingConfig.precision": "the dock takes what suits the device",
    "SmoothnessKind.period": "the dock names the default in the choice 'at 16 px'",
}


def test_what_can_be_typed_can_be_clicked_or_there_is_a_reason(qtbot: Any) -> None:
    enhance = EnhanceForm(ViewerModel(), EnhanceSettings())
    forms = (LookForm(), MapForm(), TrainingForm(), TranslatorForm(MethodChooser()), enhance)
    for form in forms:
        qtbot.addWidget(form)
    enhance.release()
    fields = [field.described for form in forms for field in form.fields.values()]
    shown = {(field.option, field.setting.help) for field in fields}
    missing = {
        f"{owner.__name__}.{each.name}"
        for owner in TYPED
        for each in setting_fields(owner).values()
        if (each.option, each.setting.help) not in shown
    }
    assert missing == set(WITHOUT_A_FIELD)


def test_both_have_the_same_kinds_of_maps() -> None:
    assert setting_fields(MapChoice)["kind"].setting is MAP_KIND


@pytest.mark.parametrize("name", [*setting_fields(MapChoice)])
def test_sentences_of_maps_are_whole_ones(name: str) -> None:
    setting = setting_fields(MapChoice)[name].setting
    for text in (setting.help, *(choice.help for choice in setting.choices)):
        assert 1 <= len(re.findall(r"[.](?:\s|$)", text)) <= 2, text
        assert text.endswith("."), text
