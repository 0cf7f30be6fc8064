"""The training configuration: the published defaults, and mistakes that are one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.errors import RequestError
from napari_zerodce.training.config import (
    LossWeights,
    RunConfig,
    TrainingConfig,
    read_model,
)


def test_defaults_are_those_of_the_published_code() -> None:
    config = TrainingConfig()
    weights = config.weights
    assert (weights.spatial, weights.exposure, weights.colour) == (1, 10, 5)
    assert (config.weight_decay, config.gradient_clip, config.target) == (1e-4, 0.1, 0.6)
    assert weights.smoothness_for("zero-dce") == 200
    assert weights.smoothness_for("zero-dce-pp") == 1600


def test_a_chosen_smoothness_wins_also_when_it_is_zero() -> None:
    assert LossWeights(smoothness=0).smoothness_for("zero-dce") == 0


def test_a_configuration_of_the_first_version_is_still_the_default() -> None:
    """A run is resumed only if its configuration equals that of its saved state."""
    written = (
        '{"architecture":"zero-dce-pp","scale_factor":1,"seed":0,"steps":1000,"batch":8,"crop":128,'
        '"learning_rate":0.001,"final_learning_rate":0.00001,"warm_up":0,"weight_decay":0.0001,'
        '"gradient_clip":0.1,"target":0.6,"keep_background":false,"weights":{"spatial":1.0,'
        '"exposure":10.0,"colour":5.0,"smoothness":null},"smoothness":{"orders":{"1":1.0},'
        '"normalisation":"noise","period":16.0,"penalty":"squared","epsilon":0.01,'
        '"edge_aware":false,"edge":0.05,"pixel_size":1.0},"exposure_stops":[0.0,0.0],'
        '"encoding":"srgb","precision":"auto"}'
    )
    assert TrainingConfig.model_validate_json(written) == TrainingConfig()


@pytest.mark.parametrize(
    ("name", "valid", "invalid"),
    [
        ("seed", (0, 2**63 - 1), (-1, 2**63)),
        ("steps", (1, 10**9), (0, 10**9 + 1)),
        ("batch", (1, 1024), (0, 1025)),
        ("crop", (16, 10**6), (15,)),
        ("learning_rate", (1e-30, 1e30), (0, 1.1e30, float("nan"), float("inf"))),
        ("target", (1e-9, 1 - 1e-9), (0, 1, float("nan"))),
        ("exposure_stops", ((-8, 8), (0, 0)), ((-9, 0), (0, 9), (1, 0), (0, float("nan")))),
    ],
)
def test_ranges_hold_at_their_ends(
    name: str, valid: tuple[object, ...], invalid: tuple[object, ...]
) -> None:
    for value in valid:
        assert getattr(TrainingConfig(**{name: value}), name) == value
    for value in invalid:
        with pytest.raises(ValueError, match=name):
            TrainingConfig(**{name: value})


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf")])
def test_weights_are_finite_and_not_negative(weight: float) -> None:
    for name in LossWeights.model_fields:
        with pytest.raises(ValueError, match=name):
            LossWeights(**{name: weight})


def test_json_round_trip(tmp_path: Path) -> None:
    config = TrainingConfig(architecture="zero-dce", learning_rate=3e-7, target=0.55)
    path = tmp_path / "config.json"
    path.write_text(config.model_dump_json())
    assert read_model(TrainingConfig, path) == config


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"stepz": 3}', "stepz"),
        ('{"weights": {"colour": -1}}', "weights.colour"),
        ('{"target": 1.0}', "target"),
        ('{"learning_rate": 0}', "learning_rate"),
        ('{"architecture": "unet"}', "architecture"),
        ('{"steps": ', "the file"),
        ("[]", "the file"),
        ('{"smoothness": {"orders": {"4": 1}}}', "smoothness"),
        ('{"smoothness": {"orders": {"1": -1}}}', "smoothness"),
        ('{"smoothness": {"order": {"1": 1}}}', r"smoothness\.order"),
        ('{"smoothness": {"period": 1}}', r"smoothness\.period"),
        ('{"exposure_stops": [3, -1]}', "exposure_stops"),
        ('{"exposure_stops": [0, 9]}', r"exposure_stops\.1"),
        ('{"crop": 8}', "crop"),
    ],
)
def test_mistakes_are_one_sentence_that_names_the_place(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(RequestError, match=rf"has a mistake in {complaint}: ") as caught:
        read_model(TrainingConfig, path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="cannot be read"):
        read_model(TrainingConfig, tmp_path / "none.json")


def test_the_configuration_does_not_need_torch() -> None:
    """The dock's form shows it before torch is there."""
    code = "import sys, napari_zerodce.training.config; sys.exit('torch' in sys.modules)"
    child = subprocess.run([sys.executable, "-c", code], check=False, timeout=200)
    assert child.returncode == 0


def test_a_run_with_everything_survives_json(tmp_path: Path) -> None:
    kind = SmoothnessKind(
        orders={1: 0.5, 3: 2.0},
        normalisation="period",
        period=8,
        penalty="charbonnier",
        edge_aware=True,
        pixel_size=3,
    )
    training = TrainingConfig(smoothness=kind, exposure_stops=(-1.5, 2), keep_background=True)
    run = RunConfig(training=training, minutes=2.5, images=("ü.tif", "b.tif"), device="cuda:1")
    path = tmp_path / "config.json"
    path.write_text(run.model_dump_json(), encoding="utf-8")
    read = read_model(RunConfig, path)
    assert read == run
    assert read.training.smoothness.orders == {1: 0.5, 3: 2.0}
    assert read.model_dump_json() == run.model_dump_json(), "else no state could be resumed"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("place", ["orders", "period", "epsilon", "edge", "pixel_size"])
def test_a_smoothness_that_is_no_number_is_refused(place: str, number: float) -> None:
    """JSON has no such numbers: a run with them could not be read again."""

    def config() -> TrainingConfig:
        kind = SmoothnessKind(**{place: {1: number} if place == "orders" else number})
        return TrainingConfig(smoothness=kind)

    with pytest.raises(ValueError, match=place):
        config()


def test_a_configuration_without_a_name_is_read_and_any_name_becomes_one_line() -> None:
    facts = RunConfig(training=TrainingConfig()).model_dump()
    del facts["name"]  # as earlier versions have written it
    del facts["training"]["weights"]["channels"]
    old = RunConfig.model_validate(facts)
    assert (old.name, old.training.weights.channels) == ("", 0)
    assert RunConfig.model_validate(facts | {"name": "a\n\x00b"}).name == "a b"
