"""Runs that start again with another seed, from the crops and settings of the first."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_zerodce.errors import TrainingError
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.translation.again import check_again, create_again, with_next_seed
from napari_zerodce.training.translation.config import TranslationRunConfig
from napari_zerodce.training.translation.configure import configure

MakeRun = Callable[..., RunFolder]


def test_only_the_seed_differs(make_run: MakeRun, tmp_path: Path) -> None:
    first = make_run("cut", wish={"name": "nights"}, seed=7)
    again = create_again(first, tmp_path / "again")
    before, after = (each.config_as(TranslationRunConfig) for each in (first, again))
    assert after.training.seed == 8
    assert after == before.model_copy(update={"training": with_next_seed(before.training)})
    assert again.packed_crops.read_bytes() == first.packed_crops.read_bytes()
    assert again.history().notices == ["The same crops and settings as in 'run', with the seed 8."]
    assert again.history().step == 0


def test_seeds_stay_in_the_range_of_the_form() -> None:
    last = configure("cut", seed=2**31 - 2)
    assert with_next_seed(last).seed == 0


def test_a_deleted_run_does_not_start_again(make_run: MakeRun, tmp_path: Path) -> None:
    first = make_run("cut")
    shutil.rmtree(first.path)
    with pytest.raises(TrainingError, match="is not the folder of a run"):
        create_again(first, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_missing_generator_is_told(make_run: MakeRun) -> None:
    first = make_run("cut", run={"checkpoint": "horses.pth"})
    with pytest.raises(TrainingError, match="the generator from which the run starts is missing"):
        check_again(first)
