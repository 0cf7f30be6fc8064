"""Curves applied to images, and their steps, gains and inverse (CVPR 2020, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, addcmul


def apply_curves(image: Tensor, alphas: Tensor, *, strength: float = 1.0) -> Tensor:
    """Apply the light-enhancement curve once for each iteration of the maps.

    ``LE_n(x) = LE_{n-1}(x) + A_n(x) LE_{n-1}(x) (1 - LE_{n-1}(x))`` (CVPR 2020, equation 3).
    For any map in [-1, 1], each step is monotone and keeps 0 and 1.

    Parameters
    ----------
    image : Tensor, shape (N, C, H, W), values in [0, 1]
    alphas : Tensor, shape (N, iterations, C or 1, H, W), values in [-1, 1]
        Maps in the paper's sign: positive values brighten. Dimensions of size 1 broadcast.
    strength : float
        Factor for the maps. The products must be in [-1, 1]; if they may exceed that range, use
        `adjust_alphas` first.

    Returns
    -------
    Tensor, shape (N, C, H, W), values in [0, 1]
    """
    for alpha in alphas.unbind(1):
        image = _curved_once(image, alpha, strength)
    return image


def _curved_once(image: Tensor, alpha: Tensor, strength: float = 1.0) -> Tensor:
    """Return x + s A (x - x^2), in two fused passes over memory instead of four."""
    return addcmul(image, alpha, addcmul(image, image, image, value=-1.0), value=strength)


def adjust_alphas(
    alphas: Tensor, *, strength: float = 1.0, iterations: int | None = None
) -> Tensor:
    """Return the maps of a weaker or stronger look: ``A' = clamp(strength A, -1, 1)``.

    Any map in [-1, 1] gives a monotone curve (CVPR 2020, section 3.1), so adjusted maps do too.

    Parameters
    ----------
    alphas : Tensor, shape (N, iterations, C, H, W), values in [-1, 1]
        A map that is expanded over all iterations, as from Zero-DCE++, is not copied.
    strength : float
        0 or more. 0 gives the image itself, 1 the curves as estimated.
    iterations : int, optional
        Number of maps to keep, from the first one; by default all.

    Returns
    -------
    Tensor, shape (N, iterations, C, H, W), values in [-1, 1]
    """
    alphas = alphas[:, :iterations]
    if strength == 1:
        return alphas
    distinct = alphas[:, :1] if alphas.stride(1) == 0 else alphas
    return (distinct * strength).clamp_(-1, 1).expand_as(alphas)


def curve_steps(image: Tensor, alphas: Tensor) -> Tensor:
    """Return the image after each iteration, LE_1 .. LE_n of CVPR 2020, equation 3.

    Parameters
    ----------
    image : Tensor, shape (N, C, H, W), values in [0, 1]
    alphas : Tensor, shape (N, iterations, C or 1, H, W), values in [-1, 1]

    Returns
    -------
    Tensor, shape (N, iterations, C, H, W), values in [0, 1]
    """
    steps = []
    for alpha in alphas.unbind(1):
        image = _curved_once(image, alpha)
        steps.append(image)
    return torch.stack(steps, 1)


def curve_gains(image: Tensor, alphas: Tensor) -> Tensor:
    """Return how many times brighter each pixel is after each iteration, ``LE_n(x) / x``.

    Each iteration multiplies by ``1 + A_n (1 - LE_{n-1}(x))``: equation 3 of CVPR 2020 divided by
    LE_{n-1}(x). Their product needs no division, and for x = 0 it is the limit.

    Parameters
    ----------
    image : Tensor, shape (N, C, H, W), values in [0, 1]
    alphas : Tensor, shape (N, iterations, C or 1, H, W), values in [-1, 1]

    Returns
    -------
    Tensor, shape (N, iterations, C, H, W), values in [0, 2**iterations]
    """
    return _products(image, alphas, 1.0)


def curve_slopes(image: Tensor, alphas: Tensor) -> Tensor:
    """Return the slope of each pixel's composed curve after each iteration: its noise gain.

    By the chain rule, ``dLE_n/dx = prod_{m<=n} (1 + A_m (1 - 2 LE_{m-1}(x)))``. A small deviation
    of x, such as noise, is multiplied by it. The maps count as fixed: each value depends on 15x15
    pixels, so the noise of one pixel changes it little.

    Parameters
    ----------
    image : Tensor, shape (N, C, H, W), values in [0, 1]
    alphas : Tensor, shape (N, iterations, C or 1, H, W), values in [-1, 1]

    Returns
    -------
    Tensor, shape (N, iterations, C, H, W), values in [0, 2**iterations]
    """
    return _products(image, alphas, 2.0)


def _products(image: Tensor, alphas: Tensor, weight: float) -> Tensor:
    """Return the products, after each iteration, of ``1 + A_m (1 - weight LE_{m-1}(x))``."""
    product, products = torch.ones_like(image), []
    for alpha in alphas.unbind(1):
        product = product * addcmul(alpha + 1, alpha, image, value=-weight)
        image = _curved_once(image, alpha)
        products.append(product)
    return torch.stack(products, 1)


def invert_curves(image: Tensor, alphas: Tensor) -> Tensor:
    """Undo `apply_curves`: solve equation 3 of CVPR 2020 for LE_{n-1}, the last iteration first.

    ``x = 2 y / (1 + A + sqrt((1 + A)^2 - 4 A y))``, the root in [0, 1]. This form is also accurate
    for A near 0.

    Parameters
    ----------
    image : Tensor, shape (N, C, H, W), values in [0, 1]
        The result of `apply_curves`.
    alphas : Tensor, shape (N, iterations, C or 1, H, W), values in [-1, 1]
        The maps that made it.

    Returns
    -------
    Tensor, shape (N, C, H, W), values in [0, 1]
    """
    for alpha in reversed(alphas.unbind(1)):
        root = ((1 + alpha) ** 2 - 4 * alpha * image).clamp_(min=0).sqrt_()
        image = torch.where(image > 0, 2 * image / (1 + alpha + root), image)
    return image


def trim_exposure(image: Tensor, stops: float) -> Tensor:
    """Make an image brighter or darker by photographic stops; black and white stay.

    ``g(x) = k x / (1 + (k - 1) x)`` with ``k = 2^stops``: it multiplies shadows by k, is monotone
    and keeps 0 and 1, as the curves do. Trims add up, and ``-stops`` undoes ``stops``, because the
    odds ``x / (1 - x)`` are multiplied by k.

    Parameters
    ----------
    image : Tensor, any shape, values in [0, 1]
    stops : float

    Returns
    -------
    Tensor, shape of `image`, values in [0, 1]
    """
    if stops == 0:
        return image
    # 1/g = 1 + (1/x - 1) / k. Each of these steps is monotone in floating point too, and exact for
    # 0 and 1. The formula above would turn 1 into 0.9999999 and swap the order of close values.
    inverse: Tensor = image.reciprocal().sub_(1).mul_(2.0**-stops).add_(1)
    return inverse.reciprocal_()


def exposure_slope(image: Tensor, stops: float) -> Tensor:
    """Return the slope of `trim_exposure`, ``g'(x) = k / (1 + (k - 1) x)^2``.

    Parameters
    ----------
    image : Tensor, any shape, values in [0, 1]
        The input of `trim_exposure`.
    stops : float

    Returns
    -------
    Tensor, shape of `image`
    """
    factor = 2.0**stops
    slope: Tensor = factor / (image * (factor - 1) + 1) ** 2
    return slope
