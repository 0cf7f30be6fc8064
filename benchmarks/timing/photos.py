"""Photos to time with, of a size that is written like 640x480."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def parsed_size(text: str) -> tuple[int, int]:
    """Return height and width of a size such as "640x480"."""
    width, height = (int(side) for side in text.split("x"))
    return height, width


def photo_for(size: tuple[int, int], scale_factor: int) -> Array:
    """Return 8-bit noise; its sides are multiples, because the published Zero-DCE++ needs them."""
    height, width = (side // scale_factor * scale_factor for side in size)
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
