"""Smoothness of order k: closed forms on ramps, parabolas, waves and noise; the published loss."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from napari_zerodce.core.losses import illumination_smoothness
from napari_zerodce.core.smoothness import Smoothness, smoothness
from napari_zerodce.core.smoothness_kind import (
    PUBLISHED_SMOOTHNESS,
    SmoothnessKind,
    noise_gain,
    period_weight,
)

SIDE = 24
ORDERS = (1, 2, 3)


def of_order(order: int, **changes: object) -> SmoothnessKind:
    return replace(SmoothnessKind(orders={order: 1.0}), **changes)


def maps_of(values: Tensor) -> Tensor:
    """Return one map of shape (1, 1, 1, H, W): the smoothness of it is 8 R_k."""
    return values.reshape(1, 1, 1, *values.shape)


def grid(side: int = SIDE, step: float = 1.0) -> tuple[Tensor, Tensor]:
    places = torch.arange(side, dtype=torch.float64) * step
    return places[None, :].expand(side, side), places[:, None].expand(side, side)


def measured(values: Tensor, kind: SmoothnessKind) -> float:
    return smoothness(maps_of(values), kind).item() / 8


def test_gains_are_sums_of_squared_binomials() -> None:
    assert [noise_gain(order) for order in ORDERS] == [4, 20, 112]
    assert period_weight(1, 16) == 1
    # 1.25 / s and 1.75 / s^2 with s = sin^2(pi / 16) = 0.03806.
    assert period_weight(2, 16) == pytest.approx(32.842, abs=1e-2)
    assert period_weight(3, 16) == pytest.approx(1208.0, abs=1)


def published(alphas: Tensor) -> float:
    """The published total variation, element by element, for one image."""
    total = 0.0
    for single in alphas.flatten(0, 2):
        height, width = single.shape
        down = sum(
            float(single[r + 1, c] - single[r, c]) ** 2
            for r in range(height - 1)
            for c in range(width)
        )
        across = sum(
            float(single[r, c + 1] - single[r, c]) ** 2
            for r in range(height)
            for c in range(width - 1)
        )
        total += 2 * (down / ((height - 1) * width) + across / (height * (width - 1)))
    return total


def test_order_1_is_the_published_loss() -> None:
    generator = torch.Generator().manual_seed(3)
    alphas = torch.rand(1, 8, 3, 5, 7, dtype=torch.float64, generator=generator) * 2 - 1
    assert smoothness(alphas).item() == pytest.approx(published(alphas), rel=1e-12)
    assert torch.equal(smoothness(alphas), illumination_smoothness(alphas))
    assert torch.equal(Smoothness()(alphas), smoothness(alphas, PUBLISHED_SMOOTHNESS))
    two = torch.cat((alphas, 0 * alphas))
    assert smoothness(two).item() == pytest.approx(published(alphas) / 2), "mean over the batch"


@pytest.mark.parametrize("order", ORDERS)
def test_white_noise_costs_its_variance_in_every_order(order: int) -> None:
    generator = torch.Generator().manual_seed(order)
    noise = 0.1 * torch.randn(600, 600, dtype=torch.float64, generator=generator)
    assert measured(noise, of_order(order)) == pytest.approx(0.01, rel=0.02)


def test_ramps_cost_nothing_from_order_2_on() -> None:
    x, y = grid()
    ramp = 0.01 * x - 0.02 * y + 0.3
    assert measured(ramp, of_order(1)) == pytest.approx((0.01**2 + 0.02**2) / 4)
    assert measured(ramp, of_order(2)) == pytest.approx(0, abs=1e-28)
    assert measured(ramp, of_order(3)) == pytest.approx(0, abs=1e-28)


def test_parabolas_cost_nothing_in_order_3_and_their_curvature_in_order_2() -> None:
    x, y = grid()
    parabola = 0.5 * 0.004 * x**2 + 0.003 * x * y - 0.5 * 0.002 * y**2
    # dxx = 0.004, dxy = 0.003 (twice, by the binomial), dyy = -0.002.
    expected = (0.004**2 + 2 * 0.003**2 + 0.002**2) / 20
    assert measured(parabola, of_order(2)) == pytest.approx(expected)
    assert measured(parabola, of_order(3)) == pytest.approx(0, abs=1e-26)


def test_cubics_cost_their_mixed_third_derivatives() -> None:
    x, y = grid()
    cubic = 1e-4 * x**3 / 6 + 2e-4 * x**2 / 2 * y
    # dxxx = 1e-4, dxxy = 2e-4 three times.
    expected = (1e-4**2 + 3 * 2e-4**2) / 112
    assert measured(cubic, of_order(3)) == pytest.approx(expected, rel=1e-6)


def test_twisted_planes_are_seen_by_the_mixed_derivative_alone() -> None:
    x, y = grid()
    assert measured(0.003 * x * y, of_order(2)) == pytest.approx(2 * 0.003**2 / 20)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("period", [4.0, 8.0, 16.0])
def test_under_the_second_normalisation_a_wave_costs_the_same_in_all_orders(
    order: int, period: float
) -> None:
    # Whole periods of differences, so that the mean over valid pixels is that of the wave.
    wave = torch.sin(2 * math.pi * torch.arange(960 + order, dtype=torch.float64) / period)
    values = wave[None, :].expand(8, -1)
    kind = of_order(order, normalisation="period", period=period)
    expected = 0.5 * math.sin(math.pi / period) ** 2
    assert measured(values, kind) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("pixel_size", [1.0, 3.0])
def test_that_holds_for_pixels_of_any_size(order: int, pixel_size: float) -> None:
    wave = torch.sin(2 * math.pi * torch.arange(960 + order, dtype=torch.float64) / 16)
    kind = of_order(order, normalisation="period", period=16, pixel_size=pixel_size)
    expected = 0.5 * math.sin(math.pi / 16) ** 2 / pixel_size**2
    assert measured(wave[None, :].expand(8, -1), kind) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("order", ORDERS)
def test_the_turned_image_costs_the_same(order: int) -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(17, 17, dtype=torch.float64, generator=generator)
    turned = values.flip(0).T.contiguous()
    assert measured(turned, of_order(order)) == pytest.approx(measured(values, of_order(order)))


def test_a_mixture_is_the_weighted_sum() -> None:
    values = torch.rand(9, 11, dtype=torch.float64)
    parts = [measured(values, of_order(order)) for order in ORDERS]
    mixed = SmoothnessKind(orders={1: 0.5, 2: 2.0, 3: 3.0})
    assert measured(values, mixed) == pytest.approx(0.5 * parts[0] + 2 * parts[1] + 3 * parts[2])


@pytest.mark.parametrize("order", ORDERS)
def test_the_scale_of_the_training_image_is_accounted_for(order: int) -> None:
    """One smooth map, sampled at every pixel and at every 4th: the same cost."""

    def scene(side: int, step: float) -> Tensor:
        x, y = grid(side, step)
        return 0.3 * torch.sin(x / 90) * torch.cos(y / 70)

    whole = measured(scene(800, 1.0), of_order(order))
    shrunk = measured(scene(200, 4.0), of_order(order, pixel_size=4.0))
    assert shrunk == pytest.approx(whole, rel=0.05)
    assert measured(scene(200, 4.0), of_order(order)) > 10 * whole, "it does matter"


def test_charbonnier_is_the_square_near_zero_and_linear_far_away() -> None:
    x, _ = grid()
    gentle, steep = 1e-5 * x, 0.03 * x
    robust = of_order(1, penalty="charbonnier", epsilon=0.001)
    assert measured(gentle, robust) == pytest.approx(measured(gentle, of_order(1)), rel=1e-3)
    expected = 2 * 0.001 * (math.hypot(0.03, 0.001) - 0.001) / 4
    assert measured(steep, robust) == pytest.approx(expected)


def test_edge_aware_lets_a_map_change_at_an_edge_of_the_image_only() -> None:
    step = (torch.arange(SIDE) >= SIDE // 2).double()[None, :].expand(SIDE, SIDE)
    edge, flat = step.expand(1, 3, -1, -1), torch.full((1, 3, SIDE, SIDE), 0.5).double()
    for order in ORDERS:
        kind = of_order(order, edge_aware=True)
        at_edge = smoothness(maps_of(step), kind, image=edge).item()
        elsewhere = smoothness(maps_of(step), kind, image=flat).item()
        assert elsewhere == pytest.approx(smoothness(maps_of(step), of_order(order)).item())
        assert at_edge < 0.02 * elsewhere


def test_edge_aware_is_not_fooled_by_noise() -> None:
    generator = torch.Generator().manual_seed(0)
    noisy = 0.1 + 0.03 * torch.randn(1, 3, 64, 64, generator=generator)
    ramp = maps_of(torch.arange(64.0)[None, :].expand(64, 64) / 100)
    kept = smoothness(ramp, of_order(1, edge_aware=True), image=noisy.clamp(0, 1))
    assert kept.item() > 0.8 * smoothness(ramp).item()


def test_edge_aware_takes_an_image_larger_than_the_maps() -> None:
    values = torch.rand(1, 1, 3, 8, 9)
    kind = of_order(2, edge_aware=True)
    assert torch.isfinite(smoothness(values, kind, image=torch.rand(1, 1, 96, 108)))
    with pytest.raises(ValueError, match="needs the image"):
        smoothness(values, kind)


@pytest.mark.parametrize(
    "kind",
    [
        *(of_order(order) for order in ORDERS),
        SmoothnessKind({1: 1, 2: 1, 3: 1}, normalisation="period", penalty="charbonnier"),
        of_order(2, edge_aware=True),
    ],
)
def test_gradcheck(kind: SmoothnessKind) -> None:
    generator = torch.Generator().manual_seed(1)
    alphas = torch.rand(2, 2, 3, 6, 7, dtype=torch.float64, generator=generator).requires_grad_()
    image = torch.rand(2, 3, 6, 7, dtype=torch.float64, generator=generator)
    assert torch.autograd.gradcheck(lambda maps: smoothness(maps, kind, image=image), alphas)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (3, 1)])
@pytest.mark.parametrize("order", ORDERS)
def test_maps_without_derivatives_cost_nothing(order: int, shape: tuple[int, int]) -> None:
    for kind in (of_order(order), of_order(order, edge_aware=True, penalty="charbonnier")):
        alphas = torch.full((1, 8, 3, *shape), 0.3, requires_grad=True)
        loss = smoothness(alphas, kind, image=torch.rand(1, 3, *shape))
        loss.backward()
        assert loss.item() == 0
        assert alphas.grad is not None
        assert not alphas.grad.any()


def test_half_precision_is_computed_in_float32() -> None:
    ramp = maps_of(torch.arange(64.0)[None, :].expand(64, 64) / 100)
    assert smoothness(ramp.half(), of_order(3)).dtype == torch.float32
