"""A look applied to pixels: adjusted curves, the exposure trim and the limit to detail."""

from __future__ import annotations

from typing import Final

from napari_zerodce.core.arrays import Array, is_numpy, namespace, packed
from napari_zerodce.core.curves import (
    adjust_alphas,
    apply_curves,
    curve_slopes,
    exposure_slope,
    trim_exposure,
)
from napari_zerodce.core.detail import BASE_HALO, edge_preserving_base, limit_detail_gain
from napari_zerodce.core.memory_order import aligned_like, row_blocks
from napari_zerodce.engine.look import Look

_BLOCK: Final = 2**16
"""Numbers of an image that NumPy enhances at a time: what they become stays in a core's cache."""


def halo_of(look: Look) -> int:
    """Return the halo in pixels that the look itself needs."""
    return 0 if look.detail_gain_limit is None else BASE_HALO


def tone(
    image: Array,
    alphas: Array,
    look: Look,
    *,
    base: Array | None = None,
    bound: float = 1.0,
) -> Array:
    """Enhance pixels by their curves, with the settings of a look.

    Parameters
    ----------
    image : array, shape (1, C, H, W), values in [0, 1]
    alphas : array, shape (1, iterations, C or 1, H or 1, W or 1), values in [-1, 1]
    look : Look
    base : array, shape (1, C, H, W), optional
        The image's edge-preserving base; required if the look limits detail.
    bound : float
        Largest absolute value of the maps, if it is known. Maps that stay within [-1, 1] at this
        strength are then not copied, which would take as long as the curves.

    Returns
    -------
    array, shape (1, C, H, W), values in [0, 1]
    """
    if not is_numpy(image):
        return _toned(image, alphas, look, base, bound)
    toned = aligned_like(image)
    for rows in row_blocks(image.shape, _BLOCK):
        key = (..., rows, slice(None))
        own = alphas[key] if alphas.shape[-2] > 1 else alphas
        own_base = None if base is None else base[key]
        toned[key] = _toned(image[key], own, look, own_base, bound)
    return toned


def _toned(image: Array, alphas: Array, look: Look, base: Array | None, bound: float) -> Array:
    limit = look.detail_gain_limit
    if limit is None:
        return _curved(image, alphas, look, bound)
    assert base is not None
    of_image, of_base = _curved_pair(image, base, alphas, look, bound)
    return limit_detail_gain(image, base, of_image, of_base, limit)


def _curved_pair(
    image: Array, base: Array, alphas: Array, look: Look, bound: float
) -> tuple[Array, Array]:
    if is_numpy(image):  # the maps of a block are in the cache
        return _curved(image, alphas, look, bound), _curved(base, alphas, look, bound)
    # The maps, which are eight times as large as the image, are then read once for both.
    pair = namespace(image).stack((image, base))
    of_image, of_base = _curved(pair, alphas, look, bound)
    return of_image, of_base


def _curved(values: Array, alphas: Array, look: Look, bound: float) -> Array:
    """Return values after the curves and the exposure trim; all values share the maps."""
    alphas, strength = alphas[:, : look.iterations], look.strength
    if strength * bound > 1:
        alphas, strength = adjust_alphas(alphas, strength=strength), 1.0
    return trim_exposure(apply_curves(values, alphas, strength=strength), look.exposure)


def noise_gain(image: Array, alphas: Array, look: Look) -> Array:
    """Return how many times stronger a small deviation of each pixel becomes.

    It is the slope of the pixel's curve under the look, at most the limit to detail.

    Parameters
    ----------
    image, alphas, look
        As in `tone`.

    Returns
    -------
    array, shape (N, C, H, W)
    """
    alphas = adjust_alphas(alphas, strength=look.strength, iterations=look.iterations)
    slope = curve_slopes(image, alphas)[:, -1]
    if look.exposure:
        slope = slope * exposure_slope(apply_curves(image, alphas), look.exposure)
    if look.detail_gain_limit is not None:
        slope = namespace(slope).clip(slope, None, look.detail_gain_limit)
    return slope


def base_for(outer: Array, inner: tuple[slice, slice], look: Look) -> Array | None:
    """Return the base of the inner part of a block, or None if the look needs none.

    Parameters
    ----------
    outer : array, shape (N, C, H, W), values in [0, 1]
        The block with its halo.
    inner : tuple of slice
        Rows and columns of the inner part in the block.
    look : Look
    """
    if look.detail_gain_limit is None:
        return None
    return packed(edge_preserving_base(outer)[(..., *inner)])
