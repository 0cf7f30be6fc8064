"""The estimator of a colour image that is grey: all colours get the mean of their curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_zerodce.engine.estimators.estimator import Check, CurveEstimator, Pixels, no_check


class GreyEstimator:
    """An estimator whose maps are the same for red, green and blue, as those of a mono image are.

    Parameters
    ----------
    estimator : CurveEstimator
    """

    def __init__(self, estimator: CurveEstimator) -> None:
        self.estimator = estimator
        self.backend, self.scale_factor = estimator.backend, estimator.scale_factor
        self.takes_samples = estimator.takes_samples

    def upload(self, block: np.ndarray[Any, Any]) -> Pixels:
        """Return a block on the device, as `CurveEstimator.upload` does."""
        return self.estimator.upload(block)

    def download(self, values: Pixels) -> np.ndarray[Any, Any]:
        """Return values in the memory of the CPU, as `CurveEstimator.download` does."""
        return self.estimator.download(values)

    def estimate(self, image: Pixels, *, check: Check = no_check) -> Pixels:
        """Estimate maps, as `CurveEstimator.estimate` does.

        Parameters
        ----------
        image : ndarray or Tensor, shape (1, 1 or 3, h, w), values in [0, 1]
        check : callable, optional
        """
        return equal_colours(self.estimator.estimate(image, check=check))


def equal_colours(maps: Pixels) -> Pixels:
    """Return maps of shape (1, maps, C, h, w) with their mean in place of each colour."""
    mean = maps.mean(2, keepdims=True)
    if isinstance(maps, np.ndarray):
        return np.repeat(mean, maps.shape[2], axis=2)
    return mean.expand_as(maps).contiguous()
