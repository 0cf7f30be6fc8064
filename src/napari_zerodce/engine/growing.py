"""The regions of a result are enhanced and written, one after the other, until it is complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.lazy import EnhancedLevel
from napari_zerodce.engine.progress import Meter
from napari_zerodce.engine.requests import Progress, Report, ignore
from napari_zerodce.imaging.files.saved.growing import GrowingImage
from napari_zerodce.imaging.files.saved.regions import Region
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped

_AT_ONCE: Final = 2**22
"""Pixels of small planes that are enhanced side by side, which is faster than one by one."""

_Made = tuple[Sequence[Array], Sequence[str]]


def enhance_into(
    grown: GrowingImage,
    levels: Sequence[EnhancedLevel],
    *,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> tuple[str, ...]:
    """Enhance what is missing of a result, write it region by region, and finish it.

    Parameters
    ----------
    grown : GrowingImage
    levels : sequence of EnhancedLevel
        As many as its image has.
    report, should_stop : callable, optional
        As in `enhance`.

    Returns
    -------
    tuple of str
        Sentences for the user.

    Raises
    ------
    Cancelled, DeviceError, ImageError
        As `enhance` does, or if a region cannot be written. What is written stays.
    """
    missing = grown.missing()
    written = sum(1 for _ in grown.regions()) - len(missing)
    meter = Meter(
        len(missing), report=report, should_stop=should_stop, unit="Region", before=written
    )
    notices: dict[str, None] = {}
    first = 0
    for regions in _side_by_side(missing):
        numbers = range(first, first + len(regions))
        first += len(regions)
        follow = partial(advance, meter, numbers)
        level = levels[regions[0].level]
        made = _made_of_finest if level.number == 0 else _made_of_coarser
        blocks, told = made(level, regions, follow, should_stop)
        notices |= dict.fromkeys(told)
        for number, region, block in zip(numbers, regions, blocks, strict=True):
            grown.write(region, block)
            meter.advance(number, 1)
    grown.finish(partial(_follow_levels, report, should_stop))
    return tuple(notices)


def _made_of_finest(
    level: EnhancedLevel, regions: Sequence[Region], report: Report, should_stop: ShouldStop
) -> _Made:
    resolved = level.resolved
    request = replace(resolved, part=_in_source(regions, resolved.part))
    result = enhance(request, report=report, should_stop=should_stop)
    planes = max(0, len(resolved.layout.leading) - 1)
    return np.split(result.image, len(regions), axis=planes), result.notices


def _made_of_coarser(
    level: EnhancedLevel, regions: Sequence[Region], report: Report, should_stop: ShouldStop
) -> _Made:
    sides = ((slice(*each.scope.rows), slice(*each.scope.columns)) for each in regions)
    blocks = [
        level.block(region.index, *side, report=report, should_stop=should_stop)
        for region, side in zip(regions, sides, strict=True)
    ]
    return blocks, ()


def _side_by_side(regions: Sequence[Region]) -> list[list[Region]]:
    """Group small planes that follow each other along the last leading axis."""
    groups: list[list[Region]] = []
    for region in regions:
        if groups and _goes_on(groups[-1], region):
            groups[-1].append(region)
        else:
            groups.append([region])
    return groups


def _goes_on(group: Sequence[Region], region: Region) -> bool:
    scope = group[-1].scope
    if group[-1].level or not scope.leading or (len(group) + 1) * scope.pixels > _AT_ONCE:
        return False
    *others, (_, stop) = scope.leading
    return region.scope == replace(scope, leading=(*others, (stop, stop + 1)))


def _in_source(regions: Sequence[Region], part: Scope) -> Scope:
    """Return the part of the source that regions of the result are made from."""
    first, last = regions[0].scope, regions[-1].scope
    starts = (*first.leading, first.rows, first.columns)
    stops = (*last.leading, last.rows, last.columns)
    moved = [
        (start + offset, stop + offset)
        for (start, _), (_, stop), offset in zip(starts, stops, part.offset, strict=True)
    ]
    return Scope(tuple(moved[:-2]), moved[-2], moved[-1])


def advance(meter: Meter, numbers: range, progress: Progress) -> None:
    """Count what is enhanced of things that are made at once, but not written yet.

    Parameters
    ----------
    meter : Meter
    numbers : range
        Of these things in the meter.
    progress : Progress
        Of their enhancement.
    """
    for number in numbers:
        meter.advance(number, 0.99 * progress.fraction)  # the rest is writing


def _follow_levels(report: Report, should_stop: ShouldStop, _part: float) -> None:
    raise_if_stopped(should_stop)
    report(Progress(1, 1, "Making the coarser levels"))
