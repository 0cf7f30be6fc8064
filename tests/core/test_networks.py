"""The estimators compute what the published networks compute, at any size and scale factor.

The recorded numbers come from the authors' published model files, evaluated once in float64 with
the weights and images that the formulas below give: no random generator has to stay as it is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.networks import (
    ITERATIONS,
    ZeroDCE,
    ZeroDCEPlusPlus,
)
from napari_zerodce.core.thumbnails import RECEPTIVE_RADIUS

RECORDED = Path(__file__).parent / "data" / "published_arithmetic.npz"
TOLERANCE = 1e-5

# Scale factor: height and width; none is a multiple, and the published code crops to one.
SIZES = {1: (9, 13), 2: (13, 17), 3: (14, 20), 5: (17, 28), 12: (30, 41), 37: (40, 80)}


def weights_by_formula(shapes):
    """Weights that keep all layers alive."""
    weights, first = {}, 0
    for name, shape in shapes.items():
        count = int(np.prod(shape))
        # The digits after the fourth of a sine: as irregular as drawn numbers.
        numbers = np.sin(np.arange(first, first + count, dtype=np.float64) * 12.9898) * 43758.5453
        numbers = 2 * (numbers - np.floor(numbers)) - 1
        first += count
        spread = 0.1 if name.endswith("bias") else 2.4 / np.sqrt(np.prod(shape[1:]))
        weights[name] = torch.from_numpy((spread * numbers).reshape(shape).astype(np.float32))
    return weights


def image_by_formula(height, width):
    """A smooth image with structure of its own in each channel, shape (1, 3, height, width)."""
    channel, row, column = np.mgrid[:3, :height, :width].astype(np.float64)
    waves = np.sin(0.41 * row + channel) * np.cos(0.29 * column - 0.7 * channel)
    return torch.from_numpy((0.35 + 0.3 * waves).astype(np.float32))[None]


def with_formula_weights(network):
    network.load_state_dict(
        weights_by_formula({name: tuple(w.shape) for name, w in network.state_dict().items()})
    )
    return network.requires_grad_(requires_grad=False)


def of_large_images_every_third_pixel(image):
    """Keeps the recorded file small; 37 rows and 74 columns end with a pixel that is kept."""
    return image[:, ::3, 1::3] if image.shape[-1] > 40 else image


@pytest.fixture(scope="module")
def recorded():
    with np.load(RECORDED) as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


def test_zero_dce_maps_and_image_are_the_published_ones(recorded):
    image = image_by_formula(11, 14)
    alphas = with_formula_weights(ZeroDCE())(image)
    maps = -alphas.flatten(1, 2)[0, :, ::2, ::3]  # theirs have the other sign
    assert maps.std() > 0.2  # the test would see nothing in flat maps
    torch.testing.assert_close(maps, recorded["zero_dce_maps"], rtol=0, atol=TOLERANCE)
    enhanced = apply_curves(image, alphas)[0]
    torch.testing.assert_close(enhanced, recorded["zero_dce_image"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("scale_factor", SIZES)
def test_zero_dce_pp_is_the_published_one_where_that_exists(recorded, scale_factor):
    height, width = SIZES[scale_factor]
    image = image_by_formula(height, width)
    alphas = with_formula_weights(ZeroDCEPlusPlus(scale_factor))(image)
    enhanced = apply_curves(image, alphas)
    assert 0.05 < alphas.std() < 0.8  # the test would see little in flat or saturated maps
    assert alphas.shape == (1, ITERATIONS, 3, height, width)  # no border pixel is lost
    assert torch.isfinite(enhanced).all()

    rows, columns = (side // scale_factor * scale_factor for side in (height, width))
    region = of_large_images_every_third_pixel(enhanced[0, :, :rows, :columns])
    expected = recorded[f"zero_dce_pp_{scale_factor}_image"]
    torch.testing.assert_close(region, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("scale_factor", [2, 3, 5, 12, 37])
def test_pixels_beyond_the_last_whole_block_have_the_curves_of_its_edge(scale_factor):
    height, width = SIZES[scale_factor]
    alphas = with_formula_weights(ZeroDCEPlusPlus(scale_factor))(image_by_formula(height, width))
    rows, columns = (side // scale_factor * scale_factor for side in (height, width))
    edge = alphas[..., rows - 1 : rows, :].expand_as(alphas[..., rows:, :])
    torch.testing.assert_close(alphas[..., rows:, :], edge, rtol=0, atol=0)
    edge = alphas[..., columns - 1 : columns].expand_as(alphas[..., columns:])
    torch.testing.assert_close(alphas[..., columns:], edge, rtol=0, atol=0)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 30), (30, 1), (5, 7), (11, 11), (12, 5)])
@pytest.mark.parametrize("scale_factor", [1, 2, 12, 1000])
def test_any_size_and_scale_factor_give_maps_for_every_pixel(height, width, scale_factor):
    alphas = with_formula_weights(ZeroDCEPlusPlus(scale_factor))(image_by_formula(height, width))
    assert alphas.shape == (1, ITERATIONS, 3, height, width)
    assert (alphas.abs() <= 1).all()


def test_an_image_smaller_than_a_block_gets_one_map():
    alphas = with_formula_weights(ZeroDCEPlusPlus(12))(image_by_formula(7, 11))
    assert (alphas == alphas[..., :1, :1]).all()


@pytest.mark.parametrize("network", [ZeroDCE(), ZeroDCEPlusPlus(1), ZeroDCEPlusPlus(12)])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 9), (25, 38)])
def test_maps_have_one_shape_for_both_networks(network, height, width):
    maps = network(torch.rand(2, 3, height, width))
    assert maps.shape == (2, 8, 3, height, width)


@pytest.mark.parametrize(("network", "count"), [(ZeroDCE(), 79_416), (ZeroDCEPlusPlus(), 10_561)])
def test_parameters_are_as_many_as_the_papers_say(network, count):
    assert sum(weight.numel() for weight in network.parameters()) == count


def test_names_of_weights_are_the_published_ones():
    layers = [f"e_conv{number}" for number in range(1, 8)]
    plain = [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]
    assert list(ZeroDCE().state_dict()) == plain
    separable = [
        f"{layer}.{part}.{kind}"
        for layer in layers
        for part in ("depth_conv", "point_conv")
        for kind in ("weight", "bias")
    ]
    assert list(ZeroDCEPlusPlus().state_dict()) == separable


def test_a_pixel_is_seen_from_seven_pixels_away_and_no_further():
    network = with_formula_weights(ZeroDCE()).double()
    image = image_by_formula(1, 33).double()
    changed = image.clone()
    changed[..., 16] += 0.1
    difference = (network(image) - network(changed)).abs().amax(dim=(0, 1, 2, 3))
    seen = difference > 1e-15
    assert seen.nonzero().flatten().tolist() == list(
        range(16 - RECEPTIVE_RADIUS, 16 + RECEPTIVE_RADIUS + 1)
    )


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_networks_can_be_trained(layout):
    for network in (ZeroDCE(), ZeroDCEPlusPlus(1), ZeroDCEPlusPlus(3)):
        with_formula_weights(network).requires_grad_().to(memory_format=layout)
        network(image_by_formula(8, 9)).square().mean().backward()
        gradients = [weight.grad for weight in network.parameters()]
        assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients)
