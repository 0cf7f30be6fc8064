"""The exposure of frames: gain and offset by hand, steady rises that stay, frames left alone."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.imaging.exposure import (
    UNCHANGED,
    Correction,
    Exposure,
    correction_in,
    frames_around,
    measure_exposure,
)
from napari_zerodce.imaging.windows import Window


def test_brightness_is_the_mean_and_contrast_the_distance_from_the_median():
    even = measure_exposure(np.array([1.0, 2.0, 3.0, 6.0]).repeat(1000))
    assert even is not None
    assert even.brightness == pytest.approx(3, abs=0.01)
    assert even.contrast == pytest.approx((1.5 + 0.5 + 0.5 + 3.5) / 4, abs=0.01)


@pytest.mark.parametrize(("gain", "offset"), [(1.2, 0.0), (0.8, 30.0), (1.0, -7.0)])
def test_an_exposure_follows_gain_and_offset(gain, offset):
    samples = np.random.default_rng(0).gamma(2, 100, 5000)
    before, after = measure_exposure(samples), measure_exposure(samples * gain + offset)
    assert before is not None
    assert after is not None
    assert after.brightness == pytest.approx(before.brightness * gain + offset)
    assert after.contrast == pytest.approx(before.contrast * gain)


def test_a_hot_pixel_and_nan_do_not_count():
    samples = np.random.default_rng(0).gamma(2, 100, 5000)
    hot = samples.copy()
    hot[7] = 1e9
    usual, other = measure_exposure(samples), measure_exposure(np.append(hot, [np.nan, np.inf]))
    assert usual is not None
    assert other is not None
    assert other.brightness == pytest.approx(usual.brightness, rel=0.01)
    assert measure_exposure(np.full(4, np.nan)) is None


@pytest.mark.parametrize(
    ("frame", "count", "expected"),
    [(10, 30, range(8, 13)), (0, 30, range(5)), (1, 30, range(5)), (29, 30, range(25, 30)),
     (1, 3, range(3)), (0, 1, range(1))],
)  # fmt: skip
def test_the_frame_is_in_the_middle_and_at_an_end_of_as_many_frames(frame, count, expected):
    assert frames_around(frame, count, 5) == expected


def test_the_middle_frame_gets_the_weighted_mean_of_both_sides():
    # Weights 1/2, 1, 1/2 of a window of 3 frames.
    frames = {3: Exposure(8, 4), 4: Exposure(12, 6), 5: Exposure(8, 4)}
    correction = correction_in(frames, 4)
    assert correction.gain == pytest.approx(5 / 6)
    assert correction.gain * 12 + correction.offset == pytest.approx(10)


@pytest.mark.parametrize("frame", [0, 1, 2, 3, 4])
def test_a_steady_rise_stays_also_at_the_ends(frame):
    rise = {number: Exposure(10 + number, 5 + number / 2) for number in range(5)}
    assert correction_in(rise, frame) == UNCHANGED


def test_equal_exposures_change_nothing():
    assert correction_in(dict.fromkeys(range(11), Exposure(0.1, 0.3)), 5) == UNCHANGED
    assert correction_in({0: Exposure(3, 1)}, 0) == UNCHANGED
    assert correction_in({0: None, 1: Exposure(3, 1)}, 0) == UNCHANGED


def test_a_frame_without_light_is_left_alone_and_does_not_darken_the_others():
    frames = dict.fromkeys(range(7), Exposure(10, 4)) | {3: Exposure(0, 0.01)}
    assert correction_in(frames, 3) == UNCHANGED
    assert correction_in(frames, 2) == UNCHANGED


def test_frames_of_one_value_get_an_offset():
    frames = {0: Exposure(8, 0), 1: Exposure(11, 0), 2: Exposure(8, 0)}
    correction = correction_in(frames, 1)
    assert correction == Correction(1.0, -1.5)


def test_the_window_of_a_frame_becomes_the_one_of_all():
    own = Correction(2.0, 10.0).window(Window(50, 110))
    assert (own.low, own.high) == (20, 50)
    assert UNCHANGED.window(window := Window(1, 2)) is window


def test_samples_are_rounded_and_clipped_only_by_their_dtype():
    samples = np.array([0, 10, 101, 200], np.uint8)
    assert Correction(1.5, -2.0).apply(samples).tolist() == [0, 13, 150, 255]
    assert UNCHANGED.apply(samples) is samples
    signed = np.array([-100, 100], np.int8)
    assert Correction(1.1, 0.0).apply(signed).tolist() == [-110, 110]


@pytest.mark.parametrize("dtype", ["i8", "u8", "i4", "u4"])
def test_the_largest_integers_stay_large(dtype):
    limits = np.iinfo(dtype)
    made = Correction(1.5, 0.0).apply(np.array([limits.min, limits.max], dtype))
    assert made.dtype == dtype
    assert made[0] == limits.min
    assert made[1] >= limits.max - 2**11


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_floats_keep_nan_and_infinities(dtype):
    samples = np.array([1, np.nan, np.inf, -np.inf], dtype)
    made = Correction(2.0, 1.0).apply(samples)
    assert made.dtype == dtype
    np.testing.assert_array_equal(made, [3, np.nan, np.inf, -np.inf])
