"""One curve for all pixels, channels and planes that are enhanced: the mean of their maps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.core.arrays import distinct, to_numpy
from napari_zerodce.engine.methods.curves import CurveMethod, CurveTile
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.requests import Report, ignore
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.engine.tile_loop import TileLoop
from napari_zerodce.engine.unread import Unread
from napari_zerodce.imaging.tiling import Tile
from napari_zerodce.stopping import ShouldStop, never

Array = np.ndarray[Any, Any]

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
    totals: dict[tuple[int, ...], dict[tuple[int, int], Array]] = {}

    def begin(plane: Plane) -> None:
        totals[plane.index] = {}

    def add(plane: Plane, tile: Tile, found: Array) -> None:
        totals[plane.index][tile.rows.start, tile.columns.start] = found

    scope = resolved.part
    unread = Unread(resolved)
    loop = replace(loop, on_unreadable=unread.callback)
    loop.run(method, resolved.planes(loop.meter.check), add, region=scope.region, begin=begin)
    unread.check()
    # Tiles end in any order, but a sum depends on the order.
    planes = [totals[index] for index in scope.indices() if index not in unread.errors]
    sums = [np.sum([found[place] for place in sorted(found)], 0) for found in planes]
    pixels = scope.pixels // scope.count * len(planes)
    means = np.broadcast_to(np.sum(sums, 0) / pixels, ITERATIONS)
    return tuple(round(value, GLOBAL_CURVE_DECIMALS) for value in means.tolist())


def _sum(tile: CurveTile) -> Array:
    """Return the sums of A_1 .. A_8, or of the map that serves all of them, shape (8 or 1,)."""
    # In float64, on the CPU because not every device has it: in float32 the sixth decimal would
    # depend on the tile size.
    maps = to_numpy(distinct(tile.alphas, 1)[0])
    sums: Array = maps.sum((2, 3), dtype=np.float64).mean(1)
    return sums


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
