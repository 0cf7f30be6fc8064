"""The objective: what the network says in training is what it says in use; losses by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from napari_zerodce.core.networks import ITERATIONS, ZeroDCE, ZeroDCEPlusPlus
from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.training.config import LossWeights, TrainingConfig
from napari_zerodce.training.objective import estimate, total_of, weighted_losses


def random_image(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def grey(*levels: float) -> Tensor:
    """One image for each level."""
    return torch.tensor(levels).reshape(-1, 1, 1, 1).expand(-1, 3, 32, 32)


def no_curves(image: Tensor) -> Tensor:
    return torch.zeros(len(image), ITERATIONS, *image.shape[1:])


@pytest.mark.parametrize("scale_factor", [1, 2, 5, 12])
@pytest.mark.parametrize("size", [(32, 32), (37, 50), (3, 60)])
def test_zero_dce_pp_trains_what_is_used(scale_factor: int, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network, image = ZeroDCEPlusPlus(scale_factor), random_image(2, 3, *size)
    alphas, maps = estimate(network, image)
    assert torch.equal(alphas, network(image))
    assert alphas.shape == (2, ITERATIONS, 3, *size)
    assert maps.shape == (2, 1, 3, *(max(1, length // scale_factor) for length in size))


def test_zero_dce_trains_what_is_used() -> None:
    torch.manual_seed(0)
    network, image = ZeroDCE(), random_image(2, 3, 20, 24)
    alphas, maps = estimate(network, image)
    assert torch.equal(alphas, network(image))
    assert torch.equal(maps, alphas)


@pytest.mark.parametrize("network", [ZeroDCE(), ZeroDCEPlusPlus(2)])
def test_mono_is_shown_three_times_and_gets_the_mean_curve(
    network: ZeroDCE | ZeroDCEPlusPlus,
) -> None:
    mono = random_image(2, 1, 32, 32)
    alphas, maps = estimate(network, mono)
    colours, same_maps = estimate(network, mono.expand(-1, 3, -1, -1))
    assert alphas.shape == (2, ITERATIONS, 1, 32, 32)
    torch.testing.assert_close(alphas[:, :, 0], colours.mean(2))
    assert torch.equal(maps, same_maps)


def test_mono_has_no_colour_loss() -> None:
    image = random_image(2, 1, 32, 32)
    terms = weighted_losses(TrainingConfig(), image, no_curves(image), no_curves(image))
    assert set(terms) == {"spatial", "exposure", "smoothness"}
    colours = image.expand(-1, 3, -1, -1)
    terms = weighted_losses(TrainingConfig(), colours, no_curves(colours), no_curves(colours))
    assert set(terms) == {"spatial", "exposure", "smoothness", "colour"}


def test_without_curves_only_brightness_and_colour_cost() -> None:
    image = torch.tensor([0.5, 0.3, 0.1]).reshape(1, 3, 1, 1).expand(-1, -1, 32, 32)
    config = TrainingConfig(target=0.5)
    terms = weighted_losses(config, image, no_curves(image), no_curves(image))
    assert terms["spatial"].item() == terms["smoothness"].item() == 0
    assert terms["exposure"].item() == pytest.approx(10 * (0.3 - 0.5) ** 2)
    # Differences of 0.2, 0.2 and 0.4: the root of 0.0016 + 0.0016 + 0.0256.
    assert terms["colour"].item() == pytest.approx(5 * 0.0288**0.5, rel=1e-5)
    assert total_of(terms).item() == pytest.approx(0.4 + 5 * 0.0288**0.5, rel=1e-5)


def test_curves_of_the_channels_cost_only_with_a_weight_and_only_in_colour() -> None:
    image = random_image(1, 3, 32, 32)
    alphas = torch.tensor([0.1, 0.2, 0.6]).reshape(1, 1, 3, 1, 1).expand(1, 8, 3, 32, 32)
    config = TrainingConfig(weights=LossWeights(colour=0, channels=50))
    terms = weighted_losses(config, image, alphas, alphas)
    assert terms["channels"].item() == pytest.approx(50 * 0.14 / 3)
    assert terms["colour"].item() == 0
    mono = image[:, :1]
    assert "channels" not in weighted_losses(config, mono, alphas[:, :, :1], alphas)


def test_weights_multiply() -> None:
    image, alphas = random_image(1, 3, 32, 32), random_image(1, ITERATIONS, 3, 32, 32)
    weights = {"spatial": 2.0, "exposure": 3.0, "colour": 4.0, "smoothness": 5.0}
    ones = LossWeights.model_validate(dict.fromkeys(weights, 1.0))
    single = weighted_losses(TrainingConfig(weights=ones), image, alphas, alphas)
    config = TrainingConfig(weights=LossWeights.model_validate(weights))
    terms = weighted_losses(config, image, alphas, alphas)
    for name, weight in weights.items():
        assert terms[name].item() == pytest.approx(weight * single[name].item())
        assert terms[name].item() > 0


def test_background_is_to_stay_and_the_rest_goes_to_the_target() -> None:
    image = grey(0.05, 0.30)
    config = TrainingConfig(target=0.4)
    limits = torch.tensor([0.1, 0.1])

    def cost(background: Tensor | None) -> float:
        maps = no_curves(image)
        terms = weighted_losses(config, image, maps, maps, background=background)
        return terms["exposure"].item()

    assert cost(None) == pytest.approx(10 * (0.35**2 + 0.1**2) / 2)
    assert cost(limits) == pytest.approx(10 * 0.1**2 / 2, rel=1e-5)
    assert cost(torch.tensor([-1.0, -1.0])) == pytest.approx(cost(None)), "below 0: none is"


def test_the_kind_of_smoothness_is_the_configurations() -> None:
    ramp = (torch.arange(32) / 64).expand(1, 1, 3, 32, 32)
    image = grey(0.2)

    def cost(**orders: float) -> float:
        kind = SmoothnessKind(orders={int(name[1:]): weight for name, weight in orders.items()})
        config = TrainingConfig(smoothness=kind)
        return weighted_losses(config, image, no_curves(image), ramp)["smoothness"].item()

    # 2 for each of the 3 maps, times 1600.
    assert cost(k1=1) == pytest.approx(1600 * 2 * 3 / 64**2)
    assert cost(k2=1) == pytest.approx(0, abs=1e-6)
    assert cost(k1=0.25, k2=7) == pytest.approx(cost(k1=1) / 4)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_gradients_of_constant_images_are_finite(level: float) -> None:
    torch.manual_seed(0)
    network = ZeroDCEPlusPlus(2)
    alphas, maps = estimate(network, grey(level))
    total_of(weighted_losses(TrainingConfig(), grey(level), alphas, maps)).backward()
    for parameter in network.parameters():
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()


def test_goals_replace_the_target_and_add_the_background() -> None:
    """Without curves: the left half is 0.3 from its goal; the right half is background."""
    image = torch.full((1, 1, 16, 32), 0.2)
    weight = torch.cat((torch.ones(1, 1, 16, 16), torch.zeros(1, 1, 16, 16)), -1)
    goals = (torch.full_like(weight, 0.5), weight)
    config = TrainingConfig(weights=LossWeights(exposure=2, background=100))
    terms = weighted_losses(config, image, no_curves(image), no_curves(image), goals=goals)
    assert terms["exposure"].item() == pytest.approx(2 * 0.3**2, rel=1e-4)
    assert terms["background"].item() == 0
    brighter = torch.full((1, 8, 1, 16, 32), 0.0)
    brighter[:, 0] = 0.5  # 0.2 becomes 0.2 + 0.5 * 0.2 * 0.8 = 0.28
    terms = weighted_losses(config, image, brighter, brighter, goals=goals)
    assert terms["background"].item() == pytest.approx(100 * 0.08**2, rel=1e-4)
    assert terms["exposure"].item() == pytest.approx(2 * 0.22**2, rel=1e-4)
