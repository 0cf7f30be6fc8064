"""The smoothness loss of any order: how much maps deviate from constants, ramps and parabolas.

Order 1 is the illumination smoothness of the papers. Orders 2 and 3 penalise second and third
derivatives, mixed ones included, so that a linear or a quadratic change of the light across the
image costs nothing.
"""

from __future__ import annotations

from math import comb
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_zerodce.core.smoothness_kind import PUBLISHED_SMOOTHNESS, SmoothnessKind

_BINOMIAL: Final = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
_PUBLISHED: Final = 8.0
"""The published loss of one map is 2 (<dx^2> + <dy^2>), and R_1 is (<dx^2> + <dy^2>) / 4."""


def smoothness(
    alphas: Tensor, kind: SmoothnessKind = PUBLISHED_SMOOTHNESS, *, image: Tensor | None = None
) -> Tensor:
    """Measure how much curve parameter maps deviate from smooth ones, in one or several orders.

    ``8 M sum_k w_k R_k`` over M maps, with ``R_k = (1 / G_k) sum_i binom(k, i) <(dx^i dy^(k-i)
    A)^2>``, with <.> the mean over the pixels that have the derivative. White noise of variance s^2
    has R_k = s^2 for every k. Order 1 with weight 1 is the published loss (CVPR 2020, equation 8,
    as in the published code), so its weights, 200 for Zero-DCE and 1600 for Zero-DCE++, suit any
    order.

    Parameters
    ----------
    alphas : Tensor, shape (N, iterations, C, H, W), values in [-1, 1]
        For Zero-DCE++ pass its single map, ``alphas[:, :1]``, not the eight views of it.
    kind : SmoothnessKind
    image : Tensor, shape (N, 3 or 1, h, w), values in [0, 1], optional
        The source of the maps, which may be larger than they are; only an edge-aware smoothness
        uses it.

    Returns
    -------
    Tensor, scalar, >= 0
        At least float32, because third derivatives are tiny.

    Raises
    ------
    ValueError
        If the smoothness is edge-aware and there is no image.
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
    """Return forward differences of the given orders, from pixels inside the maps alone."""
    if across >= maps.shape[-1] or down >= maps.shape[-2]:
        return maps[..., :0, :0]
    return maps.diff(n=across, dim=-1).diff(n=down, dim=-2)


def _penalised(
    derivative: Tensor, order: int, kind: SmoothnessKind, guide: Tensor | None
) -> Tensor:
    """Return the mean penalty of a derivative; maps too small for it cost nothing."""
    if derivative.numel() == 0:
        return derivative.sum()  # 0, and still part of the graph
    derivative = derivative / kind.pixel_size**order
    if kind.penalty == "squared":
        cost = derivative.square()
    else:
        epsilon = kind.epsilon
        cost = 2 * epsilon * ((derivative.square() + epsilon**2).sqrt() - epsilon)
    if guide is not None:
        # The smallest weight among the pixels of a difference, so that none reaches across an edge.
        rows = guide.shape[-2] - derivative.shape[-2] + 1
        columns = guide.shape[-1] - derivative.shape[-1] + 1
        cost = cost * -functional.max_pool2d(-guide, (rows, columns), stride=1)
    return cost.mean()


def _edge_weights(image: Tensor | None, maps: Tensor, edge: float) -> Tensor:
    """Return ``exp(-(|grad Y| / edge)^2)`` of the smoothed luminance Y, shape (N, 1, H, W).

    It is smoothed because the noise of a dark image would otherwise count as edges and switch the
    smoothness off exactly where it is needed.
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
        """Measure maps, as `smoothness` does.

        Parameters
        ----------
        alphas : Tensor, shape (N, iterations, C, H, W), values in [-1, 1]
        image : Tensor, shape (N, 3 or 1, h, w), values in [0, 1], optional
        """
        return smoothness(alphas, self.kind, image=image)
