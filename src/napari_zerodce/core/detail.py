"""Detail and its gain: curves on an edge-preserving base lift the dark, not its noise."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

BASE_RADIUS: Final = 4
"""Pixels from the middle of the guided filter's window to its side."""

BASE_EPSILON: Final = 1e-4
"""What the guided filter takes for detail: contrasts of up to about 0.01, the root of this."""

BASE_HALO: Final = 2 * BASE_RADIUS
"""The base at a pixel depends on pixels this far away: the filter averages twice."""


def edge_preserving_base(image: Tensor) -> Tensor:
    """Smooth an image but not across its edges: a guided filter, each channel its own guide.

    K. He, J. Sun, X. Tang: Guided Image Filtering, ECCV 2010, equations 5, 6 and 8 with p = I.

    Parameters
    ----------
    image : Tensor, shape (N, C, H, W), values in [0, 1]

    Returns
    -------
    Tensor, shape (N, C, H, W), values in [0, 1]
    """
    mean = _box(image)
    variance = (_box(image * image) - mean * mean).clamp_(min=0)  # never negative but for rounding
    a = variance / (variance + BASE_EPSILON)
    b = mean - a * mean
    return torch.addcmul(_box(b), _box(a), image).clamp_(0, 1)


def limit_detail_gain(
    image: Tensor, base: Tensor, curved: Tensor, curved_base: Tensor, limit: float
) -> Tensor:
    """Let detail, what an image has more than its base, come out at most `limit` times as strong.

    With f a pixel's curve, x its value and b its base, the detail x - b becomes f(x) - f(b). What
    is returned is ``f(b) + sign(x - b) min(|f(x) - f(b)|, limit |x - b|)``: f(x) where the curve is
    gentle, and never beyond f(b) and f(x), so that nothing is clipped.

    Parameters
    ----------
    image, base, curved, curved_base : Tensor, shape (N, C, H, W), values in [0, 1]
        x, b, f(x) and f(b); f is monotone.
    limit : float
        Not negative. 0 leaves the base alone.

    Returns
    -------
    Tensor, shape (N, C, H, W), values in [0, 1]
    """
    # A factor of infinity in float32 would make NaN of no detail.
    most = (image - base).abs_().mul_(min(limit, torch.finfo(image.dtype).max))
    # Not f(b) plus a clamped difference, which would round f(x) where the curve is gentle.
    return torch.clamp(curved, curved_base - most, curved_base + most)


def _box(image: Tensor) -> Tensor:
    """Return the mean over each pixel's window; at the image's edge over what there is of it."""
    side, radius = 2 * BASE_RADIUS + 1, BASE_RADIUS
    rows = functional.avg_pool2d(
        image, (side, 1), stride=1, padding=(radius, 0), count_include_pad=False
    )
    return functional.avg_pool2d(
        rows, (1, side), stride=1, padding=(0, radius), count_include_pad=False
    )
