"""Small integers to [0, 1] and back on the device that computes: `imaging.intensity` in torch.

The samples themselves cross the bus, a quarter or half of the bytes of float32, and the CPU does no
arithmetic: at 640x480 that takes it longer than the GPU takes for all the rest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zerodce.device import import_torch
from napari_zerodce.imaging.wide_integers import rounded_ends
from napari_zerodce.imaging.windows import Window

if TYPE_CHECKING:
    from torch import Tensor


def fit_on_device(dtype: np.dtype[Any], window: Window) -> bool:
    """Return whether these functions apply: to 8 and 16 bits, if float32 holds the window.

    Parameters
    ----------
    dtype : dtype
        Of the samples.
    window : Window
    """
    if dtype.kind not in "iu" or dtype.itemsize > 2:
        return False
    _, width = _scale(window)
    largest = max(abs(float(window.low)), abs(float(window.high)))
    # Beside numbers from 2^23 on, float32 has no halves, which rounding needs.
    return width >= float(np.finfo(np.float32).tiny) and largest < 2**23


def normalised(samples: Tensor, window: Window) -> Tensor:
    """Map samples to [0, 1], as `imaging.intensity.normalise` does.

    Parameters
    ----------
    samples : Tensor of integers of 8 or 16 bits, any shape and memory order
    window : Window

    Returns
    -------
    Tensor, float32, contiguous
    """
    torch = import_torch()
    unit = torch.empty(samples.shape, dtype=torch.float32, device=samples.device).copy_(samples)
    low, width = _scale(window)
    if low:
        unit.sub_(low)
    scaled: Tensor = unit.div_(width).clamp_(0, 1)
    return scaled


def restored(unit: Tensor, samples: Tensor, window: Window) -> Tensor:
    """Map [0, 1] back to samples, as `imaging.intensity.restore` does.

    Parameters
    ----------
    unit : Tensor, float32, values in [0, 1]
    samples : Tensor of integers of 8 or 16 bits, shape of `unit`
        As they were; outside the window they stay.
    window : Window

    Returns
    -------
    Tensor
        With the dtype and the memory order of `samples`.
    """
    torch = import_torch()
    bottom, top = rounded_ends(window, _numpy_dtype(samples))
    _, width = _scale(window)
    values = torch.mul(unit, width).add_(float(np.float32(window.low + 0.5)))
    values = values.clamp_(bottom, top).floor_()
    original = samples.to(torch.float32)
    inside = (original >= math.ceil(window.low)) & (original <= math.floor(window.high))
    made: Tensor = torch.empty_like(samples).copy_(torch.where(inside, values, original))
    return made


def _scale(window: Window) -> tuple[float, float]:
    """Return the low end and the width in float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = np.float32(window.low), np.float32(window.high)
        return float(low), float(high - low)


def _numpy_dtype(samples: Tensor) -> np.dtype[Any]:
    return np.dtype(str(samples.dtype).partition(".")[2])
