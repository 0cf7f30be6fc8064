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
    RECEPTIVE_RADIUS,
    ZeroDCE,
    ZeroDCEPlusPlus,
    enlarge_maps,
    middle_pixels,
    stretch_maps,
    thumbnail,
)

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


@pytest.mark.parametrize(
    ("length", "scale_factor", "expected"),
    [
        (24, 12, ([5, 17], [6, 18])),
        (35, 12, ([5, 17], [6, 18])),  # 11 pixels fill no block
        (9, 3, ([1, 4, 7], [1, 4, 7])),
        (5, 1, ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])),
        (7, 12, ([3], [3])),
        (4, 12, ([1], [2])),
        (1, 12, ([0], [0])),
    ],
)
def test_middle_pixels_of_blocks(length, scale_factor, expected):
    pixels = list(range(length))
    assert tuple(pixels[part] for part in middle_pixels(length, scale_factor)) == expected


@pytest.mark.parametrize(("height", "width"), [(24, 36), (25, 47), (12, 12)])
@pytest.mark.parametrize("scale_factor", [1, 2, 3, 4, 12])
def test_a_thumbnail_is_torchs_bilinear_one(height, width, scale_factor):
    image = image_by_formula(height, width)
    rows, columns = height // scale_factor, width // scale_factor
    expected = torch.nn.functional.interpolate(
        image[..., : rows * scale_factor, : columns * scale_factor],
        size=(rows, columns),
        mode="bilinear",
        align_corners=False,
    )
    torch.testing.assert_close(thumbnail(image, scale_factor), expected, rtol=0, atol=1e-6)


def test_enlarged_maps_are_torchs_with_aligned_corners():
    maps = image_by_formula(5, 7)
    expected = torch.nn.functional.interpolate(
        maps, scale_factor=12, mode="bilinear", align_corners=True
    )
    enlarged = enlarge_maps(maps, 12, rows=(0, 60), columns=(0, 84))
    torch.testing.assert_close(enlarged, expected, rtol=0, atol=1e-6)


def test_enlarged_by_hand():
    # Two map pixels on four image pixels, corners aligned: thirds in between, then the edge.
    maps = torch.tensor([[[[0.0, 0.6]]]])
    enlarged = enlarge_maps(maps, 2, rows=(0, 1), columns=(0, 6))
    expected = torch.tensor([[[[0.0, 0.2, 0.4, 0.6, 0.6, 0.6]]]])
    torch.testing.assert_close(enlarged, expected)


@pytest.mark.parametrize(
    ("rows", "columns"), [((0, 1), (0, 1)), ((37, 60), (5, 84)), ((59, 65), (80, 90))]
)
def test_a_region_enlarged_alone_is_that_region_of_the_whole(rows, columns):
    maps = image_by_formula(5, 7)
    whole = enlarge_maps(maps, 12, rows=(0, 65), columns=(0, 90))
    region = enlarge_maps(maps, 12, rows=rows, columns=columns)
    torch.testing.assert_close(region, whole[..., slice(*rows), slice(*columns)], rtol=0, atol=0)


def test_places_are_exact_far_from_the_corner():
    # A ramp over a million pixels: float32 places would be off by whole pixels of the image there.
    size, scale = 100_000, 12
    ramp = torch.arange(size, dtype=torch.float64)[None, None, None]
    last = size * scale - 1
    value = enlarge_maps(ramp, scale, rows=(0, 1), columns=(last - 1, last + 1))[0, 0, 0]
    expected = torch.tensor([(last - 1) * (size - 1) / last, size - 1.0], dtype=torch.float64)
    torch.testing.assert_close(value, expected, rtol=0, atol=1e-9)


def test_stretched_by_hand():
    # The middles of four pixels lie at 1/8, 3/8, 5/8 and 7/8, those of two map pixels at 1/4, 3/4.
    maps = torch.tensor([[[[0.0, 0.8]]]])
    stretched = stretch_maps(maps, (1, 4), rows=(0, 1), columns=(0, 4))
    torch.testing.assert_close(stretched, torch.tensor([[[[0.0, 0.2, 0.6, 0.8]]]]))
    single = stretch_maps(maps[..., :1] + 0.5, (3, 3), rows=(0, 3), columns=(1, 3))
    torch.testing.assert_close(single, torch.full((1, 1, 3, 2), 0.5))


def test_a_stretched_part_is_that_part_of_the_whole():
    maps = image_by_formula(5, 7)
    whole = stretch_maps(maps, (40, 60), rows=(0, 40), columns=(0, 60))
    region = stretch_maps(maps, (40, 60), rows=(3, 21), columns=(7, 60))
    torch.testing.assert_close(region, whole[..., 3:21, 7:60], rtol=0, atol=0)
    spans = ((0.25, 0.75), (0.5, 1.0))  # an image that shows these rows and columns only
    part = stretch_maps(maps, (20, 30), rows=(0, 20), columns=(0, 30), spans=spans)
    torch.testing.assert_close(part, whole[..., 10:30, 30:60])
