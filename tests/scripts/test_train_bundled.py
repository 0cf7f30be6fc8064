"""The script that makes the bundled weights, on small pictures: stages, stops, held-out images."""

from __future__ import annotations

import importlib.util
import math
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.training.config import TrainingConfig

SCRIPT = Path(__file__).parents[2] / "scripts" / "train_bundled.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("train_bundled", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def pictures() -> list[list[np.ndarray]]:
    generator = np.random.default_rng(0)
    return [[generator.random((size, size + 8, 3), np.float32) for size in (64, 32)]]


def two_stages(script: ModuleType) -> tuple[object, ...]:
    config = TrainingConfig(architecture="zero-dce-pp", steps=4, batch=1, crop=16)
    second = config.model_copy(update={"target": 0.5})
    return (script.Stage(config, 2, 0.5), script.Stage(second, 4, 0.5, (-1.0, 1.0)))


def finished(script: ModuleType, work: Path) -> torch.Tensor:
    state = script.open_stage(two_stages(script), 1, work)
    assert state.step == 4
    return torch.cat([parameter.flatten() for parameter in state.network.parameters()])


def test_stages_follow_each_other_and_survive_a_stop(
    script: ModuleType, pictures: list[list[np.ndarray]], tmp_path: Path
) -> None:
    stages = two_stages(script)
    script.run(stages, pictures, tmp_path / "unbroken", deadline=math.inf)
    script.run(stages, pictures, tmp_path / "broken", deadline=time.monotonic() - 1)
    script.run(stages[:1], pictures, tmp_path / "broken", deadline=math.inf)
    script.run(stages, pictures, tmp_path / "broken", deadline=math.inf)
    assert torch.equal(
        finished(script, tmp_path / "broken"), finished(script, tmp_path / "unbroken")
    )


def test_a_stage_begins_where_the_one_before_ended(
    script: ModuleType, pictures: list[list[np.ndarray]], tmp_path: Path
) -> None:
    stages = two_stages(script)
    script.run(stages[:1], pictures, tmp_path, deadline=math.inf)
    before = script.open_stage(stages, 0, tmp_path)
    after = script.open_stage(stages, 1, tmp_path)
    assert (before.step, after.step) == (2, 0)
    for old, new in zip(before.network.parameters(), after.network.parameters(), strict=True):
        assert torch.equal(old, new)


def test_the_checkpoint_says_how_it_was_made(
    script: ModuleType, pictures: list[list[np.ndarray]], tmp_path: Path
) -> None:
    stages = two_stages(script)
    script.run(stages, pictures, tmp_path, deadline=math.inf)
    script.save(stages, tmp_path, tmp_path / "tiny.safetensors")
    info = load_checkpoint(tmp_path / "tiny.safetensors").info
    assert (info.architecture, info.scale_factor) == ("zero-dce-pp", 12)
    assert info.licence == "BSD-3-Clause"
    assert info.provenance["steps"] == "2 + 4"
    assert info.provenance["exposure_target"] == "0.5"


def test_photographs_have_the_right_shape_and_range(
    script: ModuleType, pictures: list[list[np.ndarray]]
) -> None:
    source = script.Pictures(pictures, 0.5, (-6.0, 2.0))
    images = source(np.random.default_rng(1), count=8, side=32).images
    assert (images.shape, images.dtype) == ((8, 3, 32, 32), np.float32)
    assert 0 <= images.min() <= images.max() <= 1
    means = images.mean(axis=(1, 2, 3))
    assert means.max() > 3 * means.min(), "exposures differ"


def test_held_out_pictures_are_not_trained_on(script: ModuleType, tmp_path: Path) -> None:
    for name in ("kodim01", "kodim19", "GoldenGate"):
        (tmp_path / f"{name}.png").touch()
    assert [path.stem for path in script._training_files(tmp_path, "*.png")] == ["kodim01"]
    with pytest.raises(SystemExit, match=r"There are no \*\.exr files"):
        script._training_files(tmp_path, "*.exr")


def test_pictures_are_halved_by_averaging(script: ModuleType) -> None:
    picture = np.ones((130, 257, 3), np.float32)
    picture[:, ::2] = 3
    sizes = script._sizes(picture)
    assert [size.shape for size in sizes] == [(130, 257, 3), (65, 128, 3)]
    assert np.ptp(sizes[1]) < 1e-6, "columns of 1 and 3 average to one value"
