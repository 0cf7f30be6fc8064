"""Measures of photos, against answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from comparison.photos import (
    REC_601,
    edge_correlation,
    fidelity,
    grey,
    local_contrast,
    local_contrast_at,
    luminance,
    scaled_to,
    tint,
    trimmed_to,
)
from scipy.ndimage import gaussian_filter


def photo() -> np.ndarray:
    texture = gaussian_filter(np.random.default_rng(0).random((48, 64, 3)), (2, 2, 0))
    return ((texture - texture.min()) / np.ptp(texture) * 0.8 + 0.1).astype(np.float32)


def test_a_photo_is_itself():
    measured = fidelity(photo(), photo())
    assert measured.psnr == np.inf
    assert measured.ssim == pytest.approx(1)
    assert measured.edges == pytest.approx(1)


def test_scaling_undoes_a_factor():
    measured = fidelity(photo() / 2, photo())
    # The mean square of half the photo.
    assert measured.psnr == pytest.approx(-10 * np.log10(np.mean((photo() / 2) ** 2)), abs=1e-3)
    assert measured.scaled_psnr > 100
    assert measured.gt_mean_psnr > 100
    assert measured.scaled_ssim == pytest.approx(1)
    assert measured.brightness == pytest.approx(luminance(photo()).mean() / 2)


def test_blur_and_noise_lower_the_edges():
    blurred = gaussian_filter(photo(), (3, 3, 0))
    noisy = photo() + np.random.default_rng(1).normal(0, 0.2, photo().shape).astype(np.float32)
    assert fidelity(blurred, photo()).edges < 0.97
    assert fidelity(noisy, photo()).edges < 0.9


def test_weights_of_the_luminance():
    red = np.zeros((2, 2, 3), np.float32)
    red[..., 0] = 1
    assert luminance(red) == pytest.approx(0.2126)
    assert luminance(red, weights=REC_601) == pytest.approx(0.299)


def test_scaled_and_trimmed_have_the_mean():
    assert luminance(scaled_to(photo() / 3, photo())).mean() == pytest.approx(
        luminance(photo()).mean(), rel=1e-5
    )
    trimmed = trimmed_to(photo(), 0.3)
    assert luminance(trimmed).mean() == pytest.approx(0.3, rel=1e-5)
    assert trimmed[..., 0] / trimmed[..., 1] == pytest.approx(photo()[..., 0] / photo()[..., 1])


def test_tint():
    picture = photo()
    assert tint(grey(picture)) == 0
    picture = grey(picture)
    picture[..., 0] += 0.02
    assert tint(picture) == pytest.approx(0.02, rel=1e-4)


def test_local_contrast_of_a_checkerboard():
    board = np.where(np.indices((60, 60)).sum(0) % 2, 0.2, 0.6)
    assert local_contrast(board) == pytest.approx(0.2 / 0.4, rel=0.01)
    # A factor does not change it; a gamma to a mean of 0.25 does: 0.04 and 0.36 have 0.2.
    assert local_contrast(board / 2) == pytest.approx(local_contrast(board))
    assert local_contrast_at(board, 0.2) == pytest.approx(0.16 / 0.2, rel=0.01)


def test_degenerate_photos():
    black = np.zeros((32, 32, 3), np.float32)
    measured = fidelity(black, photo()[:32, :32])
    assert np.isfinite([measured.psnr, measured.ssim, measured.scaled_psnr]).all()
    assert np.isnan(measured.edges)
    assert local_contrast(black) == 0
    assert np.isnan(local_contrast_at(black, 0.5))
    assert np.isnan(edge_correlation(np.ones((9, 9)), np.eye(9)))
