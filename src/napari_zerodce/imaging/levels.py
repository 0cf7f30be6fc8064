"""The coarser levels of a multiscale image: each pixel is the average of those that it covers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_zerodce.imaging.planes import Array
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_AT_ONCE: Final = 2**22
"""Samples that are averaged together; their memory is a few times 32 MiB."""


def shapes_for_part(
    part: tuple[int, ...], shapes: Sequence[tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """Return the shapes of the coarser levels of a part of a multiscale image.

    Parameters
    ----------
    part : tuple of int
        Shape of the part of the finest level; it may be all of it.
    shapes : sequence of tuple of int
        Shapes of all levels of the whole image, the finest first.

    Returns
    -------
    list of tuple of int
        Each has the same factors as in the whole image, rounded; equal ones are left out.
    """
    ratios = [np.divide(shape, shapes[0]) for shape in shapes]
    scaled = [tuple(np.maximum(1, np.rint(part * ratio)).astype(int).tolist()) for ratio in ratios]
    return list(dict.fromkeys(shape for shape in scaled if shape != part))


def coarser_levels(
    image: Array, shapes: Sequence[tuple[int, ...]], *, should_stop: ShouldStop = never
) -> list[Array]:
    """Return the coarser levels of an image.

    Parameters
    ----------
    image : ndarray
        The finest level, of integers or floats.
    shapes : sequence of tuple of int
        The shape of each coarser level, with as many axes as the image. Its pixels divide each axis
        of the image evenly, as napari displays them, whether or not the lengths divide.
    should_stop : callable, optional
        Called before each part of a level; returns whether to stop.

    Returns
    -------
    list of ndarray, dtype of the image
        Averages are rounded to integers for an integer dtype. NaN counts for nothing: a pixel is
        NaN only if it covers nothing else.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    whole = [tuple(slice(0, length) for length in shape) for shape in shapes]
    pairs = zip(shapes, whole, strict=True)
    return [
        coarser_region(image, shape, region, should_stop=should_stop) for shape, region in pairs
    ]


def coarser_region(
    image: Any,
    shape: tuple[int, ...],
    region: tuple[slice, ...],
    *,
    should_stop: ShouldStop = never,
) -> Array:
    """Return a region of a coarser level; only what it covers is read, a part at a time.

    Parameters
    ----------
    image : array-like
        The finer level, of integers or floats; it may be on disk.
    shape : tuple of int
        Of the whole coarser level.
    region : tuple of slice
        Start and stop along each axis of the coarser level.
    should_stop : callable, optional
        As in `coarser_levels`.

    Returns
    -------
    ndarray, dtype of the image
        As in `coarser_levels`.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    """
    level = np.empty([side.stop - side.start for side in region], image.dtype)
    weights = [_weights(*lengths) for lengths in zip(image.shape, shape, strict=True)]
    average = _average_floats if level.dtype.kind == "f" else _average_integers
    covered, _ = _covered(region, weights)
    for part in _parts(tuple(side.stop - side.start for side in covered), level.shape):
        raise_if_stopped(should_stop)
        moved = (
            slice(a.start + b.start, a.stop + b.start) for a, b in zip(part, region, strict=True)
        )
        below, matrices = _covered(tuple(moved), weights)
        level[part] = average(image[below], matrices)
    return level


@lru_cache(maxsize=16)
def _weights(fine: int, coarse: int) -> csr_array:
    """Return how much of each coarse pixel each fine pixel covers: shape (coarse, fine)."""
    from scipy.sparse import csr_array  # photos have no levels, and need not wait for SciPy

    # In units in which both kinds of pixels have integer lengths.
    ends = np.union1d(np.arange(fine + 1) * coarse, np.arange(coarse + 1) * fine)
    pieces = (ends[:-1] // fine, ends[:-1] // coarse)
    return csr_array((np.diff(ends) / fine, pieces), shape=(coarse, fine))


def _parts(fine: tuple[int, ...], coarse: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Cut a level along its first axes, so that each part covers few samples of the finest."""
    spans = [-(-whole // few) + 1 for whole, few in zip(fine, coarse, strict=True)]
    cuts = range(len(fine))
    sizes = [math.prod(spans[: axis + 1]) * math.prod(fine[axis + 1 :]) for axis in cuts]
    cut = next((axis for axis in cuts if sizes[axis] <= _AT_ONCE), cuts[-1])
    step = max(1, _AT_ONCE // sizes[cut])
    rest = tuple(slice(0, length) for length in coarse[cut + 1 :])
    for index in np.ndindex(coarse[:cut]):
        for start in range(0, coarse[cut], step):
            along = slice(start, min(start + step, coarse[cut]))
            yield (*(slice(i, i + 1) for i in index), along, *rest)


def _covered(
    part: tuple[slice, ...], weights: Sequence[csr_array]
) -> tuple[tuple[slice, ...], list[csr_array]]:
    """Return the samples of the finest level that a part covers, and their weights."""
    covered, matrices = [], []
    for along, matrix in zip(part, weights, strict=True):
        coarse, fine = matrix.shape
        below = slice(along.start * fine // coarse, -(-along.stop * fine // coarse))
        covered.append(below)
        matrices.append(matrix[along, below])
    return tuple(covered), matrices


def _average(block: Array, matrices: Sequence[csr_array]) -> Array:
    for axis, matrix in enumerate(matrices):
        if matrix.shape[0] != matrix.shape[1]:
            first = np.moveaxis(block, axis, 0)
            averaged = matrix @ first.reshape(len(first), -1)
            block = np.moveaxis(averaged.reshape(-1, *first.shape[1:]), 0, axis)
    return block


def _average_floats(block: Array, matrices: Sequence[csr_array]) -> Array:
    known = ~np.isnan(block)
    if known.all():
        return _average(block.astype(np.float64), matrices)
    total = _average(np.where(known, block, 0).astype(np.float64), matrices)
    share = _average(known.astype(np.float64), matrices)
    return np.divide(total, share, out=np.full_like(total, np.nan), where=share > 0)


def _average_integers(block: Array, matrices: Sequence[csr_array]) -> Array:
    """Average distances to the smallest sample: float64 cannot hold all 64-bit integers.

    All differences and sums are modulo 2^bits, so that they are right for negative integers, too.
    """
    lowest = block.min()
    distances = (block - lowest).view(f"u{block.dtype.itemsize}")
    averages = np.rint(_average(distances.astype(np.float64), matrices))
    np.minimum(averages, _float_below(int(distances.max())), out=averages)
    restored: Array = averages.astype(distances.dtype).view(lowest.dtype) + lowest
    return restored


def _float_below(number: int) -> float:
    """Return the largest float64 that is not larger than an integer."""
    nearest = float(number)
    return nearest if int(nearest) <= number else math.nextafter(nearest, 0)
