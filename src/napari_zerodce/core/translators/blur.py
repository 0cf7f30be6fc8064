"""Changes of resolution with a fixed blur against aliasing, as in the networks of CUT."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


def _blur(features: int, *weights: int, gain: int = 1) -> Tensor:
    """Return a separable filter for each feature, shape (features, 1, n, n), sum `gain`."""
    square = np.outer(weights, weights)
    # NumPy computes it: on the device "meta", the first product or repetition loads torch's
    # compiler, which takes 3 seconds.
    filters = np.tile(gain * square / square.sum(), (features, 1, 1, 1))
    return torch.tensor(filters.tolist())


class BlurredHalving(nn.Module):
    """Blurs with [1, 2, 1] and keeps every second pixel (Zhang, ICML 2019).

    Parameters
    ----------
    features : int
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.filt: Tensor
        self.register_buffer("filt", _blur(features, 1, 2, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Halve features of shape (N, features, H, W); odd sides are rounded up."""
        padded = functional.pad(features, (1, 1, 1, 1), mode="reflect")
        return functional.conv2d(padded, self.filt, stride=2, groups=len(self.filt))


class BlurredDoubling(nn.Module):
    """Doubles the resolution and blurs with [1, 3, 3, 1].

    Parameters
    ----------
    features : int
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.filt: Tensor
        # Of four pixels that the doubling makes of one, three are 0.
        self.register_buffer("filt", _blur(features, 1, 3, 3, 1, gain=4))

    def forward(self, features: Tensor) -> Tensor:
        """Double features of shape (N, features, H, W)."""
        padded = functional.pad(features, (1, 1, 1, 1), mode="replicate")
        return functional.conv_transpose2d(
            padded, self.filt, stride=2, padding=3, groups=len(self.filt)
        )
