"""The guided filter of an image that is its own guide, in NumPy: in bands that fit into a cache.

K. He, J. Sun, X. Tang: Guided Image Filtering, ECCV 2010, equations 5, 6 and 8 with p = I.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.core.memory_order import LINE, aligned, aligned_like, is_interleaved

Array = NDArray[Any]

RADIUS: Final = 4
"""Of the window, in pixels; the sums below are made for 9 = 3 x 3 pixels."""

_HALO: Final = 2 * RADIUS
_NUMBERS: Final = 2**15
"""Of a band: the ten arrays of this length that the work needs fit into the cache of a core."""


def guided_filter(image: Array, epsilon: float) -> Array:
    """Smooth each channel of images but not across its edges.

    Each pixel is computed in the same way wherever it lies, so that parts of an image with a halo
    of twice the radius equal the whole, bit for bit.

    Parameters
    ----------
    image : ndarray, shape (N, C, H, W), values in [0, 1]
    epsilon : float
        Variances below it are smoothed.

    Returns
    -------
    ndarray, shape (N, C, H, W), values in [0, 1]
        With the order of the image's axes in memory.
    """
    smooth = aligned_like(image)
    together = is_interleaved(image)
    planes = (_planes_of(each, together=together) for each in (image, smooth))
    for plane, made in zip(*planes, strict=True):
        _PlaneFilter(plane, made, epsilon).run()
    return smooth


def _planes_of(image: Array, *, together: bool) -> list[Array]:
    """Return planes, shape (H, W, C), of all colours together or of one colour each."""
    if together:
        return list(np.moveaxis(image, 1, -1))
    return [channel[..., None] for each in image for channel in each]


class _PlaneFilter:
    """The filter of a plane, which takes its rows from the top to the bottom.

    Around the plane are zeros. Divided by the number of pixels inside the plane, sums over windows
    are means as if there were nothing.

    Parameters
    ----------
    plane, smooth : ndarray, shape (H, W, C)
        The second one is filled.
    epsilon : float
    """

    def __init__(self, plane: Array, smooth: Array, epsilon: float) -> None:
        self._plane, self._smooth, self._epsilon = plane, smooth, epsilon
        self._height, width, self._colours = plane.shape
        self._inside = width * self._colours
        line = LINE // plane.dtype.itemsize
        length = -(-(width + 2 * _HALO) * self._colours // line) * line
        # By the place of a row or a column one radius later.
        self._down, across = (
            np.pad(_inverse_counts(side), (RADIUS, 3 * RADIUS)).astype(plane.dtype)
            for side in (self._height, width)
        )
        across = np.repeat(across, self._colours)
        self._across = np.pad(across, (0, length - len(across)))
        self._band = band = max(1, min(self._height + _HALO, _NUMBERS // length))
        usual = self._down[min(_HALO, self._height)]
        self._usual_weight = np.broadcast_to(usual * self._across, (band, length)).copy()
        shape = (2, band + _HALO, length)
        arrays = [aligned(shape, plane.dtype) for _ in range(5)]
        self._moments, self._sums, self._sums_of_ab, self._threes, self._nines = arrays
        for zeros in arrays[:3]:
            zeros.fill(0)

    def run(self) -> None:
        """Fill the smooth plane."""
        last = self._height + _HALO
        for start in range(0, last, self._band):
            self._take(start, min(last, start + self._band))

    def _take(self, start: int, stop: int) -> None:
        """Take rows of the plane, or zeros below it, and make those that are two radii above."""
        weight = self._weight(start, stop)
        means = self._window_sums(self._moments_of(start, stop), self._sums)
        means *= weight
        made = self._window_sums(self._a_and_b(*means), self._sums_of_ab)
        first = max(0, _HALO - start)
        rows = slice(start - _HALO + first, stop - _HALO)
        if rows.stop > 0:
            self._finish(rows, *made[:, first:, : self._inside])

    def _weight(self, start: int, stop: int) -> Array:
        """Return 1 / the number of pixels in each window, of rows one radius before these."""
        if start >= _HALO and stop <= self._height:  # not near the top and the bottom
            return self._usual_weight[: stop - start]
        weight: Array = self._down[start:stop, None] * self._across
        return weight

    def _moments_of(self, start: int, stop: int) -> Array:
        """Return rows with zeros around them, and their squares."""
        moments = self._moments[:, : stop - start]
        rows = self._plane[start:stop]
        inside = moments[0, :, _HALO * self._colours :][:, : self._inside]
        inside.reshape(len(inside), -1, self._colours)[: len(rows)] = rows
        inside[len(rows) :] = 0
        np.multiply(moments[0], moments[0], out=moments[1])
        return moments

    def _a_and_b(self, mean: Array, variance: Array) -> Array:
        """Return a and b of each window in the place of its means of values and of squares."""
        spare = self._threes[0, : len(mean)]
        variance -= np.multiply(mean, mean, out=spare)
        np.maximum(variance, 0, out=variance)  # negative only by rounding
        a = np.divide(variance, np.add(variance, self._epsilon, out=spare), out=variance)
        mean -= np.multiply(a, mean, out=spare)
        return self._nines[:, : len(mean)]

    def _finish(self, rows: slice, sums_of_b: Array, sums_of_a: Array) -> None:
        """Make rows of the smooth plane, from sums that are not used later."""
        weight = self._weight(rows.start + RADIUS, rows.stop + RADIUS)
        plane, made = self._plane[rows], sums_of_a
        np.multiply(made.reshape(plane.shape), plane, out=made.reshape(plane.shape))
        made += sums_of_b
        made *= weight[:, RADIUS * self._colours :][:, : self._inside]
        np.minimum(made.reshape(plane.shape), 1, out=self._smooth[rows])  # 1.0000001 otherwise

    def _window_sums(self, values: Array, above: Array) -> Array:
        """Return the sums over windows that end at the rows of values.

        Parameters
        ----------
        values : ndarray, shape (2, rows, length)
        above : ndarray, shape (2, rows + 8, length)
            The sums across the rows above, for the first 8; changed to those for the next rows.
        """
        rows = values.shape[1]
        self._sum_across(values, above[:, _HALO : _HALO + rows])
        lines, nines = above[:, : rows + _HALO], self._nines[:, :rows]
        threes = self._threes[:, : rows + 6]
        np.add(lines[:, :-2], lines[:, 1:-1], out=threes)
        threes += lines[:, 2:]
        np.add(threes[:, :-6], threes[:, 3:-3], out=nines)
        nines += threes[:, 6:]
        above[:, :_HALO] = lines[:, rows:]
        return nines

    def _sum_across(self, values: Array, sums: Array) -> None:
        """Make sums over 9 pixels of a row, in the place of the first of them.

        They go across the ends of rows, where they are not used: one pass through the memory.
        """
        step, count = self._colours, values[0].size
        flat, made = values.reshape(2, count), sums.reshape(2, count)
        threes = self._threes.reshape(2, -1)[:, : count - 2 * step]
        np.add(flat[:, : -2 * step], flat[:, step:-step], out=threes)
        threes += flat[:, 2 * step :]
        nines = made[:, : -8 * step]
        np.add(threes[:, : -6 * step], threes[:, 3 * step : -3 * step], out=nines)
        nines += threes[:, 6 * step :]
        made[:, -8 * step :] = 0


def _inverse_counts(length: int) -> Array:
    """Return 1 / the number of pixels in the window of each pixel of an axis."""
    place = np.arange(length)
    return 1 / (np.minimum(place, RADIUS) + np.minimum(length - 1 - place, RADIUS) + 1)
