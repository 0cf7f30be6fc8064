"""One curve for all pixels, channels and planes that are enhanced: the mean of their maps."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from napari_zerodce.engine.methods.curves import CurveMethod, CurveTile
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.requests import Report, ignore
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.engine.tile_loop import TileLoop
from napari_zerodce.engine.unread import Unread
from napari_zerodce.imaging.tiling import Tile
from napari_zerodce.stopping import ShouldStop, never

GLOBAL_CURVE_DECIMALS: Final = 6
"""Decimals of the curve for all pixels: it can be printed, and does not depend on the tile size."""


def estimate_global_curve(resolved: ResolvedRequest, loop: TileLoop) -> tuple[float, ...]:
    """Return the mean A_1 .. A_8 of all maps of the part that is enhanced.

    Parameters
    ----------
    resolved : ResolvedRequest
    loop : TileLoop
    """
    method = CurveMethod(resolved.estimator, _sum, scale_factor=resolved.scale_factor)
    totals: dict[tuple[int, ...], dict[tuple[int, int], Tensor]] = {}

    def begin(plane: Plane) -> None:
        totals[plane.index] = {}

    def add(plane: Plane, tile: Tile, found: Tensor) -> None:
        totals[plane.index][tile.rows.start, tile.columns.start] = found

    scope = resolved.part
    unread = Unread(resolved)
    loop = replace(loop, on_unreadable=unread.callback)
    loop.run(method, resolved.planes(loop.meter.check), add, region=scope.region, begin=begin)
    unread.check()
    # Tiles end in any order, but a sum depends on the order.
    planes = [totals[index] for index in scope.indices() if index not in unread.errors]
    sums = [torch.stack([found[place] for place in sorted(found)]).sum(0) for found in planes]
    pixels = scope.pixels // scope.count * len(planes)
    means = torch.stack(sums).sum(0) / pixels
    return tuple(round(value, GLOBAL_CURVE_DECIMALS) for value in means.tolist())


def _sum(tile: CurveTile) -> Tensor:
    # In float64, on the CPU because not every device has it: in float32 the sixth decimal would
    # depend on the tile size.
    return tile.alphas[0].cpu().double().sum((2, 3)).mean(1)


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
