"""Paired comparisons of arms: relative changes with bootstrap intervals, and the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smoothness.arms import CONTROLS, ORDER_1

Table = NDArray[np.float64]
"""One measure of one arm: a row for each seed, a column for each picture."""

RESAMPLES: Final = 4000


@dataclass(frozen=True)
class Change:
    """A relative change and its 95 % interval: -0.05 is a fall by 5 %."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        numbers = (100 * number for number in (self.value, self.low, self.high))
        value, low, high = (f"{number:+.1f}" for number in numbers)
        return f"{value} ({low} to {high})"


@dataclass(frozen=True)
class Claim:
    """What counts as better in one measure: a fall by a share, against every control."""

    measure: str
    fall: float


CLAIMS: Final = (
    Claim("spots", 0.05),
    Claim("map noise", 0.01),
    Claim("ramp", 0.05),
    Claim("halo", 0.10),
    Claim("facets", 0.10),
)

GUARDS: Final = ("edges", "texture")
GUARD: Final = 0.01
REAL_HALO_POINTS: Final = 1.0
NEEDS_RANGE: Final = ("halo", "facets")
LEAST_RANGE: Final = 0.5
"""Of that of order 1: constant maps have neither halos nor facets."""


def change(arm: Table, other: Table, *, resamples: int = RESAMPLES) -> Change:
    """Return the relative change of the mean, with seeds and pictures drawn for both alike.

    Parameters
    ----------
    arm, other : ndarray, shape (seeds, pictures)
    resamples : int
    """
    assert arm.shape == other.shape
    means = _resampled(np.stack((arm, other)), resamples)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = means[:, 0] / means[:, 1] - 1
        value = float(np.divide(arm.mean(), other.mean()) - 1)
    return _interval(value, drawn)


def change_at_equal_range(
    arm: str, measure: str, tables: Callable[[str, str], Table], *, resamples: int = RESAMPLES
) -> Change:
    """Return the change against order 1 of that strength which gives the same range.

    Its value is interpolated between the three strengths, as a power of the range; beyond them,
    the nearest strength counts.

    Parameters
    ----------
    arm, measure : str
    tables : callable
        Returns the table of an arm and a measure.
    resamples : int
    """
    names = (arm, *CONTROLS)
    values = np.stack([tables(name, measure) for name in names])
    ranges = np.stack([tables(name, "range") for name in names])
    drawn = _relative(_resampled(values, resamples), _resampled(ranges, resamples))
    whole = _relative(values.mean(axis=(1, 2))[None], ranges.mean(axis=(1, 2))[None])
    return _interval(float(whole[0]), drawn)


def _resampled(stack: Table, resamples: int) -> Table:
    """Return means of shape (resamples, arms), with seeds and pictures drawn for all arms alike."""
    generator = np.random.default_rng(0)
    _, seeds, pictures = stack.shape
    rows = generator.integers(seeds, size=(resamples, seeds, 1))
    columns = generator.integers(pictures, size=(resamples, 1, pictures))
    means: Table = stack[:, rows, columns].mean(axis=(2, 3)).T
    return means


def _relative(values: Table, ranges: Table) -> Table:
    """Return each first value relative to that of the others at the first one's range."""
    places, heights = (np.log(np.maximum(table, 1e-6)) for table in (ranges, values))
    found = []
    for value, place, height in zip(values[:, 0], places, heights, strict=True):
        order = np.argsort(place[1:])
        expected = np.exp(np.interp(place[0], place[1:][order], height[1:][order]))
        found.append(value / expected - 1)
    return np.array(found)


def _interval(value: float, drawn: Table) -> Change:
    if not np.isfinite(drawn).all():
        return Change(value, float("nan"), float("nan"))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Change(value, float(low), float(high))


def detail_is_kept(tables: Callable[[str, str], Table], arm: str) -> bool:
    """Return whether edges and texture are at most 1 % lower than those of order 1.

    Parameters
    ----------
    tables : callable
        Returns the table of an arm and a measure.
    arm : str
    """
    ratios = (tables(arm, name).mean() / tables(ORDER_1, name).mean() for name in GUARDS)
    return all(ratio >= 1 - GUARD for ratio in ratios)


def is_better(
    claim: Claim, arm: str, changes: Mapping[str, Change], tables: Callable[[str, str], Table]
) -> bool:
    """Return whether an arm is better in a claim's measure, as written before the runs.

    Parameters
    ----------
    claim : Claim
    arm : str
    changes : Mapping of str to Change
        Against each control.
    tables : callable
        Returns the table of an arm and a measure.
    """
    falls = all(changes[name].value <= -claim.fall for name in CONTROLS)
    sure = all(changes[name].high < 0 for name in CONTROLS)
    if claim.measure == "halo":
        ours, paper = (abs(tables(name, "real halo").mean()) for name in (arm, ORDER_1))
        falls = falls and bool(ours <= paper + REAL_HALO_POINTS)
    if claim.measure in NEEDS_RANGE:
        ours, paper = (tables(name, "range").mean() for name in (arm, ORDER_1))
        falls = falls and bool(ours >= LEAST_RANGE * paper)
    return falls and sure and detail_is_kept(tables, arm)
