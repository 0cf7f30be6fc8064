"""Curves: by hand, fixed ends, monotone, in range, the same for every layout of the maps."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.core.curves import apply_curves

one_pixel_of_maps = st.lists(st.floats(-1, 1), min_size=1, max_size=8)


def one_pixel(*values):
    return torch.tensor(values, dtype=torch.float64)[None, :, None, None]


def same_everywhere(alphas, height, width):
    """Maps of shape (1, iterations, 1, height, width) that are flat."""
    maps = torch.tensor(alphas, dtype=torch.float64)[None, :, None, None, None]
    return maps.expand(-1, -1, 1, height, width)


@pytest.mark.parametrize(
    ("start", "alphas", "expected"),
    [
        (0.5, [1.0], 0.75),  # 0.5 + 1 * 0.5 * 0.5
        (0.5, [1.0, 1.0], 0.9375),  # 0.75 + 0.75 * 0.25
        (0.5, [-1.0], 0.25),  # darkens: x^2
        (0.2, [0.5, -0.5], 0.1792),  # 0.2 + 0.08 = 0.28; 0.28 - 0.5 * 0.28 * 0.72
        (0.2, [0.0] * 8, 0.2),
        (0.1, [1.0] * 8, 1 - 0.9**256),  # 1 - x is squared eight times
    ],
)
def test_by_hand(start, alphas, expected):
    curved = apply_curves(one_pixel(start), same_everywhere(alphas, 1, 1))
    assert curved.item() == pytest.approx(expected, abs=1e-15)


@given(one_pixel_of_maps)
def test_black_and_white_stay_exactly(alphas):
    ends = torch.tensor([0.0, 1.0])[None, None, None]
    assert torch.equal(apply_curves(ends, same_everywhere(alphas, 1, 2).float()), ends)


@given(one_pixel_of_maps)
def test_brighter_stays_brighter_and_nothing_leaves_the_range(alphas):
    ramp = torch.linspace(0, 1, 1001, dtype=torch.float64)[None, None, None]
    curved = apply_curves(ramp, same_everywhere(alphas, 1, 1001)).flatten()
    assert (curved.diff() > -1e-15).all()
    assert curved.min() >= 0
    assert curved.max() <= 1 + 1e-15


@given(one_pixel_of_maps)
def test_float32_stays_in_the_range_too(alphas):
    ramp = torch.linspace(0, 1, 1001)[None, None, None]
    curved = apply_curves(ramp, same_everywhere(alphas, 1, 1001).float())
    assert curved.min() >= 0
    assert curved.max() <= 1


def test_each_pixel_and_channel_has_its_own_curve():
    image = torch.full((1, 2, 1, 2), 0.5, dtype=torch.float64)
    alphas = torch.tensor([[[[1.0, 0.0]], [[-1.0, 0.4]]]], dtype=torch.float64)[None]
    expected = torch.tensor([[[[0.75, 0.5]], [[0.25, 0.6]]]], dtype=torch.float64)
    torch.testing.assert_close(apply_curves(image, alphas), expected)


def test_one_map_may_serve_all_iterations_and_channels():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((2, 3, 5, 7), generator=generator)
    single = torch.rand((2, 1, 1, 5, 7), generator=generator)
    repeated = single.expand(-1, 8, 3, -1, -1)
    copied = repeated.contiguous()
    assert torch.equal(apply_curves(image, repeated), apply_curves(image, copied))
    few = apply_curves(image, single.expand(-1, 8, -1, -1, -1))
    torch.testing.assert_close(few, apply_curves(image, copied), rtol=0, atol=1e-6)


def test_the_memory_layout_makes_no_difference():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((1, 3, 13, 17), generator=generator)
    alphas = torch.rand((1, 24, 13, 17), generator=generator) * 2 - 1
    expected = apply_curves(image, alphas.unflatten(1, (8, 3)))
    interleaved = alphas.contiguous(memory_format=torch.channels_last).unflatten(1, (8, 3))
    for layout in (torch.contiguous_format, torch.channels_last):
        curved = apply_curves(image.contiguous(memory_format=layout), interleaved)
        torch.testing.assert_close(curved, expected, rtol=0, atol=1e-6)


def test_a_strength_on_the_fly_is_that_of_multiplied_maps():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((1, 3, 13, 17), generator=generator)
    alphas = torch.rand((1, 8, 3, 13, 17), generator=generator) - 0.5
    for strength in (0.0, 0.3, 1.0, 1.7):
        curved = apply_curves(image, alphas, strength=strength)
        torch.testing.assert_close(
            curved, apply_curves(image, alphas * strength), rtol=0, atol=1e-6
        )
    assert torch.equal(apply_curves(image, alphas, strength=0), image)


def test_no_iterations_change_nothing():
    image = torch.rand(1, 3, 2, 2)
    assert torch.equal(apply_curves(image, torch.empty(1, 0, 3, 2, 2)), image)


def test_nothing_is_written_to_the_input():
    image, alphas = torch.rand(1, 3, 4, 4), torch.rand(1, 8, 3, 4, 4)
    before = image.clone(), alphas.clone()
    apply_curves(image, alphas)
    assert torch.equal(image, before[0])
    assert torch.equal(alphas, before[1])


def test_gradients_reach_image_and_maps():
    image = torch.rand((1, 1, 2, 2), dtype=torch.float64, requires_grad=True)
    alphas = (torch.rand((1, 3, 1, 2, 2), dtype=torch.float64) * 2 - 1).requires_grad_()
    assert torch.autograd.gradcheck(apply_curves, (image, alphas))
