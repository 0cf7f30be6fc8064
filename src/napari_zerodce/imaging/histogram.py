"""The histogram of an image, read region by region, with exact percentiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.sampling import Sampler

MOST_SAMPLES_SORTED: Final = 2**24
"""Up to this number percentiles of 32- and 64-bit dtypes are exact; above, samples are skipped."""

_SAMPLES_COUNTED_AT_ONCE = 2**18  # numpy.bincount needs 8 bytes for each
_BINS = 4096  # 32- and 64-bit dtypes have too many values to count each


@dataclass(frozen=True)
class Histogram:
    """How often each intensity occurs.

    Attributes
    ----------
    values : ndarray, shape (n,), ascending
        The intensities, or, for dtypes of more than 16 bits, the middles of bins between the
        percentiles. Samples beyond the percentiles count in the outermost bins.
    counts : ndarray of integers, shape (n,)
        Above 0.
    low, high : float or int
        The requested percentiles: samples of the image.
    """

    values: Array
    counts: Array
    low: float
    high: float


def read_histogram(sampler: Sampler, dtype: np.dtype[Any], low: float, high: float) -> Histogram:
    """Read the finite samples of an image.

    Parameters
    ----------
    sampler : Sampler
    dtype : dtype
        Of the image.
    low, high : float
        Percentiles in [0, 100].

    Returns
    -------
    Histogram
        Without values, and with `low` above `high`, if no sample is finite.
    """
    return (_counted if dtype.itemsize <= 2 else _sorted)(sampler, dtype, low, high)


def _counted(sampler: Sampler, dtype: np.dtype[Any], low: float, high: float) -> Histogram:
    """Return the histogram of a dtype of at most 16 bits, from the count of each value."""
    native = dtype.newbyteorder("=")
    bits = np.dtype(f"u{dtype.itemsize}")
    counts = np.zeros(2 ** (8 * dtype.itemsize), np.int64)
    for samples, weight in sampler.spread_samples():
        patterns = np.ascontiguousarray(samples, native).view(bits)
        for start in range(0, patterns.size, _SAMPLES_COUNTED_AT_ONCE):
            part = patterns[start : start + _SAMPLES_COUNTED_AT_ONCE]
            counts += weight * np.bincount(part, minlength=counts.size)
    present = np.flatnonzero(counts)
    values = present.astype(bits).view(native)
    order = np.argsort(values)
    values, counts = values[order], counts[present][order]
    if not values.size:
        return _EMPTY
    ranks = np.cumsum(counts)
    first, last = np.searchsorted(ranks, _places(int(ranks[-1]), low, high), side="right")
    return Histogram(values, counts, values[first].item(), values[last].item())


def _sorted(sampler: Sampler, dtype: np.dtype[Any], low: float, high: float) -> Histogram:
    """Return the histogram of any dtype from partially sorted samples."""
    parts = [part for part, _ in sampler.spread_samples(most=MOST_SAMPLES_SORTED, even=True)]
    samples: Array = np.concatenate(parts, dtype=dtype.newbyteorder("="))
    del parts
    if not samples.size:
        return _EMPTY
    first, last = _places(samples.size, low, high)
    samples.partition((first, last))
    ends = samples[first].item(), samples[last].item()
    return Histogram(*_binned(samples, *ends), *ends)


def _binned(samples: Array, low: float, high: float) -> tuple[Array, Array]:
    """Return middles and counts of the bins that are not empty."""
    width = (float(high) - float(low)) / (_BINS - 1)
    if not 0 < width < math.inf:
        return np.array([low], np.float64), np.array([samples.size])
    counts = np.zeros(_BINS, np.int64)
    for start in range(0, samples.size, _SAMPLES_COUNTED_AT_ONCE):
        part = samples[start : start + _SAMPLES_COUNTED_AT_ONCE].astype(np.float64)
        places = np.rint((part.clip(low, high) - low) / width).astype(np.int64)
        counts += np.bincount(places, minlength=_BINS)
    present = np.flatnonzero(counts)
    with np.errstate(over="ignore"):  # beside the largest float, rounding may exceed it
        return np.minimum(low + present * width, high), counts[present]


def _places(count: int, low: float, high: float) -> tuple[int, int]:
    """Return the positions of the percentiles among `count` sorted samples, rounded outwards."""
    first, last = (percent / 100 * (count - 1) for percent in (low, high))
    # 99.9 percent of 1000 is 999, but slightly more in floating point.
    return math.floor(round(first, 6)), math.ceil(round(last, 6))


_EMPTY: Final = Histogram(np.empty(0), np.empty(0, np.int64), math.inf, -math.inf)
