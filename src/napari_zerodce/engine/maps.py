"""Maps of an image: curve parameters, steps and gains of every plane, computed tile by tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from napari_zerodce.core import arrays
from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.core.curves import curve_gains, curve_slopes, curve_steps
from napari_zerodce.engine.map_kinds import MapKind
from napari_zerodce.engine.memory import allocate
from napari_zerodce.engine.methods.curves import CurveMethod, CurveTile
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.requests import EnhanceRequest, Report, ignore
from napari_zerodce.engine.resolve import resolve_for_curves
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.imaging.planes import PlaneLayout
from napari_zerodce.imaging.tiling import Tile
from napari_zerodce.stopping import ShouldStop, never

Array = np.ndarray[Any, Any]


def curve_maps(
    request: EnhanceRequest, *, report: Report = ignore, should_stop: ShouldStop = never
) -> Array:
    """Estimate the curves of an image, as `enhance` would apply them.

    Parameters
    ----------
    request : EnhanceRequest
        Its look is not used: maps are as estimated.
    report, should_stop : callable, optional
        As in `enhance`.

    Returns
    -------
    ndarray, shape (..., 8, C, H, W), float32, values in [-1, 1]
        In the paper's sign: positive values brighten. C is 1 for mono and 3 for colour images.

    Raises
    ------
    ImageError
        If the image cannot be enhanced, or its maps do not fit into memory: a colour pixel needs 96
        bytes, a mono pixel 32.
    Cancelled, CheckpointError, DeviceError, RequestError
        As `enhance` does.
    """
    maps: Array = fill_maps(request, "alphas", in_memory, report=report, should_stop=should_stop)
    return maps


def resolve_for_maps(
    request: EnhanceRequest | ResolvedRequest,
    *,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> ResolvedRequest:
    """Resolve a request with float32 as precision "auto", because maps do not hide deviations.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
        A resolved request is returned unchanged.
    report, should_stop : callable, optional
        As in `resolve`.

    Raises
    ------
    Cancelled, CheckpointError, DeviceError, ImageError, RequestError
        As `enhance` does.
    """
    if isinstance(request, EnhanceRequest):
        request = replace(request, settings=request.settings.for_numbers(), scope=None)
    return resolve_for_curves(request, report=report, should_stop=should_stop)


def fill_maps(
    request: EnhanceRequest | ResolvedRequest,
    kind: MapKind,
    make_output: Callable[[tuple[int, ...]], Any],
    *,
    step: int = 1,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> Any:
    """Compute maps of a kind into an output, such as a file; only one tile is in memory.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
        The precision "auto" is float32 here.
    kind : {"alphas", "steps", "gain", "noise-gain"}
        "alphas" are A_1 .. A_8; the others describe the image after each iteration: its values in
        [0, 1], how many times brighter it is, and the slope of the curve so far. Both gains are 1
        for samples outside the window, which `enhance` leaves unchanged.
    make_output : callable
        Given the shape (..., 8, C, rows, columns), it returns an array that slices can be written
        to.
    step : int
        Every `step`-th row and column of the image is kept; the kept pixels are exact.
    report, should_stop : callable, optional
        As in `enhance`.

    Returns
    -------
    object
        The result of `make_output`, filled with float32.

    Raises
    ------
    Cancelled, CheckpointError, DeviceError, ImageError, RequestError
        As `enhance` does.
    """
    # First: if there is no room for the maps, nothing needs to be read.
    maps = make_output(maps_shape(request.layout, step))
    resolved = resolve_for_maps(request, report=report, should_stop=should_stop)
    loop = resolved.loop(doing="Computing maps", report=report, should_stop=should_stop)
    finish = partial(_maps_of_tile, kind=kind, step=step)
    method = CurveMethod(resolved.estimator, finish, scale_factor=resolved.scale_factor)

    def put(plane: Plane, tile: Tile, block: Array) -> None:
        rows, columns = (_kept(side, step)[1] for side in (tile.rows, tile.columns))
        maps[(*plane.index, slice(None), slice(None), rows, columns)] = block

    loop.run(method, resolved.planes(loop.meter.check), put)
    return maps


def maps_shape(layout: PlaneLayout, step: int = 1) -> tuple[int, ...]:
    """Return the shape of an image's maps: (..., 8, C, rows, columns).

    Parameters
    ----------
    layout : PlaneLayout
        Of the image.
    step : int
        Every `step`-th row and column is kept.
    """
    rows, columns = -(-layout.height // step), -(-layout.width // step)
    return (*layout.leading, ITERATIONS, layout.colours, rows, columns)


def in_memory(shape: tuple[int, ...]) -> Array:
    """Return an array for maps, or raise an `ImageError` if it does not fit into memory."""
    return allocate(shape, np.float32, opening="The curve maps need")


def maps_of(kind: MapKind, image: arrays.Array, alphas: arrays.Array) -> arrays.Array:
    """Return maps of a kind of an image and its alphas.

    Parameters
    ----------
    kind : {"alphas", "steps", "gain", "noise-gain"}
    image : array, shape (N, C, H, W), values in [0, 1]
    alphas : array, shape (N, 8, C, H, W), values in [-1, 1]

    Returns
    -------
    array, shape (N, 8, C, H, W)
    """
    if kind == "alphas":
        return alphas
    compute = {"steps": curve_steps, "gain": curve_gains, "noise-gain": curve_slopes}[kind]
    return compute(image, alphas)


def _maps_of_tile(tile: CurveTile, *, kind: MapKind, step: int) -> Array:
    rows, columns = (_kept(side, step)[0] for side in (tile.tile.rows, tile.tile.columns))
    kept = (..., rows, columns)
    unit = arrays.packed(tile.outer[(..., *tile.inner)][kept])
    maps = arrays.to_numpy(maps_of(kind, unit, tile.alphas[kept])[0])
    if kind in {"gain", "noise-gain"}:
        maps[:, tile.plane.outside(tile.samples[kept])] = 1
    return maps


def _kept(side: slice, step: int) -> tuple[slice, slice]:
    """Return the kept pixels of a tile's side: those of the tile, and their place in the output."""
    within = slice(-side.start % step, side.stop - side.start, step)
    return within, slice(-(-side.start // step), -(-side.stop // step))
