"""First weights: their deviations and biases."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from napari_zerodce.core.translators.discriminators import PatchDiscriminator
from napari_zerodce.core.translators.initialise import initialise


def test_normal_weights_and_zero_biases() -> None:
    torch.manual_seed(0)
    network = PatchDiscriminator(3, features=32, norm="batch", antialias=True)
    before = network.model[2].filt.clone()
    initialise(network, "normal")
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert float(convolutions[2].weight.detach().std()) == pytest.approx(0.02, rel=0.02)
    assert all(not layer.bias.any() for layer in convolutions if layer.bias is not None)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    weights = torch.cat([layer.weight.detach() for layer in norms])
    assert float(weights.mean()) == pytest.approx(1, abs=0.005)
    assert float(weights.std()) == pytest.approx(0.02, rel=0.1)
    assert torch.equal(network.model[2].filt, before), "fixed blurs stay"


def test_xavier_is_scaled_by_the_gain() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(32, 64, 3)
    initialise(layer, "xavier")
    expected = 0.02 * math.sqrt(2 / (9 * 32 + 9 * 64))
    assert float(layer.weight.detach().std()) == pytest.approx(expected, rel=0.02)
