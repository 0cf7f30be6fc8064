"""Smoothness of any order: how much curve-parameter maps deviate from constants, planes, parabolas.

Order 1 is the illumination smoothness of the papers. Orders 2 and 3 look at second and third
derivatives, mixed ones included, so that a linear or a quadratic change of the light across the
image costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import comb, pi, sin
from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Normalisation = Literal["noise", "period"]
"""What two orders of the same weight respond to equally: white noise, or waves of one period."""

Penalty = Literal["squared", "charbonnier"]
"""How a derivative counts: its square, or, for large ones, nearly its absolute value."""

HIGHEST_ORDER: Final = 3

PERIOD: Final = 16.0
"""The default period in pixels for the normalisation "period"."""

_BINOMIAL: Final = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
_PUBLISHED: Final = 8.0
"""The published loss of one map is 2 (<dx^2> + <dy^2>), and R_1 is (<dx^2> + <dy^2>) / 4."""


def noise_gain(order: int) -> int:
    """Return the sum of the mean squares of all derivatives of an order for white noise of power 1.

    ``G_k = sum_i binom(k, i) C(2i, i) C(2(k - i), k - i)``: 4, 20, 112 for the orders 1, 2, 3. The
    coefficients of the i-th difference are binomial, and their squares add up to C(2i, i).

    Parameters
    ----------
    order : int, >= 1
    """
    return sum(
        comb(order, i) * comb(2 * i, i) * comb(2 * (order - i), order - i) for i in range(order + 1)
    )


def period_weight(order: int, period: float) -> float:
    """Return what makes an order respond to waves of a period as order 1 does.

    A wave along one axis has the response ``(4 s)^k / G_k`` with ``s = sin^2(pi / period)``: at 16
    pixels 0.038, 0.0012 and 0.000032 for the orders 1, 2 and 3.

    Parameters
    ----------
    order : int, >= 1
    period : float
        In pixels, at least 2.

    Returns
    -------
    float
        1 for order 1; about 33 and 1200 for the orders 2 and 3 at 16 pixels.
    """
    response = 4 * sin(pi / period) ** 2
    return noise_gain(order) / noise_gain(1) / response ** (order - 1)


@dataclass(frozen=True)
class SmoothnessKind:
    """Which deviations of the maps count, and how much.

    Parameters
    ----------
    orders : Mapping of int to float
        The weight of each order of derivatives, 1 to 3; several make a mixture.
    normalisation : {"noise", "period"}
        Orders of the same weight respond equally to white noise (N1), or to waves of `period`
        pixels (N2). Under N1 a higher order hardly sees structures of many pixels.
    period : float
        In pixels, for the normalisation "period".
    penalty : {"squared", "charbonnier"}
        Charbonnier, ``2 e (sqrt(d^2 + e^2) - e)``, is the square for derivatives below `epsilon`
        and grows linearly beyond: a map may have edges.
    epsilon : float
        In units of the maps per pixel, for Charbonnier.
    edge_aware : bool
        Whether derivatives count less where the smoothed luminance of the image has an edge.
    edge : float
        The gradient of that luminance, per pixel, at which they count 1/e.
    pixel_size : float
        Side of a pixel of the maps, in pixels for which the weights were chosen. A derivative of
        order k is divided by ``pixel_size ** k``: the same scene, shrunk n times, has pixels n
        times as large, and costs the same.
    """

    orders: Mapping[int, float] = field(default_factory=lambda: {1: 1.0})
    normalisation: Normalisation = "noise"
    period: float = PERIOD
    penalty: Penalty = "squared"
    epsilon: float = 0.01
    edge_aware: bool = False
    edge: float = 0.05
    pixel_size: float = 1.0

    def weight(self, order: int) -> float:
        """Return what the mean square of an order's derivatives is multiplied by."""
        balance = 1.0 if self.normalisation == "noise" else period_weight(order, self.period)
        return self.orders[order] * balance / noise_gain(order)


PUBLISHED_SMOOTHNESS: Final = SmoothnessKind()
"""First derivatives, squared: `core.losses.illumination_smoothness`, exactly."""


def smoothness(
    alphas: Tensor, kind: SmoothnessKind = PUBLISHED_SMOOTHNESS, *, image: Tensor | None = None
) -> Tensor:
    """Measure how much curve-parameter maps deviate from what is smooth in some orders.

    ``8 M sum_k w_k R_k`` over M maps, with ``R_k = (1 / G_k) sum_i binom(k, i) <(dx^i dy^(k-i)
    A)^2>``, where <.> is the mean over the pixels that have the derivative. White noise of variance
    s^2 has R_k = s^2 for every k, and order 1 with weight 1 is the published loss (CVPR 2020,
    equation 8, as in the published code): 200 for Zero-DCE and 1600 for Zero-DCE++ are its weights
    in any order.

    Parameters
    ----------
    alphas : Tensor, shape (N, iterations, C, H, W), values in [-1, 1]
        For Zero-DCE++ pass the one map, ``alphas[:, :1]``, not the eight views of it.
    kind : SmoothnessKind
    image : Tensor, shape (N, 3 or 1, h, w), values in [0, 1], optional
        What the maps were estimated from; only for `edge_aware`, which needs it. It may be larger
        than the maps.

    Returns
    -------
    Tensor, scalar, >= 0
        float32 at least: third derivatives are tiny.

    Raises
    ------
    ValueError
        If `edge_aware` has no image.
    """
    maps = alphas.flatten(1, 2)
    maps = maps.float() if maps.dtype in {torch.float16, torch.bfloat16} else maps
    guide = _edge_weights(image, maps, kind.edge) if kind.edge_aware else None
    total = maps.new_zeros(())
    for order in kind.orders:
        terms = [
            comb(order, i) * _penalised(_derivative(maps, i, order - i), order, kind, guide)
            for i in range(order + 1)
        ]
        total = total + kind.weight(order) * torch.stack(terms).sum()
    return _PUBLISHED * maps.shape[1] * total


def _derivative(maps: Tensor, across: int, down: int) -> Tensor:
    """Return forward differences, each taken so many times; nothing is assumed outside."""
    if across >= maps.shape[-1] or down >= maps.shape[-2]:
        return maps[..., :0, :0]
    return maps.diff(n=across, dim=-1).diff(n=down, dim=-2)


def _penalised(
    derivative: Tensor, order: int, kind: SmoothnessKind, guide: Tensor | None
) -> Tensor:
    """Return the mean penalty of a derivative; maps too small to have one cost nothing."""
    if derivative.numel() == 0:
        return derivative.sum()  # 0, and still part of the graph
    derivative = derivative / kind.pixel_size**order
    if kind.penalty == "squared":
        cost = derivative.square()
    else:
        epsilon = kind.epsilon
        cost = 2 * epsilon * ((derivative.square() + epsilon**2).sqrt() - epsilon)
    if guide is not None:
        # The smallest weight of all pixels a difference looks at: none reaches across an edge.
        rows = guide.shape[-2] - derivative.shape[-2] + 1
        columns = guide.shape[-1] - derivative.shape[-1] + 1
        cost = cost * -functional.max_pool2d(-guide, (rows, columns), stride=1)
    return cost.mean()


def _edge_weights(image: Tensor | None, maps: Tensor, edge: float) -> Tensor:
    """Return ``exp(-(|grad Y| / edge)^2)`` of the smoothed luminance Y, shape (N, 1, H, W).

    Smoothed, because the noise of a dark image would otherwise pass for edges, and switch the
    smoothness off exactly where it is wanted.
    """
    if image is None:
        raise ValueError("an edge-aware smoothness needs the image")
    luminance = image.detach().to(maps.dtype).mean(1, keepdim=True)
    luminance = functional.adaptive_avg_pool2d(luminance, (maps.shape[-2], maps.shape[-1]))
    kernel = _BINOMIAL.to(maps)
    for _ in range(2):  # two passes of a binomial: sigma 1.4 pixels
        padded = functional.pad(luminance, (2, 2, 2, 2), mode="replicate")
        luminance = functional.conv2d(padded, kernel.reshape(1, 1, 1, 5))
        luminance = functional.conv2d(luminance, kernel.reshape(1, 1, 5, 1))
    padded = functional.pad(luminance, (1, 1, 1, 1), mode="replicate")
    across = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    return torch.exp(-(across.square() + down.square()) / edge**2)


class Smoothness(nn.Module):
    """`smoothness` as a module.

    Parameters
    ----------
    kind : SmoothnessKind
    """

    def __init__(self, kind: SmoothnessKind = PUBLISHED_SMOOTHNESS) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, alphas: Tensor, image: Tensor | None = None) -> Tensor:
        """Measure maps of shape (N, iterations, C, H, W)."""
        return smoothness(alphas, self.kind, image=image)
