"""Batches: crops turned and mirrored, some of them under another exposure."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_zerodce.training.batches import Batch, CropBatches, Goals, validation_batches
from napari_zerodce.training.config import TrainingConfig
from napari_zerodce.training.crops import Crops, CropSet

SIDE = 16


def crop_set(values: NDArray[np.floating], background: float = -1.0) -> CropSet:
    pixels = np.rint(np.asarray(values) * 65535).astype(np.uint16)
    return CropSet(pixels, np.full(len(pixels), background, np.float32))


def flat(level: float, background: float = -1.0) -> Crops:
    crops = crop_set(np.full((3, 3, SIDE, SIDE), level), background)
    return Crops(crops, crops)


def drawn(crops: Crops, *, count: int = 200, seed: int = 0, **settings: object) -> Batch:
    config = TrainingConfig.model_validate({"crop": SIDE, **settings})
    return CropBatches(crops, config)(np.random.default_rng(seed), count=count, side=SIDE)


def test_crops_are_mirrored_and_turned_in_all_eight_ways_and_nothing_else() -> None:
    crop = np.random.default_rng(1).random((1, 3, SIDE, SIDE))
    crops = Crops(crop_set(crop), crop_set(crop))
    original = crops.training.values[0].astype(np.float32) / np.float32(65535)
    eight = {
        np.ascontiguousarray(np.rot90(image, turns, (1, 2))).tobytes()
        for image in (original, original[:, :, ::-1])
        for turns in range(4)
    }
    batch = drawn(crops)
    assert len(eight) == 8
    assert {image.tobytes() for image in batch.images} == eight


def test_a_batch_is_float32_in_unit_range_and_leaves_the_crops_alone() -> None:
    values = np.random.default_rng(1).random((4, 1, SIDE, SIDE))
    crops = Crops(crop_set(values), crop_set(values))
    before = crops.training.values.copy()
    images = drawn(crops, exposure_stops=(-8, 8)).images
    assert (images.shape, images.dtype) == ((200, 1, SIDE, SIDE), np.float32)
    assert 0 <= images.min() <= images.max() <= 1
    assert np.array_equal(crops.training.values, before)


def test_chance_is_the_generators() -> None:
    values = np.random.default_rng(1).random((9, 3, SIDE, SIDE))
    crops = Crops(crop_set(values), crop_set(values))
    first, again, other = (
        drawn(crops, count=8, seed=seed, exposure_stops=(-1, 1)).images for seed in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_all_crops_are_drawn() -> None:
    levels = np.arange(1, 6) / 10
    crops = crop_set(np.broadcast_to(levels[:, None, None, None], (5, 3, SIDE, SIDE)))
    found = np.unique(drawn(Crops(crops, crops)).images)
    assert found == pytest.approx(levels, abs=1e-4)


def share_of(images: NDArray[np.float32], level: float) -> float:
    return float((abs(images - level) < 1e-3).all(axis=(1, 2, 3)).mean())


@pytest.mark.parametrize(
    ("encoding", "level", "stops", "expected"),
    [
        ("linear", 0.3, 1, 0.6),
        ("linear", 0.3, -2, 0.075),
        ("linear", 0.7, 1, 1.0),
        ("srgb", 0.5, 1, 0.6858),  # 0.5 is the light 0.2140, and 0.4281 is written 0.6858
        ("srgb", 0.9, 3, 1.0),
        ("srgb", 0.0, 3, 0.0),
    ],
)
def test_half_of_the_crops_get_another_exposure(
    encoding: str, level: float, stops: float, expected: float
) -> None:
    images = drawn(flat(level), exposure_stops=(stops, stops), encoding=encoding).images
    if level == expected:
        assert share_of(images, level) == 1
        return
    changed = share_of(images, expected)
    assert 0.35 < changed < 0.65
    assert changed + share_of(images, level) == 1


def test_stops_fill_their_range() -> None:
    images = drawn(flat(0.1), exposure_stops=(-2, 3), encoding="linear").images
    stops = np.log2(images[:, 0, 0, 0] / 0.1)
    assert stops.min() >= -2.01
    assert stops.max() <= 3.01
    assert stops.min() < -1.7
    assert stops.max() > 2.7


def test_what_is_background_follows_the_exposure() -> None:
    batch = drawn(
        flat(0.3, background=0.1), exposure_stops=(1, 1), encoding="linear", keep_background=True
    )
    assert batch.background is not None
    brighter = batch.images[:, 0, 0, 0] > 0.45
    assert batch.background[brighter] == pytest.approx(0.2)
    assert batch.background[~brighter] == pytest.approx(0.1)


@pytest.mark.parametrize("encoding", ["linear", "srgb"])
def test_no_background_stays_none_under_any_exposure(encoding: str) -> None:
    batch = drawn(flat(0.3), exposure_stops=(-8, 8), encoding=encoding, keep_background=True)
    assert batch.background is not None
    assert (batch.background < 0).all()


def test_background_is_not_told_where_it_may_change() -> None:
    assert drawn(flat(0.3, background=0.1)).background is None
    config = TrainingConfig(crop=SIDE)
    assert validation_batches(flat(0.3, background=0.1), config)[0].background is None


def test_what_was_held_back_comes_as_it_is_in_batches() -> None:
    values = np.random.default_rng(1).random((9, 3, SIDE, SIDE))
    crops = Crops(flat(0.5).training, crop_set(values, background=0.25))
    settings = {"crop": SIDE, "batch": 4, "exposure_stops": (-2, 2), "keep_background": True}
    batches = validation_batches(crops, TrainingConfig.model_validate(settings))
    assert [len(batch.images) for batch in batches] == [4, 4, 1]
    images = np.concatenate([batch.images for batch in batches])
    assert images == pytest.approx(crops.validation.values / 65535, abs=1e-7)
    assert [list(batch.background) for batch in batches] == [[0.25] * 4, [0.25] * 4, [0.25]]


def test_the_first_of_a_batch() -> None:
    batch = Batch(np.arange(12, dtype=np.float32).reshape(3, 1, 2, 2), np.array([1, 2, 3], "f4"))
    first = batch.first(2)
    assert first.images.shape == (2, 1, 2, 2)
    assert first.images.max() == 7
    assert list(first.background) == [1, 2]
    assert Batch(batch.images).first(1).background is None


def test_parts_of_a_batch_keep_their_goals() -> None:
    pixels = np.arange(3, dtype=np.float32).reshape(3, 1, 1, 1)
    batch = Batch(pixels, goals=Goals(pixels + 10, pixels + 20))
    last, first = batch.after(2).goals, batch.first(1).goals
    assert last is not None
    assert first is not None
    assert (last.brightness.item(), last.weight.item()) == (12, 22)
    assert (first.brightness.item(), first.weight.item()) == (10, 20)
