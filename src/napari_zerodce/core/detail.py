"""The limit to the gain of detail: curves brighten a smooth base more than the noise on it."""

from __future__ import annotations

from typing import Final

from napari_zerodce.core.arrays import Array, is_numpy, namespace
from napari_zerodce.core.guided_filter import RADIUS, guided_filter
from napari_zerodce.core.memory_order import aligned_like

BASE_RADIUS: Final = RADIUS

BASE_EPSILON: Final = 1e-4
"""The guided filter's epsilon: contrasts of up to about its root, 0.01, count as detail."""

BASE_HALO: Final = 2 * BASE_RADIUS
"""The halo of the base in pixels: the filter averages twice."""


def edge_preserving_base(image: Array) -> Array:
    """Smooth an image but not across its edges, by a guided filter; each channel is its own guide.

    K. He, J. Sun, X. Tang: Guided Image Filtering, ECCV 2010, equations 5, 6 and 8 with p = I.

    Parameters
    ----------
    image : array, shape (N, C, H, W), values in [0, 1]

    Returns
    -------
    array, shape (N, C, H, W), values in [0, 1]
    """
    if is_numpy(image):
        return guided_filter(image, BASE_EPSILON)
    mean = _box(image)
    variance = (_box(image * image) - mean * mean).clamp_(min=0)  # negative only by rounding
    a = variance / (variance + BASE_EPSILON)
    b = mean - a * mean
    return namespace(image).addcmul(_box(b), _box(a), image).clamp_(0, 1)


def limit_detail_gain(
    image: Array, base: Array, curved: Array, curved_base: Array, limit: float
) -> Array:
    """Amplify detail, the difference between an image and its base, at most `limit` times.

    With f a pixel's curve, x its value and b its base, the detail x - b becomes f(x) - f(b). The
    result is ``f(b) + sign(x - b) min(|f(x) - f(b)|, limit |x - b|)``: f(x) if the curve is gentle.
    It is never beyond f(b) and f(x), so nothing is clipped.

    Parameters
    ----------
    image, base, curved, curved_base : array, shape (N, C, H, W), values in [0, 1]
        x, b, f(x) and f(b); f is monotone.
    limit : float
        0 or more. 0 removes all detail.

    Returns
    -------
    array, shape (N, C, H, W), values in [0, 1]
    """
    module = namespace(image)
    most, end = (aligned_like(image), aligned_like(image)) if is_numpy(image) else (None, None)
    most = module.subtract(image, base, out=most)
    most = module.abs(most, out=most)
    # An infinite factor in float32 would turn a detail of 0 into NaN.
    most *= min(limit, float(module.finfo(image.dtype).max))
    # Not f(b) plus a clamped difference, which would round f(x) even if the curve is gentle.
    end = module.add(curved_base, most, out=end)
    limited = module.minimum(curved, end, out=end)
    end = module.subtract(curved_base, most, out=most)
    return module.maximum(limited, end, out=limited)


def _box(image: Array) -> Array:
    """Return the mean of a tensor over each pixel's window; only pixels inside the image count."""
    from torch.nn import functional

    side, radius = 2 * BASE_RADIUS + 1, BASE_RADIUS
    rows = functional.avg_pool2d(
        image, (side, 1), stride=1, padding=(radius, 0), count_include_pad=False
    )
    return functional.avg_pool2d(
        rows, (1, side), stride=1, padding=(0, radius), count_include_pad=False
    )
