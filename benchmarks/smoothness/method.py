"""What turns a dark photograph into a bright one: a trained network, as it is or changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from scipy.ndimage import gaussian_filter
from scipy.optimize import brentq
from torch import Tensor

from napari_zerodce.core.architectures import ARCHITECTURES, Architecture
from napari_zerodce.core.curves import adjust_alphas, apply_curves
from napari_zerodce.core.detail import edge_preserving_base, limit_detail_gain
from napari_zerodce.core.networks import CurveNetwork, make_network

SMOOTHING = 15.0
DETAIL_LIMIT = 2.0
MOST_STRENGTH = 64.0

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Method:
    """A network, and the name of the arm that says what else happens."""

    network: CurveNetwork
    arm: str
    device: str

    def maps(self, picture: Picture) -> Tensor:
        """Return the maps of a picture of shape (H, W, 3)."""
        with torch.no_grad():
            alphas = self.network(tensor_of(picture, self.device))
        if self.arm == "constant-maps":
            return alphas.mean((-2, -1), keepdim=True).expand_as(alphas).contiguous()
        if self.arm == "maps-smoothed":
            return self._smoothed(alphas)
        return alphas

    def _smoothed(self, alphas: Tensor) -> Tensor:
        distinct = alphas[:, : self.network.maps].cpu().numpy()
        soft = gaussian_filter(distinct, SMOOTHING, axes=(-2, -1), mode="nearest", truncate=3)
        return torch.from_numpy(soft).to(self.device).expand_as(alphas)

    def render(self, picture: Picture, alphas: Tensor, strength: float) -> Picture:
        """Return a picture under maps times a strength; not denoised."""
        image, maps = tensor_of(picture, self.device), adjust_alphas(alphas, strength=strength)
        curved = apply_curves(image, maps)
        if self.arm == "detail-limit-2":
            base = edge_preserving_base(image)
            curved_base = apply_curves(base, maps)
            curved = limit_detail_gain(image, base, curved, curved_base, DETAIL_LIMIT)
        return picture_of(curved)

    def finish(self, picture: Picture) -> Picture:
        """Return a result, denoised if that is the arm."""
        if self.arm != "non-local-means":
            return picture
        from skimage.restoration import denoise_nl_means

        denoised = denoise_nl_means(
            picture, patch_size=5, patch_distance=6, h=0.06, channel_axis=-1, fast_mode=True
        )
        return denoised.astype(np.float32)

    def matched_strength(self, picture: Picture, alphas: Tensor, mean: float) -> float:
        """Return the strength that gives the result a mean brightness, or NaN if none does."""

        def brightness(strength: float) -> float:
            return float(self.render(picture, alphas, strength).mean(dtype=np.float64))

        return strength_for(brightness, mean)


def strength_for(brightness: Callable[[float], float], mean: float) -> float:
    """Return where a function that increases from 0 reaches a mean, up to a strength of 64."""
    if brightness(0.0) > mean:
        return float("nan")
    high = 2.0
    while brightness(high) < mean:
        high *= 2
        if high > MOST_STRENGTH:
            return float("nan")
    root: float = brentq(lambda strength: brightness(strength) - mean, 0.0, high, xtol=1e-3)
    return root


def load_method(weights: Path, architecture: Architecture, arm: str, device: str) -> Method:
    """Return the method of trained weights, Zero-DCE++ at the scale factor of its use."""
    network = make_network(architecture, ARCHITECTURES[architecture].default_scale_factor)
    network.load_state_dict(load_file(weights))
    network = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Method(network.eval(), arm, device)


def tensor_of(picture: Picture, device: str) -> Tensor:
    """Return a picture of shape (H, W, 3) as a tensor of shape (1, 3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None].to(device)


def picture_of(tensor: Tensor) -> Picture:
    """Return a tensor of shape (1, 3, H, W) as a picture of shape (H, W, 3)."""
    picture: Picture = tensor[0].permute(1, 2, 0).cpu().numpy()
    return picture
