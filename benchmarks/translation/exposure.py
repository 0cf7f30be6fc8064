"""What a translator sees of the exposure: the same pictures with more and with less light."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from translation.figures import mean_psnr
from translation.toy import Pictures, Task

GAINS: Final = (4.0, 2.0, 1.0, 0.5, 0.1, 0.02, 0.005)

Translate = Callable[[Pictures], Pictures]
"""Pictures in [0, 1] as they are, without a window, to pictures in [0, 1]."""


def psnr_by_gain(translate: Translate, task: Task) -> dict[str, float]:
    """Return the PSNR in dB of held-aside pictures times each gain, in floats and not clipped."""
    return {
        f"gain {gain:g}": mean_psnr(
            translate(task.held_sources * np.float32(gain)), task.held_targets
        )
        for gain in GAINS
    }


def brightness_by_gain(translate: Translate, task: Task) -> dict[str, float]:
    """Return the mean of the translations of held-aside pictures times each gain."""
    return {
        f"gain {gain:g}": float(translate(task.held_sources * np.float32(gain)).mean())
        for gain in GAINS
    }
