"""Which parts of a large or lazy image are looked at to learn about its intensities."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import ceil, gcd, prod
from typing import Any

import numpy as np

from napari_zerodce.imaging.planes import Array, PlaneLayout
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

SAMPLES_PER_REGION = 2**22
"""Samples read at once (unless one chunk has more): a plane of 2048x2048."""

MOST_SAMPLES_OF_LAZY_IMAGE = 2**28
"""Of lazy images larger than this, evenly spaced regions are read, of about so many samples."""


class Sampler:
    """Reads the colour samples of an image region by region, along the chunks of a lazy one.

    Parameters
    ----------
    array : array-like
    layout : PlaneLayout
    should_stop : callable
        Asked before each region; `Cancelled` is raised if it says so.
    """

    def __init__(self, array: Any, layout: PlaneLayout, should_stop: ShouldStop) -> None:
        self._array = array
        self._should_stop = should_stop
        colours = () if layout.channels == "mono" else (layout.colours,)
        self._shape = (*layout.leading, layout.height, layout.width, *colours)
        self._steps = region_steps(self._shape, _chunks(array), SAMPLES_PER_REGION)
        self._regions = tuple(
            ceil(length / step) for length, step in zip(self._shape, self._steps, strict=True)
        )

    def all_samples(self) -> Iterator[Array]:
        """Yield the finite samples of every region, flat."""
        for number in range(prod(self._regions)):
            yield _finite(self._read(number).ravel())

    def spread_samples(self, *, most: int | None = None) -> Iterator[Array]:
        """Yield finite samples, flat, of evenly spaced regions if the image is large and lazy.

        Parameters
        ----------
        most : int, optional
            If there are more samples than that, only every n-th of each region is taken.
        """
        numbers = self._spread_regions()
        expected = prod(self._shape) * len(numbers) / prod(self._regions)
        thinning = 1 if most is None else ceil(expected / most)
        for number in numbers:
            region = self._read(number)
            yield _finite(region.ravel()[:: thinning_step(thinning, region.shape)])

    def _spread_regions(self) -> list[int]:
        count = prod(self._regions)
        # A memory-mapped file is as slow as its disk.
        lazy = not isinstance(self._array, np.ndarray) or isinstance(self._array, np.memmap)
        kept = max(1, MOST_SAMPLES_OF_LAZY_IMAGE // prod(self._steps)) if lazy else count
        return spread(count, kept)

    def _read(self, number: int) -> Array:
        raise_if_stopped(self._should_stop)
        places = np.unravel_index(number, self._regions)
        region = tuple(
            slice(int(place) * step, min((int(place) + 1) * step, length))
            for place, step, length in zip(places, self._steps, self._shape, strict=True)
        )
        return np.asarray(self._array[region])


def region_steps(
    shape: tuple[int, ...], chunks: tuple[int, ...] | None, most: int
) -> tuple[int, ...]:
    """Return the shape of regions of whole chunks, of at most `most` samples if a chunk allows it.

    Without chunks these are bands of rows, whole planes or several planes.
    """
    steps = [1] * len(shape) if chunks is None else list(chunks[: len(shape)])
    steps = [max(1, min(step, length)) for step, length in zip(steps, shape, strict=True)]
    for axis in reversed(range(len(shape))):
        factor = max(1, most // prod(steps))
        steps[axis] = min(shape[axis], steps[axis] * factor)
    return tuple(steps)


def spread(count: int, kept: int) -> list[int]:
    """Return `kept` numbers below `count`: one of each of as many equal stretches.

    Where in the stretch is as good as random, yet the same each time: equal distances might meet
    the same channel of a stack again and again.
    """
    if kept >= count:
        return list(range(count))
    borders = [count * part // kept for part in range(kept + 1)]
    places = np.random.default_rng(0).random(kept).tolist()
    return [
        start + int(place * (stop - start))
        for place, (start, stop) in zip(places, pairwise(borders), strict=True)
    ]


def thinning_step(thinning: int, shape: tuple[int, ...]) -> int:
    """Return the next step from `thinning` on that meets all columns and colours of a region."""
    step = thinning
    while gcd(step, prod(shape[-2:])) != 1:
        step += 1
    return step


def _chunks(array: Any) -> tuple[int, ...] | None:
    """Return the usual shape of a chunk, if there is one."""
    chunks = getattr(array, "chunks", None)
    if not isinstance(chunks, tuple) or len(chunks) != len(array.shape):
        return None
    # dask lists the lengths of all chunks along an axis, zarr and h5py give one.
    return tuple(max(axis) if isinstance(axis, tuple) else int(axis) for axis in chunks)


def _finite(samples: Array) -> Array:
    return samples[np.isfinite(samples)] if samples.dtype.kind == "f" else samples
