"""A look applied to pixels: adjusted curves, the exposure trim and the limit to detail."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_zerodce.core.curves import (
    adjust_alphas,
    apply_curves,
    curve_slopes,
    exposure_slope,
    trim_exposure,
)
from napari_zerodce.core.detail import BASE_HALO, edge_preserving_base, limit_detail_gain
from napari_zerodce.engine.look import Look


def halo_of(look: Look) -> int:
    """Return the halo in pixels that the look itself needs."""
    return 0 if look.detail_gain_limit is None else BASE_HALO


def tone(
    image: Tensor,
    alphas: Tensor,
    look: Look,
    *,
    base: Tensor | None = None,
    bound: float = 1.0,
) -> Tensor:
    """Enhance pixels by their curves, with the settings of a look.

    Parameters
    ----------
    image : Tensor, shape (1, C, H, W), values in [0, 1]
    alphas : Tensor, shape (1, iterations, C or 1, H or 1, W or 1), values in [-1, 1]
    look : Look
    base : Tensor, shape (1, C, H, W), optional
        The image's edge-preserving base; required if the look limits detail.
    bound : float
        Largest absolute value of the maps, if it is known. Maps that stay within [-1, 1] at this
        strength are then not copied, which would take as long as the curves.

    Returns
    -------
    Tensor, shape (N, C, H, W), values in [0, 1]
    """
    if look.detail_gain_limit is None:
        return _curved(image, alphas, look, bound)
    assert base is not None
    return tone_pair(torch.cat((image, base)), alphas, look, bound=bound)


def tone_pair(pair: Tensor, alphas: Tensor, look: Look, *, bound: float = 1.0) -> Tensor:
    """Enhance pixels by their curves with detail limited, as `tone` does.

    Parameters
    ----------
    pair : Tensor, shape (2, C, H, W), values in [0, 1]
        The image and its edge-preserving base, contiguous in memory: the maps, which are eight
        times as large as the image, are then read once for both.
    alphas, look, bound
        As in `tone`; the look limits detail.

    Returns
    -------
    Tensor, shape (1, C, H, W), values in [0, 1]
    """
    assert look.detail_gain_limit is not None
    (image, base), (of_image, of_base) = (
        both.chunk(2) for both in (pair, _curved(pair, alphas, look, bound))
    )
    return limit_detail_gain(image, base, of_image, of_base, look.detail_gain_limit)


def _curved(values: Tensor, alphas: Tensor, look: Look, bound: float) -> Tensor:
    """Return values after the curves and the exposure trim; all values share the maps."""
    alphas, strength = alphas[:, : look.iterations], look.strength
    if strength * bound > 1:
        alphas, strength = adjust_alphas(alphas, strength=strength), 1.0
    return trim_exposure(apply_curves(values, alphas, strength=strength), look.exposure)


def noise_gain(image: Tensor, alphas: Tensor, look: Look) -> Tensor:
    """Return how many times stronger a small deviation of each pixel becomes.

    It is the slope of the pixel's curve under the look, at most the limit to detail.

    Parameters
    ----------
    image, alphas, look
        As in `tone`.

    Returns
    -------
    Tensor, shape (N, C, H, W)
    """
    alphas = adjust_alphas(alphas, strength=look.strength, iterations=look.iterations)
    slope = curve_slopes(image, alphas)[:, -1]
    if look.exposure:
        slope = slope * exposure_slope(apply_curves(image, alphas), look.exposure)
    if look.detail_gain_limit is not None:
        slope = slope.clamp(max=look.detail_gain_limit)
    return slope


def base_for(outer: Tensor, inner: tuple[slice, slice], look: Look) -> Tensor | None:
    """Return the base of the inner part of a block, or None if the look needs none.

    Parameters
    ----------
    outer : Tensor, shape (N, C, H, W), values in [0, 1]
        The block with its halo.
    inner : tuple of slice
        Rows and columns of the inner part in the block.
    look : Look
    """
    if look.detail_gain_limit is None:
        return None
    return edge_preserving_base(outer)[(..., *inner)].contiguous()
