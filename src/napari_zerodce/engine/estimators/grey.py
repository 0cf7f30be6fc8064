"""The estimator of a colour image that is grey: all colours get the mean of their curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from napari_zerodce.engine.estimators.estimator import Check, CurveEstimator, no_check


class GreyEstimator:
    """An estimator whose maps are the same for red, green and blue, as those of a mono image are.

    Parameters
    ----------
    estimator : CurveEstimator
    """

    def __init__(self, estimator: CurveEstimator) -> None:
        self.estimator = estimator
        self.scale_factor = estimator.scale_factor

    def upload(self, block: np.ndarray[Any, Any]) -> Tensor:
        """Return a block as a tensor on the device, as `CurveEstimator.upload` does."""
        return self.estimator.upload(block)

    def estimate(self, image: Tensor, *, check: Check = no_check) -> Tensor:
        """Estimate maps, as `CurveEstimator.estimate` does.

        Parameters
        ----------
        image : Tensor, shape (1, 1 or 3, h, w), values in [0, 1]
        check : callable, optional
        """
        return equal_colours(self.estimator.estimate(image, check=check))


def equal_colours(maps: Tensor) -> Tensor:
    """Return maps of shape (1, maps, C, h, w) with their mean in place of each colour."""
    return maps.mean(2, keepdim=True).expand_as(maps).contiguous()
