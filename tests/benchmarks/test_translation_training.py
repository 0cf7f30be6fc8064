"""The trainings of the translation study: terms, pairs, and what a unit leaves behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from translation import arms
from translation.arms import ARMS, Unit
from translation.exposure import GAINS, table_of_gains, table_of_means
from translation.files import generator_file, translations_file
from translation.measuring import measured_again
from translation.montage import sheet, write_montage
from translation.toy import Task, toy
from translation.training import config_for, fit, train_unit, translated

from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.training.translation.crops import TranslationCrops
from napari_zerodce.training.translation.pictures import translate


@pytest.fixture(scope="module")
def task() -> Task:
    return toy(trained=9, held=5)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arms, "STEPS", dict.fromkeys(arms.STEPS, 2))


@pytest.mark.parametrize("arm", ARMS)
def test_only_the_terms_of_an_arm_are_off(arm: str, task: Task) -> None:
    config = config_for(Unit(arm, 1), task)
    weights = {"gan": config.gan, "l1": config.l1, "cycle": config.cycle}
    weights |= {"identity": config.identity, "nce": config.nce_weight}
    assert {name for name, weight in weights.items() if not weight} == ARMS[arm].off
    assert (config.seed, config.crop, config.features) == (1, 64, 16)


def test_pix2pix_sees_eight_pairs_and_the_others_see_two_sets(brief: None, task: Task) -> None:
    paired = fit(Unit("pix2pix", 0), task).crops
    assert paired.targets.shape == (8, 3, 64, 64)
    np.testing.assert_allclose(
        paired.targets[0, 1] / 65535, task.paired_targets[0, :, :, 1], atol=1e-5
    )
    unpaired = fit(Unit("FastCUT", 0), task).crops
    np.testing.assert_allclose(unpaired.targets[3, 2] / 65535, task.targets[3, :, :, 2], atol=1e-5)


def test_a_unit_leaves_figures_generator_and_translations(
    brief: None, task: Task, tmp_path: Path
) -> None:
    unit = Unit("CycleGAN", 0)
    result = train_unit(unit, task, tmp_path)
    assert result.key == ("toy", "CycleGAN", 0)
    assert set(result.others) == {"there and back"}
    # Two generators and two discriminators, counted by hand in the notes: 346,371 and 175,089.
    assert result.cost["parameters"] == 2 * (346_371 + 175_089)
    assert result.cost["cpu_seconds"] > 0
    generator = make_generator(config_for(unit, task).design)
    generator.load_state_dict(torch.load(generator_file(tmp_path, unit), weights_only=True))
    found = translated(generator, task.held_sources)
    np.testing.assert_array_equal(found, np.load(translations_file(tmp_path, unit)))
    forgotten = replace(result, figures={})
    assert measured_again(forgotten, {"toy": task}, tmp_path) == result
    assert measured_again(forgotten, {}, tmp_path) is forgotten


def test_translations_are_those_of_a_runs_preview(task: Task) -> None:
    generator = make_generator(config_for(Unit("pix2pix", 0), task).design)
    crops = TranslationCrops.of(*2 * (task.held_sources.transpose(0, 3, 1, 2),))
    shown = translate(generator, crops.sources)
    assert shown is not None
    found = translated(generator, task.held_sources).transpose(0, 3, 1, 2)
    # The run keeps sources as 16-bit integers.
    np.testing.assert_allclose(found, shown / 65535, atol=1e-3)


def test_exposure_table_has_a_row_for_each_method(brief: None, task: Task, tmp_path: Path) -> None:
    for arm in arms.FULL:
        train_unit(Unit(arm, 0), task, tmp_path)
    lines = table_of_gains(task, tmp_path).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [*arms.FULL, "Zero-DCE"]
    assert all(line.count("(") == len(GAINS) for line in lines[2:])
    means = table_of_means(task, "toy", tmp_path)
    assert f"| the answers | {task.held_targets.mean(axis=(1, 2, 3)).std():.3f} | 1.00 |" in means
    assert "| FastCUT |" in means
    write_montage({"toy": task}, tmp_path, tmp_path / "montage.png")
    assert 0 < (tmp_path / "montage.png").stat().st_size < 300_000


def test_a_missing_picture_stays_white() -> None:
    image = np.asarray(sheet([[("black", np.zeros((64, 64, 1))), ("missing", None)]]))
    assert image[60, 60].max() == 0
    assert image[60, 180].min() == 255
