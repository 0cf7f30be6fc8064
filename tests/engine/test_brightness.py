"""The function from the pixels of a coarser level to the brightness that the finest level has."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.engine.brightness import Brightness, fit_brightness
from napari_zerodce.imaging.windows import Window

UNIT = Window(0.0, 1.0)


def test_it_is_straight_between_its_places_and_parallel_beyond_them():
    function = Brightness((0.2, 0.6), (0.1, 0.9))
    found = function.apply(np.array([0.2, 0.4, 0.6, 0.0, 1.0, -1.0, np.nan]), UNIT)
    np.testing.assert_allclose(found, [0.1, 0.5, 0.9, -0.1, 1.3, -1.1, np.nan])


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "f4", "f8"])
def test_it_is_in_units_of_the_window_and_keeps_the_dtype(dtype):
    function = Brightness((0.0, 1.0), (0.5, 1.0))
    found = function.apply(np.array([20, 40, 60, 120], dtype), Window(20, 60))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, [40, 50, 60, 120])


def test_integers_stay_within_their_dtype():
    darker, brighter = Brightness((0.5,), (0.0,)), Brightness((0.5,), (1.0,))
    samples = np.array([0, 255], np.uint8)
    np.testing.assert_array_equal(darker.apply(samples, Window(0, 100)), [0, 205])
    np.testing.assert_array_equal(brighter.apply(samples, Window(0, 100)), [50, 255])


def test_without_pixels_nothing_changes():
    empty, values = np.empty(0, np.float32), np.linspace(-1, 2, 31)
    function = fit_brightness(empty, empty, empty)
    np.testing.assert_allclose(function.apply(values, UNIT), values)


def test_a_fit_finds_the_mean_at_each_brightness_and_never_decreases():
    rng = np.random.default_rng(0)
    coarse = rng.random(20_000).astype(np.float32)
    means = (coarse**2 + rng.normal(0, 0.1, coarse.size)).astype(np.float32)
    function = fit_brightness(coarse, means, np.ones(coarse.size))
    places = np.linspace(0, 1, 101)
    values = function.apply(places, UNIT)
    assert (np.diff(values) >= 0).all()
    assert np.abs(values - places**2).max() < 0.03
    assert function.apply(coarse, UNIT).mean() == pytest.approx(float(means.mean()), abs=2e-3)


def test_pixels_count_by_their_weights():
    coarse = np.tile(np.float32(0.5), 64)
    means = np.repeat(np.float32([0.2, 0.6]), 32)
    function = fit_brightness(coarse, means, np.repeat([3.0, 1.0], 32))
    assert function.apply(np.array([0.5]), UNIT)[0] == pytest.approx(0.3)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", ">u2", "i2"])
def test_small_integers_become_what_large_ones_become(dtype: str) -> None:
    info = np.iinfo(dtype)
    samples = np.linspace(info.min, info.max, 999).astype(dtype)[::2]
    brightness = Brightness((0.1, 0.5, 0.9), (0.05, 0.6, 0.8))
    window = Window(info.min / 2, info.max / 2)
    large = brightness.apply(samples.astype(np.int64), window).clip(info.min, info.max)
    made = brightness.apply(samples, window)
    assert made.dtype == dtype
    np.testing.assert_array_equal(made, large)
