"""A small network fitted to one image, in the way of CoLIE: a method to compare with.

The idea is that of Chobola et al., "Fast Context-Based Low-Light Image Enhancement via Neural
Implicit Representations" (ECCV 2024): with the Retinex model y = x z, a multilayer perceptron with
sine activations gets a pixel's coordinates and the pixels round it, and returns what to add to the
brightness y to have the illumination x. Four losses of that image alone fit it: fidelity of x to y,
exposure of x, total variation of x, and sparsity of the result z = y / x. The fit is on a small
copy; a guided filter brings the illumination back to full size, and z is divided by its maximum.

This is not the authors' code and does not give their numbers. The weights of the losses are their
default ones; the perceptron is narrower, the copy smaller, the guided filter our own, and the
learning rate higher, so that 100 steps come near the minimum (measured: 1e-4 and 3e-4 end at the
same loss; 1e-3 does not). A row of a table that names it says what methods of this kind do, not
what the published one does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter, zoom
from torch import Tensor, nn
from torch.nn import functional

STEPS = 100
SIDE = 128
"""Longest side of the small copy."""

CONTEXT = 7
HIDDEN = 64
FREQUENCY = 30.0
LEARNING_RATE = 3e-4
FIDELITY, VARIATION, EXPOSURE, SPARSITY = 1.0, 20.0, 8.0, 5.0
TARGET = 0.5
"""Wanted square root of the illumination of a patch."""

PATCH = 16
RADIUS, SMOOTHNESS = 1, 1e-4
"""Of the guided filter."""

_DARKEST = 1e-4

Plane = NDArray[np.float32]


class Illumination(nn.Module):
    """What to add to the brightness of pixels to have their illumination."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.context = _sine_layer(CONTEXT**2, HIDDEN, generator, first=True)
        self.place = _sine_layer(2, HIDDEN, generator, first=True)
        self.joint = _sine_layer(2 * HIDDEN, HIDDEN, generator)
        self.last = _sine_layer(HIDDEN, 1, generator)

    def forward(self, context: Tensor, place: Tensor) -> Tensor:
        """Return shape (pixels, 1) for contexts (pixels, 49) and coordinates (pixels, 2)."""
        features = [
            torch.sin(FREQUENCY * self.context(context)),
            torch.sin(FREQUENCY * self.place(place)),
        ]
        joint = torch.sin(FREQUENCY * self.joint(torch.cat(features, dim=1)))
        found: Tensor = self.last(joint)
        return found


def fit_and_enhance(brightness: NDArray[Any], *, steps: int = STEPS, seed: int = 0) -> Plane:
    """Return a brighter plane.

    Parameters
    ----------
    brightness : ndarray, shape (H, W), values in [0, 1]
        A mono image, or the V of a photo in HSV.
    steps : int
    seed : int
        Of the perceptron's first weights.
    """
    full = brightness.astype(np.float32)
    small = _shrunk(full)
    illumination = _fitted(torch.from_numpy(small.copy())[None, None], steps, seed)
    light = _guided(small, illumination, full)
    result = (full / light.clip(_DARKEST)).clip(0, 1)
    return np.asarray(result / max(float(result.max()), _DARKEST))


def _fitted(small: Tensor, steps: int, seed: int) -> Plane:
    height, width = small.shape[-2:]
    generator = torch.Generator().manual_seed(seed)
    network = Illumination(generator)
    context = functional.unfold(
        functional.pad(small, [CONTEXT // 2] * 4, mode="replicate"), CONTEXT
    )[0].T
    rows, columns = torch.meshgrid(
        torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    place = torch.stack([rows.ravel(), columns.ravel()], dim=1)
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, weight_decay=3e-4)

    def illumination() -> Tensor:
        added = network(context, place).T.reshape(1, 1, height, width)
        return (small + added).clamp(_DARKEST, 1)

    for _ in range(steps):
        optimizer.zero_grad()
        loss(illumination(), small).backward()
        optimizer.step()
    with torch.no_grad():
        return illumination()[0, 0].numpy()


def loss(illumination: Tensor, brightness: Tensor) -> Tensor:
    """Return the sum of the four losses, both arguments of shape (1, 1, H, W)."""
    rows = illumination.diff(dim=-2).square().mean() if illumination.shape[-2] > 1 else 0
    columns = illumination.diff(dim=-1).square().mean() if illumination.shape[-1] > 1 else 0
    patches = functional.avg_pool2d(illumination, PATCH, ceil_mode=True, count_include_pad=False)
    total: Tensor = (
        FIDELITY * (illumination - brightness).square().mean()
        + VARIATION * (rows + columns)
        + EXPOSURE * (patches.sqrt() - TARGET).square().mean()
        + SPARSITY * (brightness / illumination).mean()
    )
    return total


def _sine_layer(
    inputs: int, outputs: int, generator: torch.Generator, *, first: bool = False
) -> nn.Linear:
    """Return a layer with the first weights of Sitzmann et al. (2020), section 3.2."""
    layer = nn.Linear(inputs, outputs)
    bound = 1 / inputs if first else float(np.sqrt(6 / inputs)) / FREQUENCY
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-bound, bound, generator=generator)
    return layer


def _shrunk(full: Plane) -> Plane:
    factor = -(-max(full.shape) // SIDE)
    if factor == 1:
        return full
    height, width = (-(-side // factor) * factor for side in full.shape)
    padded = np.pad(full, ((0, height - full.shape[0]), (0, width - full.shape[1])), "edge")
    blocks = padded.reshape(height // factor, factor, width // factor, factor)
    return np.ascontiguousarray(blocks.mean(axis=(1, 3)))


def _guided(small: Plane, illumination: Plane, full: Plane) -> Plane:
    """Return the illumination at full size: locally a line of the brightness (He et al. 2013)."""
    window = 2 * RADIUS + 1
    mean, light = uniform_filter(small, window), uniform_filter(illumination, window)
    covariance = uniform_filter(small * illumination, window) - mean * light
    slope = covariance / (uniform_filter(small**2, window) - mean**2 + SMOOTHNESS)
    offset = light - slope * mean
    slope, offset = (_enlarged(uniform_filter(each, window), full) for each in (slope, offset))
    return np.asarray(slope * full + offset)


def _enlarged(small: Plane, full: Plane) -> Plane:
    if small.shape == full.shape:
        return small
    factor = -(-max(full.shape) // SIDE)
    large = zoom(small, factor, order=1, mode="nearest", grid_mode=True)
    return np.asarray(large[: full.shape[0], : full.shape[1]])
