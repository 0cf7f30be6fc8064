"""The samples of a tile on the device: they become floats there, and samples again."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_zerodce.core.arrays import Array
from napari_zerodce.engine.device_samples import fit_on_device, normalised, restored
from napari_zerodce.engine.estimators.estimator import CurveEstimator
from napari_zerodce.engine.plane import Plane
from napari_zerodce.imaging.exposure import UNCHANGED
from napari_zerodce.imaging.tiling import Region

Samples = np.ndarray[Any, Any]


class SamplesOnDevice:
    """The samples of a tile and its halo, uploaded as they are.

    Parameters
    ----------
    block : ndarray, shape (C, H, W) or (N, C, H, W)
    plane : Plane
        The block is of it.
    estimator : CurveEstimator
        It takes samples.
    """

    def __init__(self, block: Samples, plane: Plane, estimator: CurveEstimator) -> None:
        self._block, self._plane, self._estimator = block, plane, estimator
        self._uploaded: Array | None = None

    @staticmethod
    def possible(block: Samples, plane: Plane, estimator: CurveEstimator) -> bool:
        """Return whether the device can do the arithmetic of the samples.

        Parameters
        ----------
        block, plane, estimator
            As for the class, but of any kind.
        """
        if not estimator.takes_samples or plane.correction != UNCHANGED:
            return False
        return fit_on_device(block.dtype, plane.window)

    def normalised(self) -> Array:
        """Return the samples on the device, shape (1 or N, C, H, W), float32, in [0, 1]."""
        self._uploaded = self._estimator.upload(self._block)
        return normalised(self._uploaded, self._plane.window)

    def restored(self, unit: Array, inner: Region) -> Samples:
        """Return enhanced values of the tile as samples, after `normalised`.

        Parameters
        ----------
        unit : Tensor, shape (1 or N, C, h, w), values in [0, 1]
        inner : tuple of slice
            Rows and columns of the tile in the block.

        Returns
        -------
        ndarray, shape (C, h, w) or (N, C, h, w)
        """
        assert self._uploaded is not None
        made = restored(unit, self._uploaded[(..., *inner)], self._plane.window)
        return self._estimator.download(made)[0 if self._block.ndim == 3 else ...]
