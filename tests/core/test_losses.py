"""The losses: numbers worked out by hand, gradients, images without contrast or colour."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import as_file, files

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from napari_zerodce.core import losses
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.losses import (
    ColourConstancy,
    Exposure,
    SpatialConsistency,
    channel_agreement,
    colour_constancy,
    exposure,
    exposure_of_foreground,
    illumination_smoothness,
    spatial_consistency,
)
from napari_zerodce.imaging.files.images import read_image

IMAGE_LOSSES: dict[str, Callable[[Tensor], Tensor]] = {
    "spatial": lambda image: spatial_consistency(torch.zeros_like(image), image),
    "exposure": exposure,
    "colour": colour_constancy,
}


def regions(rows: list[list[float]], side: int, channels: int = 3) -> Tensor:
    """Return an image made of constant squares."""
    values = torch.tensor(rows, dtype=torch.float64)
    squares = values.repeat_interleave(side, 0).repeat_interleave(side, 1)
    return squares.expand(1, channels, -1, -1).clone()


def test_spatial_consistency_by_hand() -> None:
    before = regions([[0.1, 0.2], [0.1, 0.4]], 4)
    after = regions([[0.3, 0.6], [0.3, 0.7]], 4)
    # Brightening by region: 0.2 0.4 / 0.2 0.3. Its differences between neighbours: across 0.2 and
    # 0.1, down 0 and -0.1; squares sum to 0.06, both ways 0.12, over 4 regions 0.03.
    assert spatial_consistency(before, after).item() == pytest.approx(0.03, rel=1e-4)


def test_spatial_consistency_ignores_overall_brightness() -> None:
    image = torch.rand(2, 3, 16, 12, dtype=torch.float64) / 2
    assert spatial_consistency(image, image + 0.4).item() == pytest.approx(0, abs=1e-15)


def test_spatial_consistency_notices_contrast_turned_round() -> None:
    before = regions([[0.4, 0.6]], 4)
    after = regions([[0.6, 0.4]], 4)
    # The paper's absolute differences would see nothing: (-0.2 - 0.2)^2, both ways, over 2 regions.
    assert spatial_consistency(before, after).item() == pytest.approx(0.16)


def test_spatial_consistency_averages_channels_before_comparing() -> None:
    before = torch.zeros(1, 3, 4, 8)
    after = torch.zeros(1, 3, 4, 8)
    after[:, 0, :, :4], after[:, 1, :, :4] = 0.3, -0.3
    assert spatial_consistency(before, after).item() == pytest.approx(0, abs=1e-12)


def test_exposure_by_hand() -> None:
    image = regions([[0.6, 0.1], [0.6, 0.8]], 16)
    # Squares of 0, 0.5, 0 and 0.2: 0.29 over 4 patches.
    assert exposure(image).item() == pytest.approx(0.29 / 4)
    assert exposure(image, target=0.1).item() == pytest.approx((0.25 + 0 + 0.25 + 0.49) / 4)


def test_exposure_counts_an_incomplete_patch_as_what_it_has() -> None:
    image = torch.cat((regions([[0.6]], 16), regions([[0.1]], 16)[..., :3]), dim=-1)
    assert exposure(image).item() == pytest.approx(0.25 / 2)


def test_colour_constancy_by_hand() -> None:
    image = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64).reshape(1, 3, 1, 1)
    image = image.expand(1, 3, 5, 7)
    # Differences 0.3, 0.2 and 0.1: fourth powers 0.0081 + 0.0016 + 0.0001 = 0.0098.
    assert colour_constancy(image).item() == pytest.approx(0.0098**0.5)
    grey = torch.full_like(image, 0.4)
    assert colour_constancy(torch.cat((image, grey))).item() == pytest.approx(0.0098**0.5 / 2)


def test_colour_constancy_treats_channels_alike() -> None:
    image = torch.rand(1, 3, 6, 6, dtype=torch.float64)
    orders = ([0, 1, 2], [2, 0, 1], [1, 0, 2])
    values = [colour_constancy(image[:, order]).item() for order in orders]
    assert values == pytest.approx([values[0]] * 3)


def test_smoothness_by_hand() -> None:
    alphas = torch.zeros(1, 2, 3, 2, 2, dtype=torch.float64)
    alphas[0, 1, 2] = torch.tensor([[0.0, 0.1], [0.2, 0.5]])
    # Down: 0.2 and 0.4, mean square 0.1. Across: 0.1 and 0.3, mean square 0.05. Twice their sum.
    assert illumination_smoothness(alphas).item() == pytest.approx(0.3)
    assert illumination_smoothness(torch.cat((alphas, alphas * 0))).item() == pytest.approx(0.15)


def test_smoothness_sums_over_maps() -> None:
    one = torch.rand(1, 1, 3, 6, 5, dtype=torch.float64)
    eight = one.expand(1, 8, 3, 6, 5)
    value = illumination_smoothness(one).item()
    assert illumination_smoothness(eight).item() == pytest.approx(8 * value)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
def test_smoothness_of_maps_one_pixel_wide(shape: tuple[int, int]) -> None:
    constant = torch.full((1, 8, 3, *shape), 0.3, requires_grad=True)
    loss = illumination_smoothness(constant)
    loss.backward()
    assert loss.item() == 0
    assert constant.grad is not None
    assert torch.isfinite(constant.grad).all()


@pytest.mark.parametrize("name", IMAGE_LOSSES)
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (16, 16), (33, 17)])
def test_grey_images_have_finite_gradients(name: str, level: float, shape: tuple[int, int]) -> None:
    image = torch.full((2, 3, *shape), level, requires_grad=True)
    loss = IMAGE_LOSSES[name](image)
    loss.backward()
    assert torch.isfinite(loss)
    assert image.grad is not None
    assert torch.isfinite(image.grad).all()


def test_colour_gradient_at_grey_is_zero_and_its_neighbourhood_agrees() -> None:
    for tint in (0.0, 1e-12, 1e-6):
        image = torch.full((1, 3, 4, 4), 0.5, dtype=torch.float64)
        image[:, 0] += tint
        image.requires_grad_()
        colour_constancy(image).backward()
        assert image.grad is not None
        assert image.grad.abs().max().item() <= 4 * tint


@pytest.mark.parametrize("name", IMAGE_LOSSES)
def test_image_losses_gradcheck(name: str) -> None:
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(2, 3, 9, 18, dtype=torch.float64, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(IMAGE_LOSSES[name], image)


def test_smoothness_gradcheck() -> None:
    generator = torch.Generator().manual_seed(1)
    alphas = torch.rand(2, 2, 3, 4, 5, dtype=torch.float64, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(illumination_smoothness, alphas)


def test_losses_are_the_published_formulas_where_those_are_sound() -> None:
    """The formulas written out region by region, without pooling or rolling."""
    generator = torch.Generator().manual_seed(7)
    image = torch.rand(1, 3, 16, 16, dtype=torch.float64, generator=generator)
    corners = (0, 4, 8, 12)
    grey = [[float(image[0, :, r : r + 4, c : c + 4].mean()) for c in corners] for r in corners]
    total = 0.0
    for row in range(4):
        for column in range(4):
            for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
                if 0 <= row + down < 4 and 0 <= column + right < 4:
                    total += (grey[row][column] - grey[row + down][column + right]) ** 2
    assert spatial_consistency(torch.zeros_like(image), image).item() == pytest.approx(total / 16)
    red, green, blue = (float(image[0, channel].mean()) for channel in range(3))
    pairs = (red - green) ** 4 + (red - blue) ** 4 + (green - blue) ** 4
    assert colour_constancy(image).item() == pytest.approx(pairs**0.5)
    assert exposure(image).item() == pytest.approx((float(image.mean()) - 0.6) ** 2)


def test_foreground_goes_to_the_target_and_background_stays() -> None:
    before = regions([[0.02, 0.2], [0.05, 0.1]], 16)
    after = regions([[0.12, 0.35], [0.05, 0.4]], 16)
    # Up to 0.05 is background, and to stay: errors 0.1 and 0. Above, to 0.4: errors 0.05 and 0.
    loss = exposure_of_foreground(before, after, background=torch.tensor([0.05]), target=0.4)
    assert loss.item() == pytest.approx((0.1**2 + 0.05**2) / 4)


def test_each_image_has_its_own_background() -> None:
    before = torch.cat((regions([[0.1]], 16), regions([[0.1]], 16)))
    loss = exposure_of_foreground(before, before, background=torch.tensor([0.2, 0.0]), target=0.4)
    assert loss.item() == pytest.approx((0 + 0.3**2) / 2)


def test_foreground_exposure_without_background_is_the_published_one() -> None:
    image = torch.rand(2, 3, 33, 40)
    loss = exposure_of_foreground(image, image, background=torch.full((2,), -1.0), target=0.6)
    assert loss.item() == pytest.approx(exposure(image).item())


def test_modules_are_their_functions() -> None:
    image, enhanced = torch.rand(2, 3, 20, 20), torch.rand(2, 3, 20, 20)
    background = torch.tensor([0.4, 0.6])
    assert torch.equal(
        SpatialConsistency(region=5)(image, enhanced),
        spatial_consistency(image, enhanced, region=5),
    )
    assert torch.equal(Exposure(target=0.5)(image, enhanced), exposure(enhanced, target=0.5))
    assert torch.equal(
        Exposure(target=0.5)(image, enhanced, background),
        exposure_of_foreground(image, enhanced, background=background, target=0.5),
    )
    assert torch.equal(ColourConstancy()(enhanced), colour_constancy(enhanced))


def test_one_black_image_in_a_batch_gives_no_nan() -> None:
    batch = torch.stack((torch.zeros(3, 16, 16), torch.rand(3, 16, 16))).requires_grad_()
    loss = colour_constancy(batch)
    loss.backward()
    assert batch.grad is not None
    assert torch.isfinite(loss)
    assert torch.isfinite(batch.grad).all()


def test_losses_of_the_sample_photo_are_those_recorded_from_the_published_formulas() -> None:
    """Recorded once in float64 from the authors' formulas, written down from their code's facts."""
    photo = files("napari_zerodce") / "samples" / "night.png"
    with as_file(photo) as path:
        pixels = read_image(path).array[:448, :640].astype(np.float64) / 255
    image = torch.from_numpy(pixels.transpose(2, 0, 1))[None]
    tint = torch.tensor([1.0, 0.9, 0.8], dtype=torch.float64).reshape(1, 3, 1, 1)
    enhanced = (image + 0.3 * image * (1 - image)) * tint
    steps = torch.arange(1, 9, dtype=torch.float64).reshape(1, 8, 1, 1, 1)
    alphas = 0.3 * enhanced[:, None] * steps / 8
    assert exposure(enhanced).item() == pytest.approx(0.2163705846441475)
    assert colour_constancy(enhanced).item() == pytest.approx(0.006869218047647016)
    assert illumination_smoothness(alphas).item() == pytest.approx(0.001492044922217767)
    # Regions that have four neighbours: there alone the published code compares with no zeros.
    means = functional.avg_pool2d((enhanced - image).mean(1, keepdim=True), 4)
    inner = means[..., 1:-1, 1:-1]
    sides = (
        means[..., :-2, 1:-1],
        means[..., 2:, 1:-1],
        means[..., 1:-1, :-2],
        means[..., 1:-1, 2:],
    )
    published = sum((inner - side).square().mean() for side in sides)
    assert float(published) == pytest.approx(6.246654593609092e-06)
    assert spatial_consistency(image, enhanced).item() == pytest.approx(float(published), rel=0.03)


def test_each_patch_has_its_own_goal() -> None:
    """Two patches of 16 px: the left one is 0.2 from its goal, the right one reaches it."""
    enhanced = torch.cat((torch.full((1, 3, 16, 16), 0.5), torch.full((1, 3, 16, 16), 0.9)), -1)
    goal = torch.cat((torch.full((1, 1, 16, 16), 0.7), torch.full((1, 1, 16, 16), 0.9)), -1)
    even = torch.ones_like(goal)
    assert losses.exposure_of_goal(enhanced, goal, even).item() == pytest.approx(0.02, rel=1e-4)
    even[..., :16] = 3
    assert losses.exposure_of_goal(enhanced, goal, even).item() == pytest.approx(0.03, rel=1e-4)


def test_pixels_without_weight_have_no_goal() -> None:
    """A line of 0.8 in a black patch reaches its goal of 0.8, although the patch is dark."""
    weight = torch.zeros(1, 1, 16, 16)
    weight[..., 8] = 1
    enhanced = 0.8 * weight
    goal = torch.full_like(weight, 0.8)
    assert losses.exposure_of_goal(enhanced, goal, weight).item() == pytest.approx(0, abs=1e-12)
    assert losses.exposure_of_goal(enhanced, goal, torch.zeros_like(weight)).item() == 0


def test_amplified_noise_costs_though_its_mean_stays() -> None:
    """Noise of +-0.1 becomes +-0.3: the change is 0.2 at each background pixel."""
    noise = torch.tensor([0.1, -0.1]).repeat(8).expand(1, 1, 16, 16)
    image, enhanced = 0.5 + noise, 0.5 + 3 * noise
    background = torch.zeros(1, 1, 16, 16)
    assert losses.background_noise(image, enhanced, background).item() == 0
    background[..., :4, :] = 1
    assert losses.background_noise(image, enhanced, background).item() == pytest.approx(
        0.04, rel=1e-4
    )


def test_channel_agreement_is_the_variance_of_the_curves() -> None:
    alphas = torch.tensor([0.1, 0.2, 0.6]).reshape(1, 1, 3, 1, 1).expand(2, 8, 3, 5, 7)
    # Deviations of -0.2, -0.1 and 0.3 from the mean 0.3.
    assert channel_agreement(alphas).item() == pytest.approx((0.04 + 0.01 + 0.09) / 3)
    half = torch.cat((alphas, torch.full_like(alphas, 0.4)))
    assert channel_agreement(half).item() == pytest.approx(0.14 / 6), "equal curves cost nothing"
    assert channel_agreement(alphas[:, :1]).item() == pytest.approx(0.14 / 3), "one map or eight"


def test_equal_curves_keep_the_order_of_channels_and_grey() -> None:
    """What costs nothing turns no green into cyan: blue stays below green, grey stays grey."""
    alphas = torch.full((1, 8, 3, 4, 4), 0.3)
    assert channel_agreement(alphas) == 0
    green = torch.tensor([0.10, 0.15, 0.05]).reshape(1, 3, 1, 1).expand(1, 3, 4, 4)
    red, green_, blue = apply_curves(green, alphas).mean((0, 2, 3)).tolist()
    assert blue < red < green_
    grey = apply_curves(torch.full((1, 3, 4, 4), 0.1), alphas)
    assert float(grey.std(1).max()) == pytest.approx(0, abs=1e-7)
