"""The base is He et al.'s guided filter, and detail never comes out stronger than the limit."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.detail import (
    BASE_EPSILON,
    BASE_HALO,
    BASE_RADIUS,
    edge_preserving_base,
    limit_detail_gain,
)

SHAPES = [(1, 1), (1, 12), (9, 1), (2, 3), (5, 5), (13, 20)]


def random_image(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def windows(length, place):
    return range(max(0, place - BASE_RADIUS), min(length, place + BASE_RADIUS + 1))


def guided_filter_by_loops(plane):
    """He et al. 2010, equations 5, 6 and 8 with p = I, window by window; `plane` is (H, W)."""
    height, width = plane.shape
    a, b, filtered = (torch.empty_like(plane) for _ in range(3))
    for row in range(height):
        for column in range(width):
            values = torch.stack(
                [plane[r, c] for r in windows(height, row) for c in windows(width, column)]
            )
            mean, variance = values.mean(), values.var(correction=0)
            a[row, column] = variance / (variance + BASE_EPSILON)
            b[row, column] = (1 - a[row, column]) * mean
    for row in range(height):
        for column in range(width):
            around = [(r, c) for r in windows(height, row) for c in windows(width, column)]
            mean_a = sum(a[place] for place in around) / len(around)
            mean_b = sum(b[place] for place in around) / len(around)
            filtered[row, column] = mean_a * plane[row, column] + mean_b
    return filtered


@pytest.mark.parametrize("contrast", [1.0, 0.02])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_base_is_that_of_the_paper(shape, contrast):
    image = 0.3 + contrast * (random_image(1, 2, *shape) - 0.3)
    base = edge_preserving_base(image)
    for channel in range(2):
        expected = guided_filter_by_loops(image[0, channel])
        torch.testing.assert_close(base[0, channel], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, 0.7, 1.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_base_of_a_constant_image_is_itself(shape, value):
    image = torch.full((1, 1, *shape), value)
    base = edge_preserving_base(image)
    torch.testing.assert_close(base, image, rtol=0, atol=1e-6)
    assert 0 <= base.min() <= base.max() <= 1


def test_edges_stay_and_faint_noise_goes():
    step = torch.zeros(1, 1, 40, 40, dtype=torch.float64)
    step[..., 20:] = 0.8
    noise = 0.004 * (random_image(1, 1, 40, 40) - 0.5)
    base = edge_preserving_base(step + 0.1 + noise)
    assert (base[..., 20] - base[..., 19]).min() > 0.78
    far = (..., slice(0, 10))
    assert base[far].std() < 0.3 * noise[far].std()


def test_the_base_sees_as_far_as_its_halo_and_no_farther():
    image = random_image(1, 1, 40, 40) * 0.02
    changed = image.clone()
    changed[..., 20, 20] += 0.5
    seen = (edge_preserving_base(changed) - edge_preserving_base(image))[0, 0].abs() > 1e-9
    rows, columns = seen.nonzero(as_tuple=True)
    assert (rows.min(), rows.max()) == (20 - BASE_HALO, 20 + BASE_HALO)
    assert (columns.min(), columns.max()) == (20 - BASE_HALO, 20 + BASE_HALO)


# ---- the limit


def curved_pair(seed=0):
    """x, b, f(x), f(b) of a random image with random, flat curves, float32."""
    image = random_image(1, 3, 20, 30, seed=seed).float() ** 3
    base = edge_preserving_base(image)
    alphas = (random_image(1, 8, 3, 20, 30, seed=seed + 1) * 2 - 1).float()
    return image, base, apply_curves(image, alphas), apply_curves(base, alphas)


@pytest.mark.parametrize(
    ("x", "base", "curved", "curved_base", "limit", "expected"),
    [
        (0.3, 0.2, 0.7, 0.5, 1.5, 0.65),  # detail 0.1 became 0.2; 0.15 is allowed
        (0.3, 0.2, 0.7, 0.5, 3.0, 0.7),  # 0.3 would be allowed
        (0.1, 0.2, 0.3, 0.5, 1.0, 0.4),  # dark detail alike
        (0.3, 0.2, 0.52, 0.5, 1.0, 0.52),  # where the curve is gentle, nothing is done
        (0.2, 0.2, 0.5, 0.5, 2.0, 0.5),  # no detail
        (0.3, 0.2, 0.7, 0.5, 0.0, 0.5),
    ],
)
def test_the_limit_by_hand(x, base, curved, curved_base, limit, expected):
    pixels = (torch.full((1, 1, 1, 1), value) for value in (x, base, curved, curved_base))
    assert limit_detail_gain(*pixels, limit).item() == pytest.approx(expected, abs=1e-7)


@given(st.floats(0, 300), st.integers(0, 20))
def test_never_beyond_what_base_and_pixel_would_be_and_never_over_the_limit(limit, seed):
    image, base, curved, curved_base = curved_pair(seed)
    limited = limit_detail_gain(image, base, curved, curved_base, limit)
    assert (limited >= torch.minimum(curved, curved_base)).all()
    assert (limited <= torch.maximum(curved, curved_base)).all()
    gained = (limited - curved_base).abs()
    assert (gained <= limit * (image - base).abs() + 2e-7).all()


@pytest.mark.parametrize("limit", [1e4, 1e30, 1e300])
def test_a_huge_limit_is_no_limit_bit_for_bit(limit):
    image, base, curved, curved_base = curved_pair()
    base[0, 0, :5], curved_base[0, 0, :5] = image[0, 0, :5], curved[0, 0, :5]  # no detail at all
    assert torch.equal(limit_detail_gain(image, base, curved, curved_base, limit), curved)


def test_limit_zero_is_the_base_enhanced_bit_for_bit():
    image, base, curved, curved_base = curved_pair()
    assert torch.equal(limit_detail_gain(image, base, curved, curved_base, 0), curved_base)


def test_a_smaller_limit_leaves_less():
    image, base, curved, curved_base = curved_pair()
    left = [
        (limit_detail_gain(image, base, curved, curved_base, limit) - curved_base).abs()
        for limit in (0.5, 1, 2, 4)
    ]
    for less, more in pairwise(left):
        assert (less <= more + 1e-7).all()
        assert less.sum() < more.sum()


def test_nothing_is_written_to_the_input():
    given_ = curved_pair()
    before = [tensor.clone() for tensor in given_]
    limit_detail_gain(*given_, 1.5)
    edge_preserving_base(given_[0])
    assert all(torch.equal(*pair) for pair in zip(given_, before, strict=True))
