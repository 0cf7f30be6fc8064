"""The interface of a backend that estimates curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from torch import Tensor

Check = Callable[[], None]
"""Raises `Cancelled` to stop; it is called so often that a stop takes a fraction of a second."""


def no_check() -> None:
    """Do not stop."""


class CurveEstimator(Protocol):
    """A checkpoint's network on its device: a block of pixels in, curve maps out.

    It may be used as often as needed, and by several threads.
    """

    scale_factor: int
    """How many times smaller the thumbnail is from which curves are estimated; 1 for the image."""

    def upload(self, block: np.ndarray[Any, Any]) -> Tensor:
        """Return a (C, h, w) float32 block as a (1, C, h, w) tensor on the device."""
        ...

    def estimate(self, image: Tensor, *, check: Check = no_check) -> Tensor:
        """Estimate maps at the resolution of `image`, without the scale factor.

        Parameters
        ----------
        image : Tensor, shape (1, 1 or 3, h, w), values in [0, 1]
            One channel stands for three equal ones.
        check : callable, optional

        Returns
        -------
        Tensor, shape (1, maps, 1 or 3, h, w), float32, values in [-1, 1], contiguous
            In the paper's sign. `maps` is 8, or 1 if one map serves all iterations. One channel
            gets the mean of the three maps, so that grey stays exactly grey.
        """
        ...
