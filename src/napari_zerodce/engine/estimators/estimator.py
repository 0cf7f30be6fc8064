"""The interface of a backend that estimates curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from napari_zerodce.device import Backend

Check = Callable[[], None]
"""Raises `Cancelled` to stop; it is called so often that a stop takes a fraction of a second."""

Pixels = Any
"""Pixels or maps where they are processed: an array of NumPy on the CPU, a tensor on a GPU."""


def no_check() -> None:
    """Do not stop."""


class CurveEstimator(Protocol):
    """A checkpoint's network on its device: a block of pixels in, curve maps out.

    It may be used as often as needed, and by several threads.
    """

    backend: Backend
    """The library that runs the network."""

    scale_factor: int
    """How many times smaller the thumbnail is from which curves are estimated; 1 for the image."""

    takes_samples: bool
    """Whether blocks go to the device as they are, because it does their arithmetic, too."""

    def upload(self, block: np.ndarray[Any, Any]) -> Pixels:
        """Return a block on the device, shape (1, C, h, w); on the CPU as a view.

        Parameters
        ----------
        block : ndarray, shape (C, h, w)
            Float32. If the estimator takes samples, any integers of 8 or 16 bits, too, and blocks
            of several planes, shape (N, C, h, w).
        """
        ...

    def download(self, values: Pixels) -> np.ndarray[Any, Any]:
        """Return values of any shape from the device in the memory of the CPU; wait for them."""
        ...

    def estimate(self, image: Pixels, *, check: Check = no_check) -> Pixels:
        """Estimate maps at the resolution of `image`, without the scale factor.

        Parameters
        ----------
        image : ndarray or Tensor, shape (1, 1 or 3, h, w), float32, values in [0, 1]
            One channel stands for three equal ones.
        check : callable, optional

        Returns
        -------
        ndarray or Tensor, shape (1, maps, 1 or 3, h, w), float32, values in [-1, 1], contiguous
            In the paper's sign. `maps` is 8, or 1 if one map serves all iterations. One channel
            gets the mean of the three maps, so that grey stays exactly grey.
        """
        ...
