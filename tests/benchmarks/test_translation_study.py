"""The tasks of the translation study, its figures, what needs no training, and its order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from translation.arms import ARMS, CONTROLS, FULL, STEPS, chosen, units
from translation.figures import channel_error, correlation, distribution_error, figures, mean_psnr
from translation.real import cells, photos, whole_photos
from translation.report import report
from translation.results import Result, append_result, read_results
from translation.toy import HELD_ASIDE, SIDE, TRAINED, Task, scenes, toy
from translation.untrained import METHODS, clahe, constant, histograms, mean_and_deviation


@pytest.fixture(scope="module")
def task() -> Task:
    return toy()


def test_toy_is_the_same_for_the_same_seed_and_another_for_another(task: Task) -> None:
    again, other = toy(), toy(1)
    np.testing.assert_array_equal(task.sources, again.sources)
    assert not np.array_equal(task.sources, other.sources)
    assert task.sources.shape == task.targets.shape == (TRAINED, SIDE, SIDE, 3)
    assert task.held_sources.shape == task.held_targets.shape == (HELD_ASIDE, SIDE, SIDE, 3)
    for pictures in vars(task).values():
        assert pictures.dtype == np.float32
        assert pictures.min() >= 0
        assert pictures.max() <= 1


def test_dark_scenes_are_those_of_the_pairs_and_no_others(task: Task) -> None:
    structure = figures(task.sources, task.paired_targets).structure
    assert structure > 0.97
    assert abs(figures(task.sources, task.targets).structure) < 0.2
    assert task.sources.mean() < 0.2 * task.paired_targets.mean()


def test_colours_of_ground_and_objects_cannot_be_exchanged() -> None:
    picture = scenes(np.random.default_rng(0), 1)[0]
    bright = picture.mean(-1) > 0.6
    assert (picture[bright][:, 0] > picture[bright][:, 2]).all()
    ground = picture.mean(-1) < 0.2
    assert (picture[ground].mean(0)[0] < picture[ground].mean(0)[2]).all()


def test_psnr_of_a_known_error_is_known() -> None:
    wanted = np.full((2, 8, 8, 3), 0.5, np.float32)
    assert mean_psnr(wanted + np.float32(0.1), wanted) == pytest.approx(20, abs=1e-4)
    found = wanted.copy()
    found[..., 1] += 0.25
    assert channel_error(found, wanted) == pytest.approx(0.25)
    assert distribution_error(found, wanted) == pytest.approx(0.25)


def test_distance_of_distributions_does_not_ask_where_values_are(task: Task) -> None:
    answers = task.held_targets
    assert distribution_error(answers[::-1, ::-1, :, :], answers) == 0
    spread = np.array([0.2, 0.4]).reshape(1, 1, 2, 1)
    assert distribution_error(spread, np.full((1, 1, 2, 1), 0.3)) == pytest.approx(0.1)


def test_structure_is_negative_for_inverted_contrast_and_0_for_none(task: Task) -> None:
    answers = task.held_targets
    assert figures(0.5 * answers, answers).structure == pytest.approx(1)
    assert figures(1 - answers, answers).structure == pytest.approx(-1)
    assert correlation(np.ones((4, 4)), np.eye(4)) == 0


# The notes to this study saw 11.2, 14.2, 29.4 and 31.0 dB with another implementation of the toy.
@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("untouched", 10, 12.5),
        ("constant", 13.5, 15.5),
        ("mean and deviation", 28, 31),
        ("histograms", 29.5, 32.5),
    ],
)
def test_what_needs_no_training_scores_as_expected(
    task: Task, name: str, least: float, most: float
) -> None:
    assert least <= figures(METHODS[name](task), task.held_targets).psnr <= most


def test_matching_gives_the_targets_colours(task: Task) -> None:
    for method in (constant, mean_and_deviation, histograms):
        assert figures(method(task), task.held_targets).channel_error < 0.03
    assert clahe(task).dtype == np.float32


def test_bundled_curves_brighten_the_toy(task: Task) -> None:
    small = Task(**{name: pictures[:2] for name, pictures in vars(task).items()})
    for name in ("Zero-DCE", "Zero-DCE++"):
        found = METHODS[name](small)
        assert found.shape == small.held_sources.shape
        assert figures(found, small.held_targets).psnr > 18


def test_every_method_has_a_control_without_each_term_and_the_first_units_are_seed_0() -> None:
    assert {arm.method for arm in FULL.values()} == set(STEPS)
    assert all(not arm.off for arm in FULL.values())
    assert all(arm.off for arm in CONTROLS.values())
    terms = {"pix2pix": {"gan", "l1"}, "cyclegan": {"gan", "cycle", "identity"}}
    terms |= {"cut": {"gan", "nce"}, "fastcut": {"gan", "nce"}}
    for method, wanted in terms.items():
        found = {term for arm in CONTROLS.values() if arm.method == method for term in arm.off}
        assert found == wanted
    every = units()
    assert [unit.seed for unit in every[: len(ARMS)]] == [0] * len(ARMS)
    assert len({unit.name for unit in every}) == len(every)
    assert [unit.name for unit in chosen(["toy.cut.", "cells.pix"], every)] == [
        "toy.cut.0",
        "toy.cut.1",
        "toy.cut.2",
        "cells.pix2pix.0",
    ]


def test_results_come_back_from_their_file_and_stand_beside_each_other(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.jsonl"
    assert read_results(path) == []
    measured = {"psnr": 20.0, "structure": 0.9, "distribution": 0.0123456789, "ssim": 0.8}
    cost = {"parameters": 1000, "steps": 400, "cpu_seconds": 40.0}
    for seed in (1, 0):
        append_result(path, Result("toy", "CUT", seed, {**measured, "psnr": 20.0 + seed}, {}, cost))
    first, second = read_results(path)
    assert (first.key, second.key) == (("toy", "CUT", 1), ("toy", "CUT", 0))
    assert first.figures["distribution"] == 0.012346
    tables = report([first, second])
    assert "| CUT | 20.0 / 21.0 | 0.90 / 0.90 | 0.012 / 0.012 | 0.80 / 0.80 |" in tables
    assert "| CUT | 1,000 | 400 | 0.100 | 40 |" in tables
    assert "| CUT (seeds 1) | 21.0 |" in report([first])


def test_photos_are_darkened_and_held_aside_by_photo(shared_data: Path) -> None:
    task = photos(shared_data)
    assert task.sources.shape == task.targets.shape == (96, SIDE, SIDE, 3)
    assert task.held_sources.shape == (32, SIDE, SIDE, 3)
    ratio = task.sources.mean() / task.paired_targets.mean()
    assert 0.2 < ratio < 0.6  # of sRGB values, 2 to 4 stops
    assert figures(task.held_sources, task.held_targets).structure > 0.95
    wholes = whole_photos(shared_data)
    assert wholes.held_targets.shape == (4, 256, 384, 3)
    np.testing.assert_array_equal(wholes.held_targets[0, :SIDE, :SIDE], task.held_targets[0])


def test_nuclei_are_dim_and_noisy_in_one_channel(shared_data: Path) -> None:
    task = cells(shared_data)
    assert task.sources.shape == task.targets.shape == (64, SIDE, SIDE, 1)
    levels = np.unique(task.sources)
    assert len(levels) < 30  # photons are few, and counted
    assert figures(task.held_sources, task.held_targets).structure > 0.7
