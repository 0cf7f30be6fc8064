"""How bright a coarser level is, so that an image keeps its brightness at each zoom.

A pixel of a coarser level is a mean, and the curve of a mean is brighter than the mean of curves,
because curves are concave (Jensen's inequality): an enhanced overview would be 1 to 6 % of the
window brighter than the same image at full resolution (benchmarks/levels.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.windows import Window

Array = np.ndarray[Any, Any]

_MOST_PLACES: Final = 32
"""Places of the function: between them it is straight."""


@dataclass(frozen=True)
class Brightness:
    """A function that never decreases, straight between its places; beyond them its slope is 1.

    Its numbers are such that 0 and 1 are the ends of the window.

    Parameters
    ----------
    places, values : tuple of float
        Where it is known, in increasing order, and its values there; at least one.
    """

    places: tuple[float, ...] = (0.0,)
    values: tuple[float, ...] = (0.0,)

    def apply(self, samples: Array, window: Window) -> Array:
        """Return the function of enhanced samples, also of those outside the window.

        Parameters
        ----------
        samples : ndarray, any integer or real dtype
        window : Window

        Returns
        -------
        ndarray, dtype and shape of `samples`
        """
        if samples.dtype.kind in "iu" and samples.dtype.itemsize <= 2:
            made: Array = _table(self, window, samples.dtype)[
                samples.view(_patterns(samples.dtype))
            ]
            return made
        return self._applied(samples, window)

    def _applied(self, samples: Array, window: Window) -> Array:
        low, width = float(window.low), float(window.high) - float(window.low)
        unit = (samples.astype(np.float64) - low) / width
        first, last = self.places[0], self.places[-1]
        changed = np.interp(unit, self.places, self.values)
        changed += np.minimum(unit - first, 0) + np.maximum(unit - last, 0)
        restored = changed * width + low
        if samples.dtype.kind == "f":
            return restored.astype(samples.dtype)
        limits = np.iinfo(samples.dtype)
        rounded: Array = np.rint(restored).clip(float(limits.min), float(limits.max))
        return rounded.astype(samples.dtype)


@lru_cache(maxsize=8)
def _table(brightness: Brightness, window: Window, dtype: np.dtype[Any]) -> Array:
    """Return the function of each value of a small dtype: to look it up is 15 times as fast."""
    patterns = np.arange(2 ** (8 * dtype.itemsize)).astype(_patterns(dtype))
    return brightness._applied(patterns.view(dtype), window)


def _patterns(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype that reads the bits of a value as a number."""
    return np.dtype(f"u{dtype.itemsize}")


def fit_brightness(coarse: Array, means: Array, weights: Array) -> Brightness:
    """Return the function that turns enhanced pixels of a coarser level into means.

    Parameters
    ----------
    coarse : ndarray, shape (n,)
        Enhanced pixels of the coarser level, finite; 0 and 1 are the ends of the window.
    means : ndarray, shape (n,)
        The mean of the enhanced pixels of the finest level that each of them covers, finite.
    weights : ndarray, shape (n,)
        How many pixels of the level each of them stands for.

    Returns
    -------
    Brightness
        The mean of the means at each brightness. Without pixels it changes nothing.
    """
    if not coarse.size:
        return Brightness()
    count = min(_MOST_PLACES, max(1, coarse.size // 16))
    # Equal pixels share a bin: there may be few different ones.
    borders = np.unique(np.quantile(coarse, np.linspace(0, 1, count + 1)[1:-1]))
    bins = np.searchsorted(borders, coarse, side="right")
    totals = np.bincount(bins, weights)
    known = totals > 0
    places, values = (
        np.bincount(bins, weights * each)[known] / totals[known] for each in (coarse, means)
    )
    return Brightness(tuple(places.tolist()), tuple(_increasing(values, totals[known]).tolist()))


def _increasing(values: Array, weights: Array) -> Array:
    """Return the closest values that never decrease (isotonic regression)."""
    from scipy.optimize import isotonic_regression

    found: Array = isotonic_regression(values, weights=weights).x
    return found
