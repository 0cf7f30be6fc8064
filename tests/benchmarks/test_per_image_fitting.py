"""The network that is fitted to each image brightens it, and is the same each time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from comparison.per_image_fitting import SIDE, fit_and_enhance, loss


def test_a_dark_plane_becomes_brighter_and_keeps_its_order():
    dark = np.linspace(0.02, 0.2, SIDE // 2)[None].repeat(40, 0)
    bright = fit_and_enhance(dark)
    assert (bright.shape, bright.dtype) == (dark.shape, np.float32)
    assert bright.mean() > 2 * dark.mean()
    assert 0 <= bright.min() <= bright.max() <= 1
    assert np.corrcoef(bright.ravel(), dark.ravel())[0, 1] > 0.9


def test_the_same_each_time():
    dark = np.random.default_rng(0).random((20, 30)) / 5
    assert np.array_equal(fit_and_enhance(dark, steps=3), fit_and_enhance(dark, steps=3))


@pytest.mark.parametrize("shape", [(1, 1), (7, 2), (SIDE + 1, 3), (20, 2 * SIDE + 3)])
def test_any_shape(shape):
    found = fit_and_enhance(np.full(shape, 0.1), steps=2)
    assert found.shape == shape
    assert np.isfinite(found).all()


def test_black():
    assert not fit_and_enhance(np.zeros((9, 9)), steps=2).any()


def test_loss_of_a_flat_image():
    brightness = torch.full((1, 1, 16, 16), 0.1)
    # Fidelity 0.15^2, no variation, exposure (sqrt(0.25) - 0.5)^2 = 0, sparsity 5 * 0.1 / 0.25.
    found = loss(torch.full((1, 1, 16, 16), 0.25), brightness)
    assert found.item() == pytest.approx(0.15**2 + 5 * 0.4, rel=1e-5)
