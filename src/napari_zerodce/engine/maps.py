"""The curves themselves: every plane's maps, and what follows from them, computed tile by tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.core.curves import curve_gains, curve_slopes, curve_steps
from napari_zerodce.engine.memory import allocate
from napari_zerodce.engine.methods.curves import CurveMethod, CurveTile
from napari_zerodce.engine.requests import EnhanceRequest, MapKind, Report, ignore
from napari_zerodce.engine.resolve import ResolvedRequest, resolve
from napari_zerodce.imaging.intensity import Window, outside_of
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
        Its look does not matter: maps are as estimated.
    report, should_stop : callable, optional
        As in `enhance`.

    Returns
    -------
    ndarray, shape (..., 8, C, H, W), float32, values in [-1, 1]
        In the paper's sign: positive brightens. C is 1 for mono and 3 for colour images.

    Raises
    ------
    ImageError
        If the image cannot be enhanced, or its maps have no room in memory: they take 96 bytes
        for a colour pixel and 32 for a mono one.
    Cancelled, CheckpointError, DeviceError, RequestError
        As `enhance` does.
    """
    maps: Array = fill_maps(request, "alphas", in_memory, report=report, should_stop=should_stop)
    return maps


def resolve_for_maps(
    request: EnhanceRequest | ResolvedRequest, *, should_stop: ShouldStop = never
) -> ResolvedRequest:
    """Resolve a request whose precision "auto" is float32, since maps do not hide a deviation.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
        What is resolved is returned as it is.
    should_stop : callable, optional

    Raises
    ------
    Cancelled, CheckpointError, DeviceError, ImageError, RequestError
        As `enhance` does.
    """
    if isinstance(request, ResolvedRequest):
        return request
    settings = request.settings.for_numbers()
    return resolve(replace(request, settings=settings), should_stop=should_stop)


def fill_maps(
    request: EnhanceRequest | ResolvedRequest,
    kind: MapKind,
    make_output: Callable[[tuple[int, ...]], Any],
    *,
    step: int = 1,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> Any:
    """Compute maps of a kind into an output that may lie on a disk; one tile is in memory.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
        The precision "auto" is float32 here.
    kind : {"alphas", "steps", "gain", "noise-gain"}
        "alphas" are A_1 .. A_8; the others say what the image is after each iteration: its values
        in [0, 1], how many times brighter it is, and the slope of the curve so far. Where samples
        lie outside the window and come through unchanged, both gains are 1.
    make_output : callable
        Given the shape (..., 8, C, rows, columns) it returns what can be written to by slices.
    step : int
        Every how many rows and columns of the image are kept; those are exact.
    report, should_stop : callable, optional
        As in `enhance`.

    Returns
    -------
    object
        What `make_output` returned, filled with float32.

    Raises
    ------
    Cancelled, CheckpointError, DeviceError, ImageError, RequestError
        As `enhance` does.
    """
    resolved = resolve_for_maps(request, should_stop=should_stop)
    maps = make_output(maps_shape(resolved.layout, step))
    loop = resolved.loop(doing="Computing maps", report=report, should_stop=should_stop)
    finish = partial(_maps_of_tile, kind=kind, step=step, window=resolved.window)
    method = CurveMethod(resolved.estimator, finish)
    for number, index in enumerate(resolved.layout.indices()):

        def put(tile: Tile, block: Array, index: tuple[int, ...] = index) -> None:
            rows, columns = (_kept(side, step)[1] for side in (tile.rows, tile.columns))
            maps[(*index, slice(None), slice(None), rows, columns)] = block

        loop.run(method, resolved.plane(index), put, number=number)
    return maps


def maps_shape(layout: PlaneLayout, step: int = 1) -> tuple[int, ...]:
    """Return the shape of an image's maps: (..., 8, C, rows, columns).

    Parameters
    ----------
    layout : PlaneLayout
        Of the image.
    step : int
        Every how many rows and columns are kept.
    """
    rows, columns = -(-layout.height // step), -(-layout.width // step)
    return (*layout.leading, ITERATIONS, layout.colours, rows, columns)


def in_memory(shape: tuple[int, ...]) -> Array:
    """Return an array for maps, or raise an `ImageError` if there is no room for it."""
    return allocate(shape, np.float32, for_whom="The curve maps need")


def maps_of(kind: MapKind, image: Tensor, alphas: Tensor) -> Tensor:
    """Return maps of a kind of an image and its alphas.

    Parameters
    ----------
    kind : {"alphas", "steps", "gain", "noise-gain"}
    image : Tensor, shape (N, C, H, W), values in [0, 1]
    alphas : Tensor, shape (N, 8, C, H, W), values in [-1, 1]

    Returns
    -------
    Tensor, shape (N, 8, C, H, W)
    """
    if kind == "alphas":
        return alphas
    compute = {"steps": curve_steps, "gain": curve_gains, "noise-gain": curve_slopes}[kind]
    return compute(image, alphas)


def _maps_of_tile(tile: CurveTile, *, kind: MapKind, step: int, window: Window) -> Array:
    rows, columns = (_kept(side, step)[0] for side in (tile.tile.rows, tile.tile.columns))
    kept = (..., rows, columns)
    unit = tile.outer[(..., *tile.inner)][kept].contiguous()
    maps: Array = maps_of(kind, unit, tile.alphas[kept])[0].cpu().numpy()
    if kind in {"gain", "noise-gain"}:
        maps[:, outside_of(tile.samples[kept], window)] = 1
    return maps


def _kept(side: slice, step: int) -> tuple[slice, slice]:
    """Return which pixels of a tile's side are kept, within the tile and in the output."""
    within = slice(-side.start % step, side.stop - side.start, step)
    return within, slice(-(-side.start // step), -(-side.stop // step))
