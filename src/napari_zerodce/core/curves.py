"""How curve-parameter maps turn one image into another (Zero-DCE, CVPR 2020, section 3.1)."""

from __future__ import annotations

from torch import Tensor, addcmul


def apply_curves(image: Tensor, alphas: Tensor) -> Tensor:
    """Apply the light-enhancement curve once for each iteration of the maps.

    ``LE_n(x) = LE_{n-1}(x) + A_n(x) LE_{n-1}(x) (1 - LE_{n-1}(x))`` (CVPR 2020, equation 3).
    Each step is monotone and keeps 0 and 1 where they are, for any map in [-1, 1].

    Parameters
    ----------
    image : Tensor, shape (N, C, H, W), values in [0, 1]
    alphas : Tensor, shape (N, iterations, C or 1, H, W), values in [-1, 1]
        Maps in the paper's sign: positive brightens. Dimensions of size 1 broadcast.

    Returns
    -------
    Tensor, shape (N, C, H, W), values in [0, 1]
    """
    for alpha in alphas.unbind(1):
        # x + A (x - x^2): two fused passes over memory instead of four.
        image = addcmul(image, alpha, addcmul(image, image, image, value=-1.0))
    return image
