"""The quantity that training minimises: the losses of a network's curves, times their weights."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_zerodce.core import losses
from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.networks import CurveNetwork
from napari_zerodce.core.smoothness import smoothness
from napari_zerodce.core.thumbnails import enlarge_to, thumbnail
from napari_zerodce.training.config import TrainingConfig


def estimate(network: CurveNetwork, image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the curve parameters of images, and the maps for the smoothness loss.

    Parameters
    ----------
    network : CurveNetwork
    image : Tensor, shape (N, 3 or 1, H, W), values in [0, 1]
        The network gets a mono image as three equal channels, and the image gets the mean of the
        three curves.

    Returns
    -------
    alphas : Tensor, shape (N, 8, 3 or 1, H, W), values in [-1, 1]
    maps : Tensor, shape (N, 8 or 1, 3, h, w), values in [-1, 1]
        As the network estimates them, at the size of the thumbnail if there is one. Enlarged maps
        are linear between the pixels of the thumbnail, so the smoothness is measured there.
    """
    scale = network.scale_factor
    maps = network.estimate_maps(thumbnail(image.expand(-1, 3, -1, -1), scale)).float()
    alphas = enlarge_to(maps, scale, image.shape)
    if image.shape[1] == 1:
        alphas = alphas.mean(2, keepdim=True)
    return alphas.expand(-1, ITERATIONS, -1, -1, -1), maps


def weighted_losses(
    config: TrainingConfig,
    image: Tensor,
    alphas: Tensor,
    maps: Tensor,
    *,
    background: Tensor | None = None,
    goals: tuple[Tensor, Tensor] | None = None,
) -> dict[str, Tensor]:
    """Return the losses by name, each times its weight; mono images have no losses of colour.

    Parameters
    ----------
    config : TrainingConfig
    image : Tensor, shape (N, 3 or 1, H, W), values in [0, 1]
    alphas, maps : Tensor
        As `estimate` returns them.
    background : Tensor, shape (N,), optional
        Patches up to this brightness are background and should stay unchanged.
    goals : tuple of Tensor, shapes (N, 1, H, W), optional
        The brightness that each pixel should reach, and its weight; 0 for background.
    """
    enhanced = apply_curves(image, alphas)
    weights = config.weights
    terms = {
        "spatial": weights.spatial * losses.spatial_consistency(image, enhanced),
        "exposure": weights.exposure * _exposure(config, image, enhanced, background, goals),
        "smoothness": weights.smoothness_for(config.architecture)
        * smoothness(maps, config.smoothness, image=image),
    }
    if goals is not None and weights.background:
        is_background = (goals[1] == 0).to(image)
        noise = losses.background_noise(image, enhanced, is_background)
        terms["background"] = weights.background * noise
    if image.shape[1] == 3:
        terms["colour"] = weights.colour * losses.colour_constancy(enhanced)
        if weights.channels:
            terms["channels"] = weights.channels * losses.channel_agreement(alphas)
    return terms


def _exposure(
    config: TrainingConfig,
    image: Tensor,
    enhanced: Tensor,
    background: Tensor | None,
    goals: tuple[Tensor, Tensor] | None,
) -> Tensor:
    if goals is not None:
        return losses.exposure_of_goal(enhanced, *goals, patch=config.patch)
    brightness = losses.Exposure(target=config.target, patch=config.patch)
    found: Tensor = brightness(image, enhanced, background)
    return found


def total_of(terms: dict[str, Tensor]) -> Tensor:
    """Return the sum of losses, which training minimises."""
    return torch.stack(list(terms.values())).sum()
