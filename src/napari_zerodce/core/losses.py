"""The losses that need no reference images: they use the input, the result and the maps.

If the papers and the published code differ, the losses follow the published code, because it
trained the published weights. Its mistakes, noted below, are corrected.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_zerodce.core.smoothness import smoothness

REGION = 4
"""Side in pixels of the regions whose contrast should stay (CVPR 2020, section 3.3: 4 x 4)."""

PATCH = 16
"""Side in pixels of the patches whose brightness is measured (CVPR 2020, section 3.3: 16 x 16)."""

WELL_EXPOSED = 0.6
"""The exposure target E (CVPR 2020, section 3.3); the paper saw little change from 0.4 to 0.7."""

DIM_FOREGROUND = 0.4
"""The exposure target for fluorescence, lower than for photos: noise is brightened too."""


_SMALLEST_WEIGHT = 1e-6


def spatial_consistency(image: Tensor, enhanced: Tensor, *, region: int = REGION) -> Tensor:
    """Measure how much the contrast between neighbouring regions changed.

    ``(1/K) sum_i sum_{j in 4-neighbours of i} ((Y_i - Y_j) - (I_i - I_j))^2`` over K regions
    (CVPR 2020, equation 5). The paper compares absolute differences. Here, as in the published
    code, they keep their sign, so that an inverted contrast costs too. The published code also
    compares regions at the border with zeros outside, which penalises any brightening there. Here,
    as in the paper, only neighbours inside the image count.

    Parameters
    ----------
    image, enhanced : Tensor, shape (N, C, H, W), values in [0, 1]
    region : int
        Side of a region in pixels. A region at the border is the mean of its pixels in the image.

    Returns
    -------
    Tensor, scalar, >= 0
    """
    change = _region_means(enhanced, region) - _region_means(image, region)
    down = (change[..., 1:, :] - change[..., :-1, :]).square().sum()
    across = (change[..., 1:] - change[..., :-1]).square().sum()
    # Each pair of neighbours counts twice, once from each side.
    return 2 * (down + across) / change.numel()


def exposure(enhanced: Tensor, *, target: float = WELL_EXPOSED, patch: int = PATCH) -> Tensor:
    """Measure how far the brightness of patches is from the target.

    ``(1/M) sum_k (Y_k - E)^2`` over M patches (CVPR 2020, equation 6). The paper takes the absolute
    difference. Here, as in the published code, it is the square: it weights the darkest patches
    most, and its gradient vanishes at the target.

    Parameters
    ----------
    enhanced : Tensor, shape (N, C, H, W), values in [0, 1]
    target : float in [0, 1]
    patch : int
        Side of a patch in pixels; a patch at the border is the mean of its pixels in the image.

    Returns
    -------
    Tensor, scalar, >= 0
    """
    return (_region_means(enhanced, patch) - target).square().mean()


def exposure_of_foreground(
    image: Tensor,
    enhanced: Tensor,
    *,
    background: Tensor,
    target: float = DIM_FOREGROUND,
    patch: int = PATCH,
) -> Tensor:
    """Measure how far patches are from their targets if the background should stay dark.

    ``(1/M) sum_k (Y_k - E_k)^2`` over M patches: equation 6 of CVPR 2020 with a target for each
    patch. A patch whose brightness I_k in the image is at most that of the background should keep
    it (E_k = I_k); all other patches should reach the target (E_k = E). With one target for all
    patches, as in the papers, the black between fluorescent cells becomes grey.

    Parameters
    ----------
    image, enhanced : Tensor, shape (N, C, H, W), values in [0, 1]
    background : Tensor, shape (N,)
        Largest brightness of a background patch, for each image.
    target : float in [0, 1]
    patch : int
        Side of a patch in pixels; a patch at the border is the mean of its pixels in the image.

    Returns
    -------
    Tensor, scalar, >= 0
    """
    before = _region_means(image, patch)
    is_background = before <= background.to(before).reshape(-1, 1, 1, 1)
    goal = torch.where(is_background, before, target)
    return (_region_means(enhanced, patch) - goal).square().mean()


def exposure_of_goal(
    enhanced: Tensor, goal: Tensor, weight: Tensor, *, patch: int = PATCH
) -> Tensor:
    """Measure how far patches are from a brightness that differs from place to place.

    ``sum_k w_k (Y_k - E_k)^2 / sum_k w_k`` over patches: equation 6 of CVPR 2020 with a target for
    each patch, so that what is bright already stays, and dark objects stay darker than bright ones.
    Y_k and E_k are means of the result and of the goal, weighted by the pixels' weights, so that
    the background between thin structures does not count.

    Parameters
    ----------
    enhanced : Tensor, shape (N, C, H, W), values in [0, 1]
    goal : Tensor, shape (N, 1, H, W), values in [0, 1]
    weight : Tensor, shape (N, 1, H, W), values >= 0
    patch : int
        Side of a patch in pixels; a patch at the border is the mean of its pixels in the image.

    Returns
    -------
    Tensor, scalar, >= 0
        0 if no pixel has a weight.
    """
    total = _region_means(weight, patch)
    reached = _region_means(enhanced.mean(1, keepdim=True) * weight, patch)
    wanted = _region_means(goal * weight, patch)
    # (reached - wanted) is w_k (Y_k - E_k); a patch without weight has no mean, and counts 0.
    distance = (reached - wanted).square() / total.clamp(min=_SMALLEST_WEIGHT)
    return distance.sum() / total.sum().clamp(min=_SMALLEST_WEIGHT)


def background_noise(image: Tensor, enhanced: Tensor, background: Tensor) -> Tensor:
    """Measure how much curves change the background, where the image holds nothing but noise.

    ``sum_p b_p (LE(I_p) - I_p)^2 / sum_p b_p``. Pixels count one by one, and not as patches: the
    mean of a patch would hide that noise is amplified.

    Parameters
    ----------
    image, enhanced : Tensor, shape (N, C, H, W), values in [0, 1]
    background : Tensor, shape (N, 1, H, W), values in [0, 1]
        1 at background pixels.

    Returns
    -------
    Tensor, scalar, >= 0
    """
    change = ((enhanced - image).square() * background).mean(1, keepdim=True)
    return change.sum() / background.sum().clamp(min=1)


def colour_constancy(enhanced: Tensor) -> Tensor:
    """Measure how far each image's average colour is from grey.

    ``sqrt(Drg^4 + Drb^4 + Dgb^4)``, averaged over the batch, with D the difference of two channels'
    means. The paper (CVPR 2020, equation 7) has the sum of squares; the published code takes the
    root of the sum of fourth powers, which has the same degree and favours no pair. For grey, its
    gradient is 0/0 there; here it is 0, the limit.

    Parameters
    ----------
    enhanced : Tensor, shape (N, 3, H, W), values in [0, 1]

    Returns
    -------
    Tensor, scalar, >= 0
    """
    means = enhanced.mean(dim=(-2, -1))
    fourth_powers = (means - means.roll(1, dims=1)).pow(4).sum(dim=1)
    coloured = fourth_powers > torch.finfo(fourth_powers.dtype).tiny
    # The inner `where` keeps the root's infinite slope out of the graph, the outer gives the value.
    root = torch.where(coloured, fourth_powers, 1.0).sqrt()
    return torch.where(coloured, root, 0.0).mean()


def channel_agreement(alphas: Tensor) -> Tensor:
    """Measure how much the curves of the three channels differ at each pixel.

    ``<(A_c - <A>_c)^2>``, the variance over the channels, averaged over all pixels and iterations.
    This loss is not from the papers. It replaces colour constancy if all photos have the same
    colour: the average of a forest is green, and to make it grey the network would make leaves
    cyan. Equal curves move no hue across the grey axis, whatever the colours of the photos.

    Parameters
    ----------
    alphas : Tensor, shape (N, iterations, 3, H, W), values in [-1, 1]

    Returns
    -------
    Tensor, scalar, >= 0
    """
    return (alphas - alphas.mean(dim=2, keepdim=True)).square().mean()


def illumination_smoothness(alphas: Tensor) -> Tensor:
    """Measure how much curve parameter maps change from pixel to pixel.

    ``2 sum_{n, c} (mean (dx A)^2 + mean (dy A)^2)``, averaged over the batch. This is the published
    code, which sums over all maps. So its weight is 200 for the 24 maps of Zero-DCE and 1600 for
    the 3 maps of Zero-DCE++. The paper (CVPR 2020, equation 8) averages over the iterations and
    squares ``|dx A| + |dy A|``, which depends on the direction of an edge.

    Parameters
    ----------
    alphas : Tensor, shape (N, iterations, C, H, W), values in [-1, 1]
        For Zero-DCE++ pass its single map, ``alphas[:, :1]``, not the eight views of it.

    Returns
    -------
    Tensor, scalar, >= 0
    """
    return smoothness(alphas)


def _region_means(image: Tensor, side: int) -> Tensor:
    """Return the brightness (mean of the channels) of regions, shape (N, 1, rows, columns)."""
    brightness = image.mean(dim=1, keepdim=True)
    return functional.avg_pool2d(brightness, side, ceil_mode=True)


class SpatialConsistency(nn.Module):
    """`spatial_consistency` as a module.

    Parameters
    ----------
    region : int
        Side of a region in pixels.
    """

    def __init__(self, *, region: int = REGION) -> None:
        super().__init__()
        self.region = region

    def forward(self, image: Tensor, enhanced: Tensor) -> Tensor:
        """Compare an image with its result.

        Parameters
        ----------
        image, enhanced : Tensor, shape (N, C, H, W), values in [0, 1]
        """
        return spatial_consistency(image, enhanced, region=self.region)


class Exposure(nn.Module):
    """`exposure` as a module, or `exposure_of_foreground` if a background is given.

    Parameters
    ----------
    target : float in [0, 1]
    patch : int
        Side of a patch in pixels.
    """

    def __init__(self, *, target: float = WELL_EXPOSED, patch: int = PATCH) -> None:
        super().__init__()
        self.target = target
        self.patch = patch

    def forward(self, image: Tensor, enhanced: Tensor, background: Tensor | None = None) -> Tensor:
        """Measure enhanced images.

        Parameters
        ----------
        image, enhanced : Tensor, shape (N, C, H, W), values in [0, 1]
        background : Tensor, shape (N,), optional
            As in `exposure_of_foreground`.
        """
        if background is None:
            return exposure(enhanced, target=self.target, patch=self.patch)
        return exposure_of_foreground(
            image, enhanced, background=background, target=self.target, patch=self.patch
        )


class ColourConstancy(nn.Module):
    """`colour_constancy` as a module."""

    def forward(self, enhanced: Tensor) -> Tensor:
        """Measure enhanced images of shape (N, 3, H, W)."""
        return colour_constancy(enhanced)
