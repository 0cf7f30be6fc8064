"""GAN losses: values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from napari_zerodce.core.translators.gan_losses import gan_loss

JUDGED = torch.tensor([[0.0, 2.0]], dtype=torch.float64)


def test_lsgan_is_the_squared_distance() -> None:
    assert float(gan_loss(JUDGED, real=True, mode="lsgan")) == pytest.approx((1 + 1) / 2)
    assert float(gan_loss(JUDGED, real=False, mode="lsgan")) == pytest.approx((0 + 4) / 2)


def test_vanilla_is_the_cross_entropy_of_logits() -> None:
    real = (math.log(2) + math.log(1 + math.exp(-2))) / 2
    made = (math.log(2) + math.log(1 + math.exp(2))) / 2
    assert float(gan_loss(JUDGED, real=True, mode="vanilla")) == pytest.approx(real)
    assert float(gan_loss(JUDGED, real=False, mode="vanilla")) == pytest.approx(made)
