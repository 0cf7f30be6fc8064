"""The form of a translator's training: what it shows of the defaults is what it gives back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.docks.train_translator.advanced_form import SHOWN, used
from napari_zerodce.gui.docks.train_translator.form import TranslatorForm
from napari_zerodce.gui.docks.train_translator.method_chooser import MethodChooser
from napari_zerodce.gui.docks.train_translator.methods import PURPOSES
from napari_zerodce.gui.docks.train_translator.start_chooser import GeneratorStart
from napari_zerodce.training.translation.config import METHODS, SIZES, TranslationRunConfig
from napari_zerodce.training.translation.configure import configure

CYCLEGAN = GeneratorStart("horses", Path("/files/horses.pth"), GeneratorDesign("resnet"))
PIX2PIX = GeneratorStart(
    "maps", Path("/files/maps.pth"), GeneratorDesign("unet", depth=7, norm="batch", features=8)
)


@pytest.fixture
def form(qtbot: Any) -> TranslatorForm:
    methods = MethodChooser()
    widget = TranslatorForm(methods)
    for each in (methods, widget):
        qtbot.addWidget(each)
    widget.length.unit.setCurrentIndex(widget.length.unit.findData("steps"))
    return widget


def is_shown(form: TranslatorForm, name: str) -> bool:
    return not form.fields[name].native.isHidden()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("method", METHODS)
def test_defaults_come_through_the_form_unchanged(
    form: TranslatorForm, method: Any, size: Any
) -> None:
    form.methods.choose(method)
    form.start.choose_size(size)
    form.fields["steps"].value = 700
    expected = configure(method, size, steps=700)
    assert form.config() == expected.model_copy(update={"nce": form.config().nce})
    assert form.config().nce_weight == expected.nce_weight


def test_the_method_says_what_it_needs_and_only_its_settings_are_shown(
    form: TranslatorForm,
) -> None:
    for method in METHODS:
        form.methods.choose(method)
        assert form.methods.purpose.text() == PURPOSES[method]
        shown = {name for name in SHOWN if is_shown(form, name)}
        assert shown == set(used(method, is_loaded=False))
        assert set(form.details.changes()) == shown
    form.methods.choose("pix2pix")
    assert is_shown(form, "l1")
    assert not is_shown(form, "blocks"), "a U-Net has none"
    assert not is_shown(form, "frozen_steps"), "no generator is loaded"


def test_what_the_user_changed_stays_with_another_method(form: TranslatorForm) -> None:
    form.fields["seed"].value = 5
    form.fields["crop"].value = 96
    form.methods.choose("fastcut")
    assert form.config().seed == 5
    assert form.config().crop == 96
    assert form.config().nce_weight == 10, "a default that the user did not change follows"


def test_a_loaded_generator_decides_its_network(form: TranslatorForm) -> None:
    told: list[None] = []
    form.changed.connect(lambda: told.append(None))
    form.start.offer(CYCLEGAN, chosen=True)
    assert len(told) == 1
    assert not is_shown(form, "features")
    assert is_shown(form, "frozen_steps")
    assert "features" not in form.details.changes()
    assert form.start.network_size == "full"
    form.start.offer(PIX2PIX, chosen=True)
    form.methods.choose("pix2pix")
    assert form.config().crop == 128, "this U-Net takes no other size"
    assert form.start.network_size == "small"


def test_a_crop_typed_before_a_unet_is_told(form: TranslatorForm) -> None:
    form.methods.choose("pix2pix")
    form.fields["crop"].value = 96
    form.start.offer(PIX2PIX, chosen=True)
    with pytest.raises(RequestError, match="U-Net for 128 pixels takes multiples of 128"):
        form.config()
    form.fields["crop"].value = 256
    assert form.config().features == 8, "the generator decides"


def test_a_run_comes_through(form: TranslatorForm) -> None:
    training = configure("cyclegan", "small", identity=0.25, seed=3, steps=40, checkpoint_steps=7)
    config = TranslationRunConfig(training=training, name="nights")
    form.show_run(config)
    got = form.config()
    assert got == training.model_copy(update={"nce": got.nce})
    assert form.name.name == "nights"
    timed = config.model_copy(update={"minutes": 4.0})
    form.show_run(timed)
    assert form.duration() == {"minutes": 4.0}


@pytest.mark.parametrize("value", [1e-7, 3e-5, 0.123])
def test_small_numbers_survive(form: TranslatorForm, value: float) -> None:
    form.fields["learning_rate"].value = value
    assert form.config().learning_rate == value
