"""The samples that are read from a large or lazy image to learn about its intensities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from math import ceil, gcd, prod
from typing import Any

import numpy as np

from napari_zerodce.errors import UnreadableError
from napari_zerodce.imaging.keys import whole_key
from napari_zerodce.imaging.levels import coarser_levels
from napari_zerodce.imaging.planes import Array, PlaneLayout
from napari_zerodce.imaging.unreadable import array_reading_told
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

SAMPLES_PER_REGION = 2**22
"""Samples read at once, unless one chunk has more: as many as a plane of 2048x2048 pixels."""

MOST_SAMPLES_OF_LAZY_IMAGE = 2**26
"""Of a larger lazy image, evenly spaced regions with about this number of samples are read: 0.3 s
on two cores. benchmarks/window_samples.py has the table of errors."""

MOST_SAMPLES_OF_PYRAMID = 2**24
"""If a coarser level tells where the bright regions are, so few samples are enough."""

LARGEST_OVERVIEW = 2**20
"""Samples. The finest level with so few tells where the bright regions are."""

_SAMPLES_PER_SMALL_REGION = 2**18
_LEAST_REGIONS = 32

_REGIONS_FOR_COLOURS = 64
"""If not all are read, so many or more, also if each is one large chunk."""

_Region = tuple[slice, ...]

_MOST_UNREAD = 64
"""From this number on, regions that cannot be read are not searched for parts that can."""

OnRegion = Callable[[int, int], None]
"""Called with the number of regions that are read, and of those to read."""


def unseen(_done: int, _total: int) -> None:
    """Do nothing."""


class Sampler:
    """Reader of the colour samples of an image, region by region, along the chunks of a lazy image.

    Chunks, or planes of an image without chunks, that cannot be read do not count.

    Parameters
    ----------
    array : array-like
    layout : PlaneLayout
    should_stop : callable
        Called before each region; if it returns True, the methods raise `Cancelled`.
    on_region : callable, optional
        Called before the first region and after each.
    coarser : sequence of array-like, optional
        The coarser levels of a lazy image, if it has some.
    """

    def __init__(
        self,
        array: Any,
        layout: PlaneLayout,
        should_stop: ShouldStop,
        on_region: OnRegion = unseen,
        coarser: Sequence[Any] = (),
    ) -> None:
        self._unread: dict[str, UnreadableError] = {}
        self._array = array
        self._should_stop = should_stop
        self._on_region = on_region
        colours = () if layout.channels == "mono" else (layout.colours,)
        self._shape = (*layout.leading, layout.height, layout.width, *colours)
        planes = (*(1 for _ in layout.leading), *self._shape[len(layout.leading) :])
        self._chunks = chunks_of(array)
        self._units = planes if self._chunks is None else self._chunks[: len(self._shape)]
        self._coarser = coarser
        # A memory-mapped file is as slow as its disk.
        self._is_lazy = not isinstance(array, np.ndarray) or isinstance(array, np.memmap)
        self._grid(SAMPLES_PER_REGION)

    def _grid(self, most: int) -> None:
        """Divide the image into regions of at most so many samples, unless one chunk has more."""
        self._steps = region_steps(self._shape, self._chunks, most)
        self._regions = tuple(
            ceil(length / step) for length, step in zip(self._shape, self._steps, strict=True)
        )

    def all_samples(self) -> Iterator[Array]:
        """Yield the finite samples of every region as a flat array."""
        for region, _ in self._read_each(range(prod(self._regions))):
            yield _finite(region.ravel())

    def is_read_whole(self, most_read: int) -> bool:
        """Return whether all samples are read: those in memory, and those of a small image."""
        return not self._is_lazy or prod(self._shape) <= most_read

    def regions(self, *, most_read: int) -> Iterator[Array]:
        """Yield regions as they are, with all their axes.

        Of a larger lazy image, these are many small ones that are spread over all axes, and before
        them a coarser level, if there is a small one.

        Parameters
        ----------
        most_read : int
            Number of samples that are read of a lazy image, but at least 64 regions.
        """
        if self.is_read_whole(most_read):
            numbers = list(range(prod(self._regions)))
        else:
            if (overview := _overview(self._coarser, self._shape)) is not None:
                yield self._of_overview(overview)
            self._grid(_SAMPLES_PER_SMALL_REGION)
            kept = max(_REGIONS_FOR_COLOURS, most_read // prod(self._steps))
            numbers = spread(prod(self._regions), kept)
        for region, _ in self._read_each(numbers):
            yield region

    def spread_samples(
        self, *, most: int | None = None, most_read: int | None = None, even: bool = False
    ) -> Iterator[tuple[Array, int]]:
        """Yield finite samples as flat arrays; of a large lazy image, only some regions.

        Parameters
        ----------
        most : int, optional
            If there are more samples than this, the method yields only every n-th of each region.
        most_read : int, optional
            Number of samples that are read of a lazy image, but at least one region; by default so
            many that they tell its window.
        even : bool
            Whether a region yields so many samples as it has weight, so that all count the same.

        Yields
        ------
        samples : ndarray, shape (n,)
        weight : int
            How many regions they stand for; 1 for all, unless coarser levels are known.
        """
        numbers, weights = self._chosen_regions(most_read)
        expected = prod(self._shape) * len(numbers) / prod(self._regions)
        thinning = 1 if most is None else ceil(expected / most)
        for region, place in self._read_each(numbers):
            weight = weights[place]
            own = thinning * max(weights) // weight if even else thinning
            yield _finite(region.ravel()[:: thinning_step(own, region.shape)]), weight

    def _chosen_regions(self, most_read: int | None) -> tuple[list[int], list[int]]:
        """Return the numbers of the regions to read, and how many regions each stands for."""
        most = most_read or MOST_SAMPLES_OF_LAZY_IMAGE
        if self.is_read_whole(most):
            count = prod(self._regions)
            return list(range(count)), [1] * count
        overview = None if most_read else _overview(self._coarser, self._shape)
        if overview is not None:
            self._grid(_SAMPLES_PER_SMALL_REGION)
            if all(a >= b for a, b in zip(overview.shape, self._regions, strict=True)):
                return self._by_brightness(overview)
            self._grid(SAMPLES_PER_REGION)
        kept = max(1, most // prod(self._steps))
        numbers = spread(prod(self._regions), kept)
        return numbers, [1] * len(numbers)

    def _by_brightness(self, overview: Any) -> tuple[list[int], list[int]]:
        samples = self._of_overview(overview)
        means = coarser_levels(samples.astype(np.float32), [self._regions])[0].ravel()
        count = max(_LEAST_REGIONS, MOST_SAMPLES_OF_PYRAMID // prod(self._steps))
        numbers, weights = zip(*spread_by_brightness(means, count), strict=True)
        return list(numbers), list(weights)

    def _of_overview(self, overview: Any) -> Array:
        """Return the samples of a coarser level, without alpha."""
        with self._reading_told():
            without_alpha = min(overview.shape[-1], self._shape[-1])
            return np.asarray(overview[whole_key((*overview.shape[:-1], without_alpha))])

    @property
    def unread(self) -> str:
        """A sentence for the user if some regions could not be read, else empty."""
        if not self._unread:
            return ""
        first, count = next(iter(self._unread.values())), len(self._unread)
        parts = "1 part of the image does" if count == 1 else f"{count} parts of the image do"
        return f"{parts} not count for the window: {first}"

    def _read_each(self, numbers: Sequence[int]) -> Iterator[tuple[Array, int]]:
        """Yield what can be read of each region, with its place among the numbers."""
        found = False
        for done, number in enumerate(numbers):
            self._on_region(done, len(numbers))
            for block in self._readable(self._region(number)):
                found = True
                yield block, done
            if not found and len(self._unread) >= _MOST_UNREAD:
                break  # each failure may take long, for example until a server does not answer
        if not found:
            raise next(iter(self._unread.values()))
        self._on_region(len(numbers), len(numbers))

    def _region(self, number: int) -> _Region:
        places = np.unravel_index(number, self._regions)
        return tuple(
            slice(int(place) * step, min((int(place) + 1) * step, length))
            for place, step, length in zip(places, self._steps, self._shape, strict=True)
        )

    def _readable(self, region: _Region) -> Iterator[Array]:
        """Yield a region, or, if it cannot be read, those of its parts that can."""
        raise_if_stopped(self._should_stop)
        try:
            block = self._read(region)
        except UnreadableError as err:
            halves = _halves(region, self._units) if len(self._unread) < _MOST_UNREAD else ()
            if not halves:
                self._unread[str(region)] = err
            for half in halves:
                yield from self._readable(half)
        else:
            yield block

    def _read(self, region: _Region) -> Array:
        with self._reading_told():
            return np.asarray(self._array[region])

    @staticmethod
    def _reading_told() -> AbstractContextManager[None]:
        return array_reading_told("A part of the image", advice="check the file that it comes from")


def _halves(region: _Region, units: Sequence[int]) -> tuple[_Region, ...]:
    """Return both halves of a region along its first axis with several units, or nothing."""
    for axis, (side, unit) in enumerate(zip(region, units, strict=True)):
        count = ceil((side.stop - side.start) / unit)
        if count > 1:
            middle = side.start + count // 2 * unit
            ends = slice(side.start, middle), slice(middle, side.stop)
            return tuple((*region[:axis], half, *region[axis + 1 :]) for half in ends)
    return ()


def region_steps(
    shape: tuple[int, ...], chunks: tuple[int, ...] | None, most: int
) -> tuple[int, ...]:
    """Return the shape of regions that consist of whole chunks.

    Without chunks, a region is a band of rows, a whole plane or several planes.

    Parameters
    ----------
    shape : tuple of int
        Shape of the image.
    chunks : tuple of int, optional
        Shape of a chunk.
    most : int
        Largest number of samples in a region, unless one chunk has more.
    """
    steps = [1] * len(shape) if chunks is None else list(chunks[: len(shape)])
    steps = [max(1, min(step, length)) for step, length in zip(steps, shape, strict=True)]
    for axis in reversed(range(len(shape))):
        factor = max(1, most // prod(steps))
        steps[axis] = min(shape[axis], steps[axis] * factor)
    return tuple(steps)


def spread(count: int, kept: int) -> list[int]:
    """Return `kept` numbers from 0 to ``count - 1``, one from each of `kept` equal intervals.

    The place in the interval is pseudo-random, and the same in each call: equal distances might hit
    the same channel of a stack every time.

    Parameters
    ----------
    count : int
    kept : int
        If it is at least `count`, all numbers are returned.
    """
    if kept >= count:
        return list(range(count))
    borders = [count * part // kept for part in range(kept + 1)]
    places = np.random.default_rng(0).random(kept).tolist()
    return [
        start + int(place * (stop - start))
        for place, (start, stop) in zip(places, pairwise(borders), strict=True)
    ]


def spread_by_brightness(means: Array, count: int) -> list[tuple[int, int]]:
    """Choose some regions of all brightnesses, more of the bright ones, which are few.

    Parameters
    ----------
    means : ndarray, shape (n,)
        The mean brightness of each region; NaN counts as darkest.
    count : int
        How many to choose.

    Returns
    -------
    list of tuple of int
        The number of a region, and how many regions of similar brightness it stands for.
    """
    brightest_first = np.argsort(np.nan_to_num(means, nan=-np.inf), kind="stable")[::-1]
    borders = np.linspace(0, 1, min(count, len(means)) + 1) ** 2 * len(means)
    ends = np.unique(np.rint(borders).astype(int))
    return [
        (int(brightest_first[(start + stop) // 2]), stop - start)
        for start, stop in pairwise(ends.tolist())
    ]


def thinning_step(thinning: int, shape: tuple[int, ...]) -> int:
    """Return the smallest step from `thinning` on that reaches all columns and colours of a region.

    Parameters
    ----------
    thinning : int
        At least 1.
    shape : tuple of int
        Shape of the region.
    """
    step = thinning
    while gcd(step, prod(shape[-2:])) != 1:
        step += 1
    return step


def _overview(coarser: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Return the finest coarser level that is small, None if there is none."""
    axes = len(shape)
    small = (level for level in coarser if len(level.shape) == axes)
    return next((level for level in small if prod(level.shape) <= LARGEST_OVERVIEW), None)


def chunks_of(array: Any) -> tuple[int, ...] | None:
    """Return the usual shape of a chunk of a lazy array, None if there is none.

    Parameters
    ----------
    array : array-like
    """
    chunks = getattr(array, "chunks", None)
    if not isinstance(chunks, tuple) or len(chunks) != len(array.shape):
        return None
    # dask lists the lengths of all chunks along an axis, zarr and h5py give one length.
    return tuple(max(axis) if isinstance(axis, tuple) else int(axis) for axis in chunks)


def _finite(samples: Array) -> Array:
    return samples[np.isfinite(samples)] if samples.dtype.kind == "f" else samples
