"""The figures: known noise, known errors, inverted and constant images."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from napari_zerodce.compare.columns import ALL_COLUMNS, COLUMNS, MISSING, SECONDS
from napari_zerodce.compare.figures import Figures, measure, noise_deviation, psnr, ssim


def ramp(*shape):
    return np.linspace(0.2, 0.6, math.prod(shape), dtype=np.float32).reshape(shape)


def noise(*shape, deviation=0.05, seed=0):
    return np.random.default_rng(seed).normal(0, deviation, shape).astype(np.float32)


@pytest.mark.parametrize("deviation", [0.01, 0.05])
def test_noise_on_a_slope_is_found(deviation: float) -> None:
    noisy = ramp(200, 200) + noise(200, 200, deviation=deviation)
    assert noise_deviation(noisy) == pytest.approx(deviation, rel=0.03)


def test_few_edges_and_flat_areas_do_not_count_as_noise() -> None:
    noisy = ramp(200, 200) + noise(200, 200)
    noisy[:, 90:110] += 0.4
    noisy[:60] = 0
    assert noise_deviation(noisy) == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize("shape", [(1, 1), (2, 50), (30, 30)])
def test_no_noise(shape) -> None:
    assert noise_deviation(np.full(shape, 0.5, np.float32)) == 0


def test_figures_of_the_source_itself() -> None:
    image = ramp(20, 30)
    figures = measure(image, image)
    assert figures.brightness == pytest.approx(0.4)
    assert figures.rank_correlation == pytest.approx(1)
    assert figures.ssim is figures.psnr is None


def test_inverted_image_has_a_rank_correlation_of_minus_one() -> None:
    image = ramp(20, 30)
    assert measure(1 - image, image).rank_correlation == pytest.approx(-1)


def test_colours_count_one_by_one_and_constant_ones_not_for_the_order() -> None:
    source = np.stack([ramp(20, 30), ramp(20, 30), np.zeros((20, 30), np.float32)], axis=-1)
    changed = source.copy()
    changed[..., 0] = 1 - changed[..., 0]
    figures = measure(changed, source)
    assert figures.rank_correlation == pytest.approx(0, abs=1e-6)  # -1, 1 and undefined
    assert figures.brightness == pytest.approx((0.6 + 0.4 + 0) / 3)


def test_constant_image_has_no_rank_correlation() -> None:
    assert math.isnan(measure(np.zeros((5, 5)), np.zeros((5, 5))).rank_correlation)


def test_psnr_by_hand() -> None:
    image = ramp(20, 30)
    assert psnr(image + 0.1, image) == pytest.approx(20, abs=1e-4)  # 10 log10(1 / 0.01)
    assert psnr(image, image) == math.inf


def test_ssim_is_1_for_equal_images_and_falls_with_noise() -> None:
    image = ramp(20, 30)
    assert ssim(image, image) == pytest.approx(1)
    assert ssim(image + noise(20, 30), image) < 0.9


def test_ssim_of_colours_is_that_of_scikit_image() -> None:
    image, other = ramp(20, 30, 3), ramp(20, 30, 3) + noise(20, 30, 3)
    expected = structural_similarity(
        image, other, data_range=1, gaussian_weights=True, use_sample_covariance=False,
        channel_axis=-1,
    )  # fmt: skip
    assert measure(other, image, image).ssim == pytest.approx(expected)


def test_ssim_needs_its_window() -> None:
    assert math.isnan(ssim(ramp(10, 40), ramp(10, 40)))


def test_large_images_give_the_same_rank_correlation_from_some_pixels() -> None:
    source = noise(1200, 1100)
    changed = source + noise(1200, 1100, seed=1)
    # Spearman's for two normal variables of correlation r: 6 / pi asin(r / 2)
    expected = 6 / math.pi * math.asin(math.sqrt(0.5) / 2)
    assert measure(changed, source).rank_correlation == pytest.approx(expected, abs=0.003)


def test_every_figure_has_a_column() -> None:
    assert [column.name for column in COLUMNS] == list(Figures.__dataclass_fields__)
    assert ALL_COLUMNS[-1] is SECONDS


@pytest.mark.parametrize(
    ("value", "text"), [(12.345, "12.35"), (None, MISSING), (math.nan, MISSING), (math.inf, "∞")]
)
def test_text_of_a_figure(value, text) -> None:
    assert next(each for each in COLUMNS if each.name == "psnr").text(value) == text
