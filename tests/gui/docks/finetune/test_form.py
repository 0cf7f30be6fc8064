"""The form of a training: what it shows of a preset is what it gives back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from napari_zerodce.gui.docks.finetune.form import TrainingForm
from napari_zerodce.gui.docks.finetune.proposal import Proposal
from napari_zerodce.training.config import RunConfig, TrainingConfig
from napari_zerodce.training.presets import PRESETS, configure


@pytest.fixture
def form(qtbot: Any) -> TrainingForm:
    widget = TrainingForm()
    qtbot.addWidget(widget)
    return widget


def choose(combo: Any, data: Any) -> None:
    row = combo.findData(data)
    assert row >= 0
    combo.setCurrentIndex(row)
    combo.activated.emit(row)


def given(form: TrainingForm) -> TrainingConfig:
    """Return the configuration that a training of the form would have."""
    scratch = form.checkpoint() is None
    scale = {"zero-dce": 1, "zero-dce-pp": 12}[form.architecture()]
    return configure(
        form.chosen_preset(),
        form.architecture(),
        scale_factor=scale,
        from_scratch=scratch,
        **form.changes(),
    )


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    "start", ["zero-dce", "zero-dce-pp", "scratch:zero-dce", "scratch:zero-dce-pp"]
)
def test_presets_come_through_the_form_unchanged(
    form: TrainingForm, preset: str, start: str
) -> None:
    choose(form.start, start)
    choose(form.preset, preset)
    wanted = form.defaults()
    weight = wanted.weights.smoothness_for(wanted.architecture)
    weights = wanted.weights.model_copy(update={"smoothness": weight})
    got = given(form)
    # Order 1 is the same under both normalisations.
    smoothness = replace(wanted.smoothness, normalisation="period")
    assert got == wanted.model_copy(update={"weights": weights, "smoothness": smoothness})


@pytest.mark.parametrize("rate", [1e-7, 3e-6, 1e-4, 0.1234567])
def test_small_numbers_survive(form: TrainingForm, rate: float) -> None:
    form.fields["learning_rate"].value = rate
    assert form.changes()["learning_rate"] == rate


def test_a_configuration_comes_through_and_is_one_change(form: TrainingForm) -> None:
    choose(form.start, "zero-dce")
    config = configure(
        "photo",
        "zero-dce",
        target=0.35,
        keep_background=True,
        learning_rate=1e-7,
        crop=64,
        batch=3,
        exposure_stops=(-2.5, 0.5),
        weights={"spatial": 0.125, "exposure": 0, "colour": 2.5, "smoothness": 12.375},
    )
    told: list[dict[str, Any]] = []
    form.changed.connect(lambda: told.append(form.changes()))
    form.show_config(config)
    assert len(told) == 1
    for name in ("target", "keep_background", "learning_rate", "crop", "batch", "exposure_stops"):
        assert told[0][name] == getattr(config, name), name
    assert told[0]["weights"] == config.weights


def test_each_part_tells_of_its_change(form: TrainingForm) -> None:
    told: list[None] = []
    form.changed.connect(lambda: told.append(None))
    choose(form.details.order, form.details.order.itemData(1))
    form.fields["penalty"].value = "charbonnier"
    form.fields["edge_aware"].value = True
    form.fields["minutes"].value = 3
    choose(form.length.unit, "steps")
    choose(form.preset, "fluorescence")
    assert len(told) == 6


@pytest.mark.parametrize(
    ("row", "orders"),
    [(0, {1: 1.0}), (1, {2: 1.0}), (2, {3: 1.0}), (3, {1: 0.5, 2: 0.5})],
)
def test_the_order_is_one_row(form: TrainingForm, row: int, orders: dict[int, float]) -> None:
    form.details.order.setCurrentIndex(row)
    form.fields["normalisation"].value = "noise"
    smoothness = form.changes()["smoothness"]
    assert smoothness.orders == orders
    assert smoothness.normalisation == "noise"
    assert "Expect" in form.details.order.toolTip()


def test_minutes_or_steps(form: TrainingForm) -> None:
    minutes, steps = form.fields["minutes"], form.fields["steps"]
    assert form.duration() == {"minutes": 1.0}
    assert (minutes.native.isHidden(), steps.native.isHidden()) == (False, True)
    minutes.value = 2.5
    choose(form.length.unit, "steps")
    assert form.duration() == {"steps": 500}
    assert type(form.duration()["steps"]) is int
    assert (minutes.native.isHidden(), steps.native.isHidden()) == (True, False)
    choose(form.length.unit, "minutes")
    assert form.duration() == {"minutes": 2.5}


def test_a_file_of_the_users_is_offered_first_and_the_choice_stays(form: TrainingForm) -> None:
    form.start.offer("/somewhere/mine.safetensors", "zero-dce-pp", 12)
    assert form.checkpoint() == "/somewhere/mine.safetensors"
    assert form.architecture() == "zero-dce-pp"
    choose(form.start, "zero-dce")
    form.start.offer("zero-dce-pp", "zero-dce-pp", 12)
    assert form.checkpoint() == "zero-dce"


def test_the_advanced_section_is_folded(form: TrainingForm, qtbot: Any) -> None:
    form.show()
    assert not form.advanced.isExpanded()
    assert form.fields["target"].native.visibleRegion().isEmpty()


def test_another_checkpoint_leaves_what_the_user_has_changed(form: TrainingForm) -> None:
    choose(form.start, "zero-dce-pp")
    form.fields["target"].value = 0.77
    form.fields["seed"].value = 9
    form.fields["crop"].value = 96
    form.start.offer("/somewhere/mine.safetensors", "zero-dce", 1)
    choose(form.start, "zero-dce")
    config = given(form)
    assert (config.target, config.seed, config.crop) == (0.77, 9, 96)
    assert config.weights.smoothness == 200, "what was not touched is that of the network"
    choose(form.preset, "fluorescence")
    assert (given(form).target, given(form).seed) == (0.4, 9)


def test_the_settings_of_a_run_are_shown_whole(form: TrainingForm, tmp_path: Path) -> None:
    training = configure(
        "few-photos",
        "zero-dce-pp",
        scale_factor=12,
        seed=9,
        steps=321,
        target=0.5,
        crop=64,
        weights={"spatial": 3.0},
        smoothness={"orders": {1: 0.25, 2: 0.75}, "normalisation": "noise", "edge_aware": True},
    )
    run = RunConfig(
        training=training, checkpoint="zero-dce-pp", preset="few-photos", name="November"
    )
    told: list[None] = []
    form.changed.connect(lambda: told.append(None))
    form.show_run(run, tmp_path / "start.weights")
    weights = training.weights.model_copy(update={"smoothness": 1600})
    assert given(form) == training.model_copy(update={"weights": weights, "steps": 1000})
    assert (form.checkpoint(), form.chosen_preset()) == ("zero-dce-pp", "few-photos")
    assert (form.name.name, form.duration()) == ("November", {"steps": 321})
    assert form.details.order.currentText() == "Orders 1: 0.25, 2: 0.75"
    form.propose(Proposal("zero-dce-fluo", "fluorescence", "fluorescence", "it is dark"))
    assert form.chosen_preset() == "few-photos", "the settings of the run stay"
    assert told


def test_minutes_of_a_run_that_has_not_measured_its_speed(
    form: TrainingForm, tmp_path: Path
) -> None:
    run = RunConfig(training=configure("photo", "zero-dce"), minutes=2.5, preset="of the future")
    form.show_run(run, tmp_path / "start.weights")
    assert form.duration() == {"minutes": 2.5}
    assert form.checkpoint() is None
    assert form.chosen_preset() == "photo"


def test_a_preset_brings_its_smoothness(form: TrainingForm) -> None:
    choose(form.preset, "photo-without-facets")
    smoothness = form.changes()["smoothness"]
    assert (dict(smoothness.orders), smoothness.edge_aware) == ({2: 1.0}, True)
    choose(form.preset, "photo")
    smoothness = form.changes()["smoothness"]
    assert (dict(smoothness.orders), smoothness.edge_aware) == ({1: 1.0}, False)
