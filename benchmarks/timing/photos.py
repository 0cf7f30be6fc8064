"""Photos to time with, of a size that is written like 640x480."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def parsed_size(text: str) -> tuple[int, int]:
    """Return height and width of a size such as "640x480", for an option of a script.

    Raises
    ------
    ArgumentTypeError
        If the text has another form.
    """
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ArgumentTypeError(f"{text!r} was given; give WIDTHxHEIGHT, such as 640x480")
    return int(height), int(width)


def photo_for(size: tuple[int, int], scale_factor: int) -> Array:
    """Return 8-bit noise; its sides are multiples, because the published Zero-DCE++ needs them."""
    height, width = (side // scale_factor * scale_factor for side in size)
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
