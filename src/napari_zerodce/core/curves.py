"""Curves applied to images, and their steps, gains and inverse (CVPR 2020, section 3.1).

Images and maps are NumPy arrays or PyTorch tensors; torch follows its gradients through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.core.arrays import Array, distinct, each_along, is_numpy, namespace, repeats_one
from napari_zerodce.core.memory_order import aligned_like


def apply_curves(image: Array, alphas: Array, *, strength: float = 1.0) -> Array:
    """Apply the light-enhancement curve once for each iteration of the maps.

    ``LE_n(x) = LE_{n-1}(x) + A_n(x) LE_{n-1}(x) (1 - LE_{n-1}(x))`` (CVPR 2020, equation 3).
    For any map in [-1, 1], each step is monotone and keeps 0 and 1.

    Parameters
    ----------
    image : array, shape (N, C, H, W), values in [0, 1]
    alphas : array, shape (N, iterations, C or 1, H, W), values in [-1, 1]
        Maps in the paper's sign: positive values brighten. Dimensions of size 1 broadcast.
    strength : float
        Factor for the maps. The products must be in [-1, 1]; if they may exceed that range, use
        `adjust_alphas` first.

    Returns
    -------
    array, shape (N, C, H, W), values in [0, 1]
    """
    if is_numpy(image):
        return _curved_in_place(image, _scaled(alphas, strength))
    for alpha in each_along(alphas, 1):
        image = _curved_once(image, alpha, strength)
    return image


def _scaled(alphas: NDArray[Any], strength: float) -> Iterator[NDArray[Any]]:
    """Yield the maps times the strength; one that serves all iterations is multiplied once."""
    if repeats_one(alphas, 1):
        alpha = alphas[:, 0]
        yield from [alpha if strength == 1 else alpha * strength] * alphas.shape[1]
        return
    for alpha in each_along(alphas, 1):
        yield alpha if strength == 1 else alpha * strength


def _curved_once(image: Array, alpha: Array, strength: float = 1.0) -> Array:
    """Return x + s A (x - x^2); in torch, in two fused passes over memory instead of four."""
    if is_numpy(image):
        return _curved_in_place(image, [alpha])
    addcmul = namespace(image).addcmul
    return addcmul(image, alpha, addcmul(image, image, image, value=-1.0), value=strength)


def _curved_in_place(image: NDArray[Any], alphas: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Return an image after steps of ``x + A (x - x^2)``, with memory for two images.

    With v = A x, a step ``v (1 + A - v)`` is two operations instead of four, and the whole of
    `enhance` hardly quicker; but its rounding swaps close values (16 bits, 7 levels of 65,536).
    """
    change, curved = aligned_like(image), aligned_like(image)
    for alpha in alphas:
        np.multiply(image, image, out=change)
        np.subtract(image, change, out=change)
        change *= alpha
        curved = image = np.add(image, change, out=curved)
    return image


def adjust_alphas(alphas: Array, *, strength: float = 1.0, iterations: int | None = None) -> Array:
    """Return the maps of a weaker or stronger look: ``A' = clamp(strength A, -1, 1)``.

    Any map in [-1, 1] gives a monotone curve (CVPR 2020, section 3.1), so adjusted maps do too.

    Parameters
    ----------
    alphas : array, shape (N, iterations, C, H, W), values in [-1, 1]
        A map that is repeated for all iterations, as from Zero-DCE++, is not copied.
    strength : float
        0 or more. 0 gives the image itself, 1 the curves as estimated.
    iterations : int, optional
        Number of maps to keep, from the first one; by default all.

    Returns
    -------
    array, shape (N, iterations, C, H, W), values in [-1, 1]
    """
    alphas = alphas[:, :iterations]
    if strength == 1:
        return alphas
    module = namespace(alphas)
    adjusted = module.clip(distinct(alphas, 1) * strength, -1, 1)
    return module.broadcast_to(adjusted, alphas.shape)


def curve_steps(image: Array, alphas: Array) -> Array:
    """Return the image after each iteration, LE_1 .. LE_n of CVPR 2020, equation 3.

    Parameters
    ----------
    image : array, shape (N, C, H, W), values in [0, 1]
    alphas : array, shape (N, iterations, C or 1, H, W), values in [-1, 1]

    Returns
    -------
    array, shape (N, iterations, C, H, W), values in [0, 1]
    """
    steps = []
    for alpha in each_along(alphas, 1):
        image = _curved_once(image, alpha)
        steps.append(image)
    return namespace(image).stack(steps, 1)


def curve_gains(image: Array, alphas: Array) -> Array:
    """Return how many times brighter each pixel is after each iteration, ``LE_n(x) / x``.

    Each iteration multiplies by ``1 + A_n (1 - LE_{n-1}(x))``: equation 3 of CVPR 2020 divided by
    LE_{n-1}(x). Their product needs no division, and for x = 0 it is the limit.

    Parameters
    ----------
    image : array, shape (N, C, H, W), values in [0, 1]
    alphas : array, shape (N, iterations, C or 1, H, W), values in [-1, 1]

    Returns
    -------
    array, shape (N, iterations, C, H, W), values in [0, 2**iterations]
    """
    return _products(image, alphas, 1.0)


def curve_slopes(image: Array, alphas: Array) -> Array:
    """Return the slope of each pixel's composed curve after each iteration: its noise gain.

    By the chain rule, ``dLE_n/dx = prod_{m<=n} (1 + A_m (1 - 2 LE_{m-1}(x)))``. A small deviation
    of x, such as noise, is multiplied by it. The maps count as fixed: each value depends on 15x15
    pixels, so the noise of one pixel changes it little.

    Parameters
    ----------
    image : array, shape (N, C, H, W), values in [0, 1]
    alphas : array, shape (N, iterations, C or 1, H, W), values in [-1, 1]

    Returns
    -------
    array, shape (N, iterations, C, H, W), values in [0, 2**iterations]
    """
    return _products(image, alphas, 2.0)


def _products(image: Array, alphas: Array, weight: float) -> Array:
    """Return the products, after each iteration, of ``1 + A_m (1 - weight LE_{m-1}(x))``."""
    module = namespace(image)
    product, products = module.ones_like(image), []
    for alpha in each_along(alphas, 1):
        product = product * (alpha + 1 - alpha * image * weight)
        image = _curved_once(image, alpha)
        products.append(product)
    return module.stack(products, 1)


def invert_curves(image: Array, alphas: Array) -> Array:
    """Undo `apply_curves`: solve equation 3 of CVPR 2020 for LE_{n-1}, the last iteration first.

    ``x = 2 y / (1 + A + sqrt((1 + A)^2 - 4 A y))``, the root in [0, 1]. This form is also accurate
    for A near 0.

    Parameters
    ----------
    image : array, shape (N, C, H, W), values in [0, 1]
        The result of `apply_curves`.
    alphas : array, shape (N, iterations, C or 1, H, W), values in [-1, 1]
        The maps that made it.

    Returns
    -------
    array, shape (N, C, H, W), values in [0, 1]
    """
    module = namespace(image)
    for alpha in reversed(each_along(alphas, 1)):
        root = module.sqrt(module.clip((1 + alpha) ** 2 - 4 * alpha * image, 0, None))
        with np.errstate(invalid="ignore"):  # of black with A = -1, 0 / 0, which is not used
            image = module.where(image > 0, 2 * image / (1 + alpha + root), image)
    return image


def trim_exposure(image: Array, stops: float) -> Array:
    """Make an image brighter or darker by photographic stops; black and white stay.

    ``g(x) = k x / (1 + (k - 1) x)`` with ``k = 2^stops``: it multiplies shadows by k, is monotone
    and keeps 0 and 1, as the curves do. Trims add up, and ``-stops`` undoes ``stops``, because the
    odds ``x / (1 - x)`` are multiplied by k.

    Parameters
    ----------
    image : array, any shape, values in [0, 1]
    stops : float

    Returns
    -------
    array, shape of `image`, values in [0, 1]
    """
    if stops == 0:
        return image
    # 1/g = 1 + (1/x - 1) / k. Each of these steps is monotone in floating point too, and exact for
    # 0 and 1. The formula above would turn 1 into 0.9999999 and swap the order of close values.
    with np.errstate(divide="ignore", over="ignore"):  # black: its inverse is infinite
        inverse = 1 / image
        inverse -= 1
        inverse *= 2.0**-stops
        inverse += 1
        return 1 / inverse


def exposure_slope(image: Array, stops: float) -> Array:
    """Return the slope of `trim_exposure`, ``g'(x) = k / (1 + (k - 1) x)^2``.

    Parameters
    ----------
    image : array, any shape, values in [0, 1]
        The input of `trim_exposure`.
    stops : float

    Returns
    -------
    array, shape of `image`
    """
    factor = 2.0**stops
    return factor / (image * (factor - 1) + 1) ** 2
