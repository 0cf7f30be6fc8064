"""How bright a coarser level is, so that an image keeps its brightness at each zoom.

A pixel of a coarser level is a mean, and the curve of a mean is brighter than the mean of curves,
because curves are concave (Jensen's inequality): an enhanced overview would be 4 to 20 % brighter
than the same image at full resolution (benchmarks/levels.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

Array = np.ndarray[Any, Any]

_MOST_PLACES: Final = 32
"""Places of the function: between them it is straight."""


@dataclass(frozen=True)
class Brightness:
    """A function that never decreases, from 0 to 1 on [0, 1], straight between its places.

    Parameters
    ----------
    places, values : tuple of float
        Where it is known, in increasing order, and its values there; the ends are 0 and 1.
    """

    places: tuple[float, ...]
    values: tuple[float, ...]

    def apply(self, unit: Tensor) -> Tensor:
        """Return the function of each value.

        Parameters
        ----------
        unit : Tensor, values in [0, 1]
        """
        places, values = unit.new_tensor(self.places), unit.new_tensor(self.values)
        above = torch.bucketize(unit, places).clamp_(1, len(self.places) - 1)
        slopes = values.diff() / places.diff()
        below = above - 1
        return (values[below] + (unit - places[below]) * slopes[below]).clamp_(0, 1)


UNCHANGED: Final = Brightness((0.0, 1.0), (0.0, 1.0))


def fit_brightness(coarse: Array, means: Array, weights: Array) -> Brightness:
    """Return the function that turns enhanced pixels of a coarser level into means.

    Parameters
    ----------
    coarse : ndarray, shape (n,), values in [0, 1]
        Enhanced pixels of the coarser level.
    means : ndarray, shape (n,)
        The mean of the enhanced pixels of the finest level that each of them covers.
    weights : ndarray, shape (n,)
        How many pixels of the level each of them stands for.

    Returns
    -------
    Brightness
        The mean of the means at each brightness. `UNCHANGED` without pixels.
    """
    if not coarse.size:
        return UNCHANGED
    order = np.argsort(coarse, kind="stable")
    count = min(_MOST_PLACES, max(1, len(order) // 16))
    bins = np.array_split(order, count)
    totals = np.array([weights[part].sum(dtype=np.float64) for part in bins])
    places, values = (
        np.array([np.average(each[part], weights=weights[part]) for part in bins])
        for each in (coarse, means)
    )
    values = _increasing(values.clip(0, 1), totals)
    inside = (places > 0) & (places < 1) & (np.diff(places, prepend=-1) > 1e-6)
    return Brightness((0.0, *places[inside].tolist(), 1.0), (0.0, *values[inside].tolist(), 1.0))


def _increasing(values: Array, weights: Array) -> Array:
    """Return the closest values that never decrease (isotonic regression)."""
    from scipy.optimize import isotonic_regression

    found: Array = isotonic_regression(values, weights=weights).x
    return found
