"""The background of an image: known levels and spreads, and which backgrounds are dark."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from napari_zerodce.imaging.background import Background, find_background
from napari_zerodce.imaging.window_search import background_of


def background(samples) -> Background:
    return find_background(*np.unique(np.asarray(samples), return_counts=True))


def noise(level, spread, count=100_000, seed=0):
    return np.random.default_rng(seed).normal(level, spread, count)


def cells(count=10_000, low=200, high=900, seed=1):
    return np.random.default_rng(seed).uniform(low, high, count)


# ---- level, spread and share


@pytest.mark.parametrize(("level", "spread"), [(100, 5), (100, 1.5), (1000, 40), (-20, 3), (0, 8)])
def test_level_and_spread_are_those_of_the_noise(level, spread):
    found = background(np.rint(np.concatenate([noise(level, spread), cells() + 10 * level])))
    assert found.level == pytest.approx(level, abs=0.25 * spread)
    assert found.spread == pytest.approx(spread, abs=max(1, 0.2 * spread))
    assert found.end == found.level + found.spread


def test_share_is_that_of_all_samples_up_to_three_spreads():
    values = np.array([8, 9, 10, 11, 12, 13, 14, 100, 200, 300, 400])
    found = find_background(values, np.array([5, 25, 40, 25, 4, 1, 20, 20, 20, 20, 20]))
    assert (found.level, found.spread) == (10, 1)
    assert found.share == 0.5


def test_what_the_camera_cut_off_makes_the_spread_too_small_and_not_too_large():
    clipped = noise(0, 10).clip(0).round()  # half of the samples are exactly 0
    found = background(np.concatenate([clipped, cells().round()]))
    assert found.level == 0
    assert 1 <= found.spread <= 10


def test_signal_is_no_part_of_the_spread():
    alone = background(noise(100, 5).round())
    beside = background(np.concatenate([noise(100, 5).round(), cells(60_000)]))
    assert beside.level == pytest.approx(alone.level, abs=1)
    assert beside.spread == pytest.approx(alone.spread, abs=1)


def test_hot_and_dead_pixels_do_not_move_it():
    samples = np.concatenate([noise(100, 5).round(), cells()])
    clean, damaged = background(samples), background(np.append(samples, [65535, 65535, 0]))
    assert damaged.level == pytest.approx(clean.level, abs=1e-9)
    assert damaged.spread == clean.spread
    assert damaged.is_dark
    assert clean.is_dark


@given(st.integers(-5000, 5000), st.integers(1, 50))
def test_offset_and_gain_move_and_scale_it(offset, gain):
    samples = np.concatenate([noise(100, 5, 3000).round(), cells(500).round()])
    plain, moved = background(samples), background(gain * samples + offset)
    assert moved.level == pytest.approx(gain * plain.level + offset, abs=1e-6)
    assert moved.spread == pytest.approx(gain * plain.spread, abs=1e-6)
    assert (moved.share, moved.is_dark) == (pytest.approx(plain.share), plain.is_dark)


@pytest.mark.parametrize("value", [0, -7, 65535, 1.5, 1e300])
def test_one_sample_and_a_constant_image_are_all_background_and_not_dark(value):
    for count in (1, 9, 10**9):
        found = find_background(np.array([value]), np.array([count]))
        assert found == Background(pytest.approx(value), 0, 1, is_dark=False)


@given(
    st_numpy.arrays(
        np.float64, st.integers(1, 40), elements=st.floats(-1e300, 1e300, allow_nan=False)
    )
)
def test_anything_has_a_finite_background(samples):
    found = background(samples)
    low, high = samples.min(), samples.max()
    slack = 1e-12 * max(abs(low), abs(high))
    assert low - slack <= found.level <= high + slack
    assert 0 <= found.spread < np.inf
    assert 0 <= found.share <= 1


# ---- is it dark?


def test_background_with_bright_cells_is_dark():
    assert background(np.concatenate([noise(100, 5).round(), cells()])).is_dark


def test_black_without_noise_is_dark():
    samples = np.concatenate([np.zeros(10_000), cells(5000).round()])
    assert background(samples) == Background(0, 0, pytest.approx(2 / 3), is_dark=True)


@pytest.mark.parametrize("high", [1, 255, 65535])
def test_mask_has_no_noise(high):
    found = find_background(np.array([0, high]), np.array([80, 20]))
    assert found == Background(0, 0, 0.8, is_dark=True)


def test_noise_alone_is_not_dark():
    assert not background(noise(100, 5).round()).is_dark


def test_grey_background_with_darker_and_brighter_structures_is_not_dark():
    grey = noise(1000, 20).round()
    both = np.concatenate([grey, cells(5000, 300, 900), cells(5000, 1100, 2000)])
    darker = np.concatenate([grey, cells(10_000, 300, 900)])
    assert not background(both).is_dark
    assert not background(darker).is_dark


def test_dark_corner_of_a_photo_is_not_dark():
    # A tenth in shadow, the rest of all brightnesses.
    samples = np.concatenate([noise(10, 2, 10_000).round(), cells(90_000, 10, 250).round()])
    assert not background(samples).is_dark


@pytest.mark.parametrize("photons", [3, 5, 10, 100])
def test_few_photons_on_an_offset_are_dark(photons):
    rng = np.random.default_rng(photons)
    signal = np.concatenate([rng.poisson(0.1, 95_000), rng.poisson(photons, 5000)])
    found = background(np.rint(100 + 2 * signal + rng.normal(0, 2, signal.size)))
    assert found.is_dark
    assert found.level == pytest.approx(100, abs=1)


@pytest.mark.parametrize("photons", [3, 5, 10, 100])
def test_few_photons_are_dark_also_without_an_offset(photons):
    rng = np.random.default_rng(photons)
    found = background(np.concatenate([rng.poisson(0.1, 95_000), rng.poisson(photons, 5000)]))
    assert found.is_dark
    assert found.level == 0


# ---- of an image


@pytest.mark.parametrize("dtype", ["u1", "u2", ">u2", "i2", "i4", "f4", "f8"])
def test_background_is_the_same_in_each_dtype(dtype):
    samples = np.concatenate([noise(20, 3).clip(0, 255).round(), cells(10_000, 60, 255).round()])
    image = samples[: 110_000 // 100 * 100].reshape(-1, 100).astype(dtype)
    found = background_of(image, channels="mono")
    assert found.level == pytest.approx(20, abs=1)
    assert found.spread == pytest.approx(3, abs=1)
    assert found.is_dark


def test_stack_has_one_background_for_all_planes():
    empty = noise(100, 5, 10_000).round().reshape(100, 100)
    full = np.rint(cells(10_000)).reshape(100, 100)
    stack = np.stack([empty, empty, full]).astype(np.uint16)
    found = background_of(stack, channels="mono")
    assert found.level == pytest.approx(100, abs=2)
    assert found.share == pytest.approx(2 / 3, abs=0.02)
    assert found.is_dark
    assert not background_of(stack[0], channels="mono").is_dark


def test_nan_and_infinity_do_not_count():
    image = np.concatenate([noise(100, 5), cells()]).reshape(-1, 100)
    holed = image.copy()
    holed[::7, 3], holed[1, 1], holed[2, 2] = np.nan, np.inf, -np.inf
    assert background_of(holed, channels="mono").level == pytest.approx(100, abs=2)
    assert background_of(np.full((3, 3), np.nan), channels="mono") is None


def test_alpha_does_not_count():
    image = np.zeros((40, 40, 4), np.uint8)
    image[..., 3] = 255
    assert background_of(image, channels="rgba") == Background(0, 0, 1, is_dark=False)


def test_degenerate_shapes_have_a_background():
    one = background_of(np.full((1, 1), 7, np.int8), channels="mono")
    assert one == Background(7, 0, 1, is_dark=False)
    assert background_of(np.zeros((2, 1, 2, 3, 1), np.int8), channels="mono").level == 0
