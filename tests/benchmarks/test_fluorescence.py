"""Measures of frames, against answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from comparison.fluorescence import (
    contrast_to_noise,
    fluorescence,
    matching_gamma,
    rank_correlation,
    ring_round,
    unit,
    window_of,
    with_gamma,
)


def frame() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a frame of 0.25 with a background of 0.04 or 0.06, in the unit of its window."""
    image = np.where(np.indices((40, 40)).sum(0) % 2, 0.04, 0.06)
    image[10:20, 10:20] = 0.25
    # The percentiles 0.1 and 99.9 are the least and the greatest value.
    image[0, :3], image[39, :3] = 0.0, 1.0
    foreground = np.zeros(image.shape, bool)
    foreground[10:20, 10:20] = True
    background = np.zeros(image.shape, bool)
    background[30:36] = True
    return image, foreground, background


def test_nothing_done_is_a_ratio_of_one():
    image, foreground, background = frame()
    measured = fluorescence(image, image, foreground, background)
    assert measured.foreground == pytest.approx(0.25)
    assert measured.background == pytest.approx(0.05)
    assert measured.background_rise == 0
    # (0.25 - 0.05) / 0.01: half of the background is 0.01 above its mean, half below.
    assert measured.contrast_to_noise == pytest.approx(20)
    assert measured.gamma == pytest.approx(1)
    assert measured.ratio == pytest.approx(1)
    assert measured.rank_correlation == pytest.approx(1)
    assert measured.noise == pytest.approx(1)
    assert measured.ring == measured.source_ring


def test_a_gamma_matches_itself():
    image, foreground, background = frame()
    measured = fluorescence(np.sqrt(image), image, foreground, background)
    assert measured.gamma == pytest.approx(0.5)
    assert measured.foreground == pytest.approx(0.5)
    assert measured.ratio == pytest.approx(1)
    assert measured.background_rise == pytest.approx((0.2 + np.sqrt(0.06)) / 2 - 0.05)


def test_brighter_cells_on_an_unchanged_background_are_better_than_the_gamma():
    image, foreground, background = frame()
    out = np.where(foreground, 0.5, image)
    measured = fluorescence(out, image, foreground, background)
    assert measured.contrast_to_noise == pytest.approx(45)
    low, high = 0.2, np.sqrt(0.06)
    assert measured.gamma_contrast_to_noise == pytest.approx(
        (0.5 - (low + high) / 2) / ((high - low) / 2)
    )
    assert measured.ratio == pytest.approx(45 / measured.gamma_contrast_to_noise)
    assert measured.background_rise == 0


def test_the_unit_is_that_of_the_source():
    image, foreground, background = frame()
    counts = 100 + 2000 * image
    measured = fluorescence(counts + 20, counts, foreground, background)
    assert measured.background_rise == pytest.approx(0.01)
    assert measured.foreground == pytest.approx(0.26)


def test_a_dark_ring_is_negative():
    image, foreground, background = frame()
    image = np.where(foreground | (image == 0) | (image == 1), image, 0.05)
    ring = ring_round(foreground)
    out = np.where(ring, 0.02, image)
    measured = fluorescence(out, image, foreground, background)
    assert measured.ring == pytest.approx(-0.03)
    assert measured.source_ring == pytest.approx(0, abs=1e-9)


def test_ring_is_three_to_eight_pixels_away():
    mask = np.zeros((1, 30), bool)
    mask[0, 10] = True
    assert list(np.flatnonzero(ring_round(mask)[0])) == [*range(2, 8), *range(13, 19)]
    assert not ring_round(np.zeros((5, 5), bool)).any()


def test_empty_masks_give_nan():
    image, foreground, background = frame()
    nothing = np.zeros(image.shape, bool)
    measured = fluorescence(image, image, nothing, background)
    assert np.isnan([measured.foreground, measured.ratio, measured.ring]).all()
    assert measured.background == pytest.approx(0.05)
    measured = fluorescence(image, image, foreground, nothing)
    assert np.isnan([measured.background, measured.ratio, measured.noise]).all()
    assert measured.foreground == pytest.approx(0.25)


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_constant_or_nan_images_give_nan(value):
    image = np.full((12, 12), value)
    mask = np.zeros(image.shape, bool)
    mask[3:6] = True
    measured = fluorescence(image, image, mask, ~mask)
    assert np.isnan([measured.foreground, measured.contrast_to_noise, measured.ratio]).all()
    assert np.isnan(measured.rank_correlation)


def test_nan_pixels_do_not_count():
    image, foreground, background = frame()
    out = image.copy()
    out[12, 12] = out[31, 5] = np.nan
    measured = fluorescence(out, image, foreground, background)
    assert measured.ratio == pytest.approx(1, abs=0.01)
    assert measured.rank_correlation == pytest.approx(1)


def test_a_background_without_noise_has_infinite_contrast_to_noise():
    image = np.array([0.0, 0.0, 1.0, 1.0])
    foreground = image == 1
    assert contrast_to_noise(image, foreground, ~foreground) == np.inf


def test_matching_gamma():
    image = np.array([0.25, 0.25])
    everywhere = np.ones(2, bool)
    assert matching_gamma(image, everywhere, 0.5) == pytest.approx(0.5)
    assert matching_gamma(image, everywhere, 0.0625) == pytest.approx(2)
    assert np.isnan(matching_gamma(image, everywhere, 1.5))
    assert np.isnan(matching_gamma(image, ~everywhere, 0.5))
    assert np.isnan(matching_gamma(image, everywhere, np.nan))


def test_gamma_leaves_what_is_outside():
    assert list(with_gamma(np.array([-1.0, 0.0, 0.25, 1.0, 3.0]), 0.5)) == [-1, 0, 0.5, 1, 3]


def test_window_and_unit():
    image = np.arange(1001.0)
    assert window_of(image) == pytest.approx((1, 999))
    assert np.isnan(window_of(np.array([np.nan]))).all()
    assert list(unit(np.array([1, 500, 999], np.uint16), (1.0, 999.0))) == [0, 0.5, 1]
    assert np.isnan(unit(np.zeros(3), (0.0, 0.0))).all()


def test_rank_correlation():
    values = np.array([3.0, 1.0, 2.0])
    assert rank_correlation(values, values**3) == pytest.approx(1)
    assert rank_correlation(values, -values) == pytest.approx(-1)
    # Ranks 1, 2, 3 and 2, 1, 3: 1 - 6 * 2 / (3 * 8).
    assert rank_correlation(np.array([1, 2, 3]), np.array([2, 1, 3])) == pytest.approx(0.5)
    assert np.isnan(rank_correlation(values, np.ones(3)))
    assert np.isnan(rank_correlation(np.array([1.0]), np.array([1.0])))
