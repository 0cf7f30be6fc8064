"""The guided filter of an image that is its own guide, in NumPy: in blocks that fit into a cache.

K. He, J. Sun, X. Tang: Guided Image Filtering, ECCV 2010, equations 5, 6 and 8 with p = I.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.core.arrays import is_interleaved

Array = NDArray[Any]

RADIUS: Final = 4
"""Of the window, in pixels; the sums below are made for 9 = 3 x 3 pixels."""

_HALO: Final = 2 * RADIUS
_NUMBERS: Final = 2**16
"""Of a block with its halo; six arrays of this length fit into the cache of a core."""


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
    smooth = np.empty_like(image)
    together = is_interleaved(image)
    for plane, made in zip(
        *(_planes_of(each, together=together) for each in (image, smooth)), strict=True
    ):
        _smooth_plane(plane, made, epsilon)
    return smooth


def _planes_of(image: Array, *, together: bool) -> list[Array]:
    """Return planes, shape (H, W, C), of all colours together or of one colour each."""
    if together:
        return list(np.moveaxis(image, 1, -1))
    return [channel[..., None] for each in image for channel in each]


def _smooth_plane(plane: Array, smooth: Array, epsilon: float) -> None:
    """Smooth a plane, shape (H, W, C), into another one."""
    height, width, colours = plane.shape
    # Zeros around it: with the number of pixels inside, they leave the means as they are.
    padded = np.pad(plane, ((_HALO, _HALO), (_HALO, _HALO), (0, 0)))
    down, across = (_inverse_counts(length, plane.dtype) for length in (height, width))
    across = np.repeat(across, colours)
    high, wide = _block_sides(height, width, colours)
    memory = np.empty((3, 2 * (high + 2 * _HALO) * (wide + 2 * _HALO) * colours), plane.dtype)
    for rows in _parts(height, high):
        for columns in _parts(width, wide):
            block = padded[
                rows.start : rows.stop + 2 * _HALO, columns.start : columns.stop + 2 * _HALO
            ]
            weight = np.outer(
                down[rows.start : rows.stop + _HALO],
                across[columns.start * colours : (columns.stop + 2 * _HALO) * colours],
            )
            _smooth_block(block, weight, memory, smooth[rows, columns], epsilon)


def _inverse_counts(length: int, dtype: np.dtype[Any]) -> Array:
    """Return 1 / the number of pixels in the window of each pixel of an axis, and 0 around them."""
    place = np.arange(length)
    counts = np.minimum(place, RADIUS) + np.minimum(length - 1 - place, RADIUS) + 1
    return np.pad(1 / counts, (RADIUS, 3 * RADIUS)).astype(dtype)


def _block_sides(height: int, width: int, colours: int) -> tuple[int, int]:
    """Return the height and the width of blocks, about square: they have the least halo."""
    wide = min(width, max(1, int((_NUMBERS / colours) ** 0.5) - 2 * _HALO))
    high = _NUMBERS // (colours * (wide + 2 * _HALO)) - 2 * _HALO
    return min(height, max(1, high)), wide


def _parts(length: int, most: int) -> Iterator[slice]:
    for start in range(0, length, most):
        yield slice(start, min(length, start + most))


def _smooth_block(
    block: Array, weight: Array, memory: Array, smooth: Array, epsilon: float
) -> None:
    """Smooth a block.

    Parameters
    ----------
    block : ndarray, shape (h + 16, w + 16, C)
        With its halo.
    weight : ndarray, shape (h + 8, (w + 16) * C)
        1 / the number of pixels in the window of each pixel of the block and one radius around it,
        and 0 outside the image and at the end of each line.
    memory : ndarray, shape (3, n)
        For intermediate results.
    smooth : ndarray, shape (h, w, C)
        Is filled.
    epsilon : float
    """
    lines, width, colours = block.shape
    moments = memory[0, : 2 * block.size].reshape(2, lines, width * colours)
    moments[0].reshape(block.shape)[...] = block
    np.multiply(moments[0], moments[0], out=moments[1])
    means = _window_sums(moments, colours, memory[1], memory[2])
    means *= weight
    mean, variance = means
    spare = memory[1, : mean.size].reshape(mean.shape)
    variance -= np.multiply(mean, mean, out=spare)
    np.maximum(variance, 0, out=variance)  # negative only by rounding
    a = np.divide(variance, np.add(variance, epsilon, out=spare), out=variance)
    mean -= np.multiply(a, mean, out=spare)  # b = mean - a mean
    mean_b, mean_a = _window_sums(means, colours, memory[1], memory[2])
    inside = slice(_HALO * colours, (width - _HALO) * colours)
    x, weight = moments[0, _HALO:-_HALO, inside], weight[RADIUS:-RADIUS, RADIUS * colours :]
    own = slice(0, x.shape[1])
    made = np.multiply(mean_a[:, own], x, out=x)
    made += mean_b[:, own]
    made *= weight[:, own]
    np.clip(made.reshape(smooth.shape), 0, 1, out=smooth)


def _window_sums(values: Array, step: int, first: Array, second: Array) -> Array:
    """Return sums over windows, by their first pixel; those at the ends of lines are not used.

    Windows go across the ends of lines, so that each addition is one pass through the memory.

    Parameters
    ----------
    values : ndarray, shape (N, lines, length)
    step : int
        From a pixel to the next one on a line.
    first, second : ndarray, shape (n,)
        Memory for intermediate results; the second may hold the values, and holds the sums.

    Returns
    -------
    ndarray, shape (N, lines - 8, length)
    """
    number, lines, length = values.shape
    threes = first[: number * (lines - 2) * length].reshape(number, -1, length)
    np.add(values[:, :-2], values[:, 1:-1], out=threes)
    threes += values[:, 2:]
    nines = second[: number * (lines - 8) * length].reshape(number, -1, length)
    np.add(threes[:, :-6], threes[:, 3:-3], out=nines)
    nines += threes[:, 6:]
    flat = nines.reshape(-1)
    flat_threes = first[: flat.size - 2 * step]
    np.add(flat[: -2 * step], flat[step:-step], out=flat_threes)
    flat_threes += flat[2 * step :]
    sums = flat[: -8 * step]
    np.add(flat_threes[: -6 * step], flat_threes[3 * step : -3 * step], out=sums)
    sums += flat_threes[6 * step :]
    flat[-8 * step :] = 0
    return nines
