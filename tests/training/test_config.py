"""The training configuration: the published defaults, and mistakes that are one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from napari_zerodce.errors import RequestError
from napari_zerodce.training.config import LossWeights, TrainingConfig, read_config


def test_defaults_are_those_of_the_published_code() -> None:
    config = TrainingConfig()
    weights = config.weights
    assert (weights.spatial, weights.exposure, weights.colour) == (1, 10, 5)
    assert (config.weight_decay, config.gradient_clip, config.target) == (1e-4, 0.1, 0.6)
    assert weights.smoothness_for("zero-dce") == 200
    assert weights.smoothness_for("zero-dce-pp") == 1600


def test_a_chosen_smoothness_wins_also_when_it_is_zero() -> None:
    assert LossWeights(smoothness=0).smoothness_for("zero-dce") == 0


def test_json_round_trip(tmp_path: Path) -> None:
    config = TrainingConfig(architecture="zero-dce", learning_rate=3e-7, target=0.55)
    path = tmp_path / "config.json"
    path.write_text(config.model_dump_json())
    assert read_config(path) == config


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
    ],
)
def test_mistakes_are_one_sentence_that_names_the_place(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(RequestError, match=rf"has a mistake in {complaint}: ") as caught:
        read_config(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="cannot be read"):
        read_config(tmp_path / "none.json")


def test_the_configuration_does_not_need_torch() -> None:
    """The dock's form shows it before torch is there."""
    code = "import sys, napari_zerodce.training.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
