"""Simulated photos: noise with the variance it claims, a meter that lamps do not fool."""

from __future__ import annotations

import numpy as np
import pytest
from simulated_photos import MIDDLE_GREY, SensorNoise, add_noise, meter, photograph

NO_NOISE = SensorNoise()


def light(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_photograph_without_noise_is_expose_then_encode() -> None:
    generator = np.random.default_rng(0)
    shot = photograph(light(0.25, 0.6), 1.0, noise=NO_NOISE, generator=generator)
    assert shot == pytest.approx([0.73536, 1.0], abs=1e-5)
    assert shot.dtype == np.float32


def test_noise_keeps_the_mean_and_has_its_variance() -> None:
    level, noise = 0.2, SensorNoise(shot=0.002, read=0.01)
    noisy = add_noise(np.full(200_000, level, np.float32), noise, np.random.default_rng(3))
    # Variance 0.2 * 0.002 + 0.01^2 = 5e-4; the sample's own error is below 0.5 %.
    assert noisy.mean() == pytest.approx(level, abs=2e-4)
    assert noisy.var() == pytest.approx(5e-4, rel=0.02)


def test_noise_saturates_at_the_full_well_and_does_not_come_out_of_nothing() -> None:
    assert add_noise(light(50.0), NO_NOISE, np.random.default_rng(0)) == pytest.approx([1.0])
    black = add_noise(np.zeros(100, np.float32), SensorNoise(shot=0.01), np.random.default_rng(0))
    assert not black.any()


def test_same_generator_same_photograph() -> None:
    noise = SensorNoise(shot=0.001, read=0.002)
    shots = [
        photograph(light(*[0.1] * 50), 0, noise=noise, generator=np.random.default_rng(seed))
        for seed in (4, 4, 5)
    ]
    assert np.array_equal(shots[0], shots[1])
    assert not np.array_equal(shots[0], shots[2])


def test_meter_brings_the_geometric_mean_to_middle_grey() -> None:
    picture = np.empty((2, 2, 3), np.float32)
    picture[0], picture[1] = 0.01, 1.0
    # Geometric mean of 0.01 and 1 is 0.1.
    assert meter(picture) == pytest.approx(MIDDLE_GREY / 0.1, rel=1e-5)
    assert meter(picture * 8) == pytest.approx(MIDDLE_GREY / 0.8, rel=1e-5)


def test_meter_is_not_fooled_by_lamps_or_black_pixels() -> None:
    picture = np.full((10, 10, 3), 0.1, np.float32)
    picture[0, 0], picture[0, 1], picture[0, 2] = 1e5, 0.0, 1e-9
    # A lamp a million times brighter and an almost black pixel: less than a tenth of a stop.
    assert meter(picture) == pytest.approx(1.8, rel=0.07)


def test_meter_of_black_changes_nothing() -> None:
    assert meter(np.zeros((3, 3, 3), np.float32)) == 1.0
