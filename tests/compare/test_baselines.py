"""The baselines: answers by hand, scikit-image's own, and images without contrast."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.color import rgb2hsv
from skimage.exposure import equalize_adapthist

from napari_zerodce.compare.baselines import (
    TARGET_BRIGHTNESS,
    apply_baseline,
    clahe,
    exponent_for,
    match_histogram,
    match_mean_std,
)
from napari_zerodce.compare.candidates import ALL_BASELINES, BaselineCandidate
from napari_zerodce.errors import RequestError


def unit(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def test_gamma_is_a_power() -> None:
    changed, about = apply_baseline(BaselineCandidate("gamma", 0.5), np.array([[0.25, 1.0]]), None)
    np.testing.assert_allclose(changed, [[0.5, 1]])
    assert about == "exponent 0.5"


def test_gamma_gives_the_target_brightness() -> None:
    dark = unit(20, 30) ** 4
    changed, _ = apply_baseline(BaselineCandidate("gamma"), dark, None)
    assert changed.mean() == pytest.approx(TARGET_BRIGHTNESS, abs=1e-4)


def test_exponent_of_equal_samples_is_known() -> None:
    assert exponent_for(np.full((2, 2), 0.16)) == pytest.approx(math.log(0.4) / math.log(0.16))


def test_black_and_white_do_not_count_for_the_exponent() -> None:
    grey = np.full((5, 5), 0.16)
    framed = np.pad(grey, 3)
    framed[0] = 1
    assert exponent_for(framed) == pytest.approx(exponent_for(grey))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_gamma_keeps_an_image_that_it_cannot_change(value: float) -> None:
    assert exponent_for(np.full((2, 2), value)) == 1


@pytest.mark.parametrize(("value", "exponent"), [(1e-30, 0.05), (1 - 1e-9, 20)])
def test_exponent_stays_in_its_range(value: float, exponent: float) -> None:
    assert exponent_for(np.full((2, 2), value)) == exponent


def test_clahe_is_that_of_scikit_image() -> None:
    grey = unit(40, 50)
    np.testing.assert_array_equal(clahe(grey), equalize_adapthist(grey))


def test_clahe_keeps_hue_and_saturation() -> None:
    colours = unit(40, 50, 3) * 0.5 + 0.1
    before, after = rgb2hsv(colours), rgb2hsv(clahe(colours))
    seen = after[..., 2] > 0  # black has no hue
    np.testing.assert_allclose(after[seen, :2], before[seen, :2], atol=1e-3)
    assert np.abs(after[..., 2] - before[..., 2]).max() > 0.1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (6, 5), (6, 5, 3)])
@pytest.mark.parametrize("candidate", ALL_BASELINES, ids=lambda each: each.name)
def test_small_and_constant_images_stay_finite(candidate, shape) -> None:
    for image in (np.full(shape, 0.3, np.float32), unit(*shape)):
        changed, _ = apply_baseline(candidate, image, unit(7, 8, *shape[2:]))
        assert changed.shape == shape
        assert np.isfinite(changed).all()
        assert changed.min() >= -1e-6
        assert changed.max() <= 1 + 1e-6


def test_matching_sorts_the_reference_into_the_order_of_the_image() -> None:
    image, reference = unit(6, 7), unit(6, 7, seed=1) ** 2
    matched = match_histogram(image, reference)
    np.testing.assert_allclose(np.sort(matched, axis=None), np.sort(reference, axis=None))
    np.testing.assert_array_equal(np.argsort(matched, axis=None), np.argsort(image, axis=None))


def test_colours_are_matched_one_by_one() -> None:
    image, reference = unit(6, 7, 3), unit(6, 7, 3, seed=1)
    for match in (match_histogram, match_mean_std):
        matched = match(image, reference)
        for colour in range(3):
            alone = match(image[..., colour], reference[..., colour])
            np.testing.assert_allclose(matched[..., colour], alone, atol=1e-6)


def test_mean_and_deviation_become_those_of_the_reference() -> None:
    image = np.array([[0.1, 0.3]])  # 0.2 +- 0.1
    reference = np.array([[0.4, 0.8], [0.4, 0.8]])  # 0.6 +- 0.2
    np.testing.assert_allclose(match_mean_std(image, reference), [[0.4, 0.8]])


def test_matched_values_are_clipped() -> None:
    matched = match_mean_std(np.array([[0.0, 0.0, 0.0, 1.0]]), np.array([[0.9, 1.0]]))
    assert matched.max() == 1


@pytest.mark.parametrize("name", ["histogram", "mean-std"])
def test_matching_says_what_it_needs(name) -> None:
    candidate = BaselineCandidate(name)
    with pytest.raises(RequestError, match="there is none; choose one"):
        apply_baseline(candidate, unit(5, 5), None)
    with pytest.raises(RequestError, match="in colour and the reference is mono"):
        apply_baseline(candidate, unit(5, 5, 3), unit(5, 5))
