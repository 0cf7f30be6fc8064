"""An enhanced image that grows as OME-Zarr: how it is described, and how its regions are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.global_curve import estimate_global_curve
from napari_zerodce.engine.progress import Meter
from napari_zerodce.engine.requests import Progress, Report, ignore
from napari_zerodce.engine.resolve import ResolvedRequest
from napari_zerodce.imaging.files.saved.growing import GrowingImage
from napari_zerodce.imaging.files.saved.image import KEY, Blank, ChannelDisplay, SavedImage
from napari_zerodce.imaging.files.saved.regions import Region
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped

_AT_ONCE: Final = 2**22
"""Pixels of small planes that are enhanced side by side, which is faster than one by one."""

_DECIDE_NO_PIXEL: Final = frozenset(
    {"display_only", "checkpoint", "checkpoint_label", "checkpoint_source"}
    | {"device", "tile", "seconds"}
)


def with_curve(
    resolved: ResolvedRequest, *, report: Report = ignore, should_stop: ShouldStop = never
) -> ResolvedRequest:
    """Return a request that knows its global curve, if its look wants one: it reads all pixels.

    Parameters
    ----------
    resolved : ResolvedRequest
    report, should_stop : callable, optional
        As in `enhance`.
    """
    if not resolved.settings.look.global_curve or resolved.global_curve:
        return resolved
    loop = resolved.loop(doing="Finding the curve", report=report, should_stop=should_stop)
    return replace(resolved, global_curve=estimate_global_curve(resolved, loop))


def result_to_save(
    source: SavedImage, resolved: ResolvedRequest, *, identity: Any, path: str
) -> SavedImage:
    """Return the result of a request as an image to save, still without its pixels.

    Parameters
    ----------
    source : SavedImage
        The image of the request.
    resolved : ResolvedRequest
        With its curve, as from `with_curve`.
    identity : JSON value
        It differs if the pixels of the source do.
    path : str
        Where the source is.
    """
    part, layout = resolved.part, resolved.layout
    text = "" if part == Scope.whole(layout) else str(part)
    made = resolved.provenance(part=text, global_curve=resolved.global_curve).as_dict()
    decides = {name: value for name, value in made.items() if name not in _DECIDE_NO_PIXEL}
    moved = zip(source.translate, source.scale, part.offset, strict=True)
    origin = {"role": "result", "source": source.name, "source_path": path}
    return replace(
        source,
        levels=(Blank(part.shape_in(layout), source.dtype),),
        translate=tuple(first + step * start for first, step, start in moved),
        limits=(float(resolved.window.low), float(resolved.window.high)),
        facts={"metadata": {KEY: {**origin, **made}}},
        display=_display(source, resolved),
        key={"source": identity, "made": decides},
    )


def _display(source: SavedImage, resolved: ResolvedRequest) -> tuple[ChannelDisplay, ...]:
    """Return how each channel is shown: as in the source, but within its window."""
    axis = source.axes.find("C")
    if axis < 0 or source.channels != "mono":
        return ()
    first, last = resolved.part.leading[axis]
    windows = resolved.windows * (last if len(resolved.windows) == 1 else 1)
    known = source.display if len(source.display) == source.shape[axis] else ()
    shown = known or tuple(ChannelDisplay("FFFFFF", (each.low, each.high)) for each in windows)
    return tuple(
        replace(each, limits=(float(window.low), float(window.high)))
        for each, window in list(zip(shown, windows, strict=False))[first:last]
    )


def enhance_into(
    grown: GrowingImage,
    resolved: ResolvedRequest,
    *,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> tuple[str, ...]:
    """Enhance what is missing of a result, write it region by region, and finish it.

    Parameters
    ----------
    grown : GrowingImage
        Begun with `result_to_save`.
    resolved : ResolvedRequest
        The same.
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
        request = replace(resolved, part=_in_source(regions, resolved.part))
        follow = partial(_advance, meter, numbers)
        result = enhance(request, report=follow, should_stop=should_stop)
        notices |= dict.fromkeys(result.notices)
        blocks = np.split(result.image, len(regions), axis=max(0, len(resolved.layout.leading) - 1))
        for number, region, block in zip(numbers, regions, blocks, strict=True):
            grown.write(region, block)
            meter.advance(number, 1)
    grown.finish(partial(_follow_levels, report, should_stop))
    return tuple(notices)


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
    if not scope.leading or (len(group) + 1) * scope.pixels > _AT_ONCE:
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


def _advance(meter: Meter, numbers: range, progress: Progress) -> None:
    for number in numbers:
        meter.advance(number, 0.99 * progress.fraction)  # the rest is writing


def _follow_levels(report: Report, should_stop: ShouldStop, _part: float) -> None:
    raise_if_stopped(should_stop)
    report(Progress(1, 1, "Making the coarser levels"))
