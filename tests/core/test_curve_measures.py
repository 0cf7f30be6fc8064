"""What is derived from curves: adjusted maps, steps, gains, slopes, the way back, exposure."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.core.curves import (
    adjust_alphas,
    apply_curves,
    curve_gains,
    curve_slopes,
    curve_steps,
    exposure_slope,
    invert_curves,
    trim_exposure,
)

one_pixel_of_maps = st.lists(st.floats(-1, 1), min_size=1, max_size=8)
stops = st.floats(-4, 4)
ENDS = torch.tensor([0.0, 1.0])


def random_image(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def random_maps(*shape, seed=1):
    return random_image(*shape, seed=seed) * 2 - 1


def flat_maps(alphas, dtype=torch.float64):
    return torch.tensor(alphas, dtype=dtype)[None, :, None, None, None]


def one_pixel(value):
    return torch.tensor(value, dtype=torch.float64).reshape(1, 1, 1, 1)


# ---- adjusted maps


def test_strength_multiplies_and_holds_the_maps_by_hand():
    alphas = flat_maps([0.25, -0.5, 0.75, -1.0, 0.0])
    weaker = adjust_alphas(alphas, strength=0.5).flatten().tolist()
    assert weaker == [0.125, -0.25, 0.375, -0.5, 0.0]
    stronger = adjust_alphas(alphas, strength=2.0).flatten().tolist()
    assert stronger == [0.5, -1.0, 1.0, -1.0, 0.0]


def test_strength_one_is_the_very_same_numbers():
    alphas = random_maps(1, 8, 3, 2, 2)
    assert torch.equal(adjust_alphas(alphas), alphas)
    assert adjust_alphas(alphas).data_ptr() == alphas.data_ptr()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_strength_zero_is_the_image_bit_for_bit(dtype):
    image = random_image(2, 3, 9, 7).to(dtype)
    nothing = adjust_alphas(random_maps(2, 8, 3, 9, 7).to(dtype), strength=0)
    assert torch.equal(apply_curves(image, nothing), image)


@pytest.mark.parametrize("iterations", range(1, 9))
def test_fewer_iterations_are_the_first_maps(iterations):
    image, alphas = random_image(1, 3, 4, 5), random_maps(1, 8, 3, 4, 5)
    adjusted = adjust_alphas(alphas, iterations=iterations)
    expected = image
    for alpha in alphas[0, :iterations]:
        expected = expected + alpha * expected * (1 - expected)
    torch.testing.assert_close(apply_curves(image, adjusted), expected, rtol=0, atol=1e-15)


def test_one_map_for_all_iterations_is_not_copied():
    single = random_maps(1, 1, 3, 4, 5)
    adjusted = adjust_alphas(single.expand(-1, 8, -1, -1, -1), strength=1.5, iterations=5)
    assert adjusted.shape == (1, 5, 3, 4, 5)
    assert adjusted.stride(1) == 0
    copied = single.expand(-1, 8, -1, -1, -1).contiguous()
    assert torch.equal(adjusted, adjust_alphas(copied, strength=1.5, iterations=5))


def test_adjusting_writes_nothing_to_the_maps():
    alphas = random_maps(1, 8, 1, 2, 2)
    before = alphas.clone()
    adjust_alphas(alphas, strength=2, iterations=3)
    assert torch.equal(alphas, before)


@given(one_pixel_of_maps, st.floats(0, 2), st.integers(1, 8))
def test_any_strength_stays_monotone_and_in_range(alphas, strength, iterations):
    adjusted = adjust_alphas(flat_maps(alphas), strength=strength, iterations=iterations)
    ramp = torch.linspace(0, 1, 1001, dtype=torch.float64)[None, None, None]
    curved = apply_curves(ramp, adjusted).flatten()
    assert (curved.diff() > -1e-15).all()
    assert curved[0] == 0
    assert curved[-1] == 1


# ---- steps, gains, slopes


def test_steps_by_hand():
    steps = curve_steps(one_pixel(0.2), flat_maps([0.5, -0.5])).flatten().tolist()
    assert steps == pytest.approx([0.28, 0.1792], abs=1e-15)  # 0.28 - 0.5 * 0.28 * 0.72


def test_each_step_is_what_so_many_iterations_give():
    image, alphas = random_image(2, 3, 4, 5), random_maps(2, 8, 3, 4, 5)
    steps = curve_steps(image, alphas)
    assert steps.shape == (2, 8, 3, 4, 5)
    for count in range(1, 9):
        assert torch.equal(steps[:, count - 1], apply_curves(image, alphas[:, :count]))


def test_gains_by_hand():
    # 1 + 0.5 * 0.8 = 1.4 and then 1 - 0.5 * 0.72 = 0.64.
    gains = curve_gains(one_pixel(0.2), flat_maps([0.5, -0.5])).flatten().tolist()
    assert gains == pytest.approx([1.4, 1.4 * 0.64], abs=1e-15)
    black = curve_gains(one_pixel(0.0), flat_maps([1.0] * 8)).flatten().tolist()
    assert black == [2.0**n for n in range(1, 9)]
    white = curve_gains(one_pixel(1.0), flat_maps([1.0, -1.0])).flatten().tolist()
    assert white == [1.0, 1.0]
    darkest = curve_gains(one_pixel(0.0), flat_maps([-1.0, 1.0])).flatten().tolist()
    assert darkest == [0.0, 0.0]


def test_gains_are_the_division():
    image, alphas = random_image(2, 3, 6, 7) * 0.999 + 0.001, random_maps(2, 8, 3, 6, 7)
    divided = curve_steps(image, alphas) / image[:, None]
    torch.testing.assert_close(curve_gains(image, alphas), divided, rtol=1e-12, atol=1e-13)


def test_slopes_by_hand():
    # 1 + 0.5 * 0.6 = 1.3, and at 0.28 then 1 - 0.5 * 0.44 = 0.78.
    slopes = curve_slopes(one_pixel(0.2), flat_maps([0.5, -0.5])).flatten().tolist()
    assert slopes == pytest.approx([1.3, 1.3 * 0.78], abs=1e-15)
    assert curve_slopes(one_pixel(0.0), flat_maps([1.0] * 8))[0, -1].item() == 256
    assert curve_slopes(one_pixel(1.0), flat_maps([1.0]))[0, -1].item() == 0
    assert curve_slopes(one_pixel(0.7), flat_maps([0.0] * 3)).flatten().tolist() == [1.0] * 3


def test_slopes_are_the_numerical_derivative():
    image, alphas = random_image(2, 3, 6, 7) * 0.998 + 0.001, random_maps(2, 8, 3, 6, 7)
    h = 1e-6
    numerical = (curve_steps(image + h, alphas) - curve_steps(image - h, alphas)) / (2 * h)
    slopes = curve_slopes(image, alphas)
    torch.testing.assert_close(slopes, numerical, rtol=1e-6, atol=1e-7)
    assert (slopes >= 0).all()  # monotone


def test_one_map_serves_all_pixels_and_channels():
    image, curve = random_image(1, 3, 4, 5), random_maps(1, 8, 1, 1, 1)
    everywhere = curve.expand(1, 8, 3, 4, 5).contiguous()
    for measure in (curve_steps, curve_gains, curve_slopes):
        torch.testing.assert_close(measure(image, curve), measure(image, everywhere))


# ---- the way back


@given(st.lists(st.floats(-0.9, 0.9), min_size=1, max_size=8))
def test_inverting_undoes(alphas):
    ramp = torch.linspace(0, 1, 257, dtype=torch.float64)[None, None, None]
    maps = flat_maps(alphas)
    there = apply_curves(ramp, maps)
    torch.testing.assert_close(invert_curves(there, maps), ramp, rtol=0, atol=1e-6)


@pytest.mark.parametrize("alpha", [-1.0, -1e-9, 0.0, 1e-9, 1.0])
def test_inverting_undoes_the_extreme_curves_too(alpha):
    ramp = torch.linspace(0, 1, 257, dtype=torch.float64)[None, None, None]
    maps = flat_maps([alpha])
    torch.testing.assert_close(
        invert_curves(apply_curves(ramp, maps), maps), ramp, rtol=0, atol=1e-8
    )


def test_inverting_by_hand_and_at_the_ends():
    assert invert_curves(one_pixel(0.75), flat_maps([1.0])).item() == pytest.approx(0.5)
    assert invert_curves(one_pixel(0.25), flat_maps([-1.0])).item() == pytest.approx(0.5)
    assert invert_curves(one_pixel(0.1792), flat_maps([0.5, -0.5])).item() == pytest.approx(0.2)
    for alphas in ([1.0] * 8, [-1.0] * 8, [0.0] * 8, [0.3, -0.7]):
        maps = flat_maps(alphas, torch.float32)
        ends = invert_curves(ENDS[None, None, None], maps).flatten().tolist()
        assert ends == [0, pytest.approx(1, abs=1e-6)]


def test_inverting_pixel_by_pixel_in_float32():
    image, alphas = random_image(1, 3, 30, 40).float(), random_maps(1, 8, 3, 30, 40).float() * 0.4
    back = invert_curves(apply_curves(image, alphas), alphas)
    torch.testing.assert_close(back, image, rtol=0, atol=2e-5)


# ---- exposure


def test_a_trim_by_hand():
    assert trim_exposure(one_pixel(0.25), 1.0).item() == pytest.approx(0.4)  # 0.5 / 1.25
    assert trim_exposure(one_pixel(0.5), -1.0).item() == pytest.approx(1 / 3)
    assert trim_exposure(one_pixel(0.5), 2.0).item() == pytest.approx(0.8)  # odds of 1 become 4


@given(stops)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_trim_keeps_black_and_white_exactly_and_swaps_no_neighbours(dtype, stops):
    ends = ENDS.to(dtype)
    assert torch.equal(trim_exposure(ends, stops), ends)
    for start in (1e-30, 1e-3, 0.3, 0.9, 1 - 1e-4):
        # Numbers of the type that follow each other without a gap.
        bits = torch.tensor(start, dtype=torch.float32).view(torch.int32) + torch.arange(1500)
        neighbours = bits.int().view(torch.float32).clamp(max=1).to(dtype)
        trimmed = trim_exposure(neighbours, stops)
        assert (trimmed.diff() >= 0).all()
        assert trimmed.max() <= 1
        assert trimmed.min() >= 0


@given(stops, stops)
def test_trims_add_up_and_undo_each_other(first, second):
    ramp = torch.linspace(0, 1, 101, dtype=torch.float64)
    both = trim_exposure(trim_exposure(ramp, first), second)
    torch.testing.assert_close(both, trim_exposure(ramp, first + second), rtol=0, atol=1e-13)
    back = trim_exposure(trim_exposure(ramp, first), -first)
    torch.testing.assert_close(back, ramp, rtol=0, atol=1e-13)


@given(stops)
def test_a_trim_multiplies_the_shadows(stops):
    assert exposure_slope(one_pixel(0.0), stops).item() == pytest.approx(2.0**stops)
    dark = one_pixel(1e-9)
    assert (trim_exposure(dark, stops) / dark).item() == pytest.approx(2.0**stops, rel=1e-6)


@given(stops)
def test_the_slope_of_a_trim_is_the_numerical_derivative(stops):
    ramp, h = torch.linspace(0.001, 0.999, 101, dtype=torch.float64), 1e-6
    numerical = (trim_exposure(ramp + h, stops) - trim_exposure(ramp - h, stops)) / (2 * h)
    torch.testing.assert_close(exposure_slope(ramp, stops), numerical, rtol=1e-6, atol=1e-7)


def test_no_trim_is_the_very_same_image():
    image = random_image(1, 3, 2, 2)
    assert trim_exposure(image, 0.0) is image
    before = image.clone()
    trim_exposure(image, 1.3)
    assert torch.equal(image, before)
