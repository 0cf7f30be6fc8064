"""Simulation of another exposure: linear light, multiplied, clipped and encoded as sRGB."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def expose(linear: NDArray[np.float32], stops: float) -> NDArray[np.float32]:
    """Return linear light, multiplied by ``2**stops`` and not clipped.

    Parameters
    ----------
    linear : ndarray, float32, any shape
    stops : float
    """
    return linear * np.float32(2.0**stops)


def encode_srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return linear light, clipped to [0, 1], as sRGB values in [0, 1] (IEC 61966-2-1)."""
    light = np.clip(linear, 0.0, 1.0).astype(np.float32)
    curved = 1.055 * np.power(np.maximum(light, 0.0031308), 1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, 12.92 * light, curved).astype(np.float32)


def decode_srgb(encoded: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return sRGB values in [0, 1] as linear light in [0, 1], the inverse of `encode_srgb`."""
    values = np.clip(encoded, 0.0, 1.0).astype(np.float32)
    curved = np.power((values + 0.055) / 1.055, 2.4)
    return np.where(values <= 0.04045, values / 12.92, curved).astype(np.float32)
