"""The curves themselves: every plane's maps, and what follows from them, computed tile by tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_zerodce.core.curves import curve_gains, curve_slopes, curve_steps
from napari_zerodce.core.networks import ITERATIONS
from napari_zerodce.engine.enhance import Prepared, prepare
from napari_zerodce.engine.memory import allocate
from napari_zerodce.engine.methods.curve_sources import curves_of_plane
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import TILE, Meter
from napari_zerodce.engine.requests import (
    EnhanceRequest,
    MapKind,
    Report,
    ShouldStop,
    ignore,
    never,
)
from napari_zerodce.engine.tile_size import TileSize
from napari_zerodce.imaging.intensity import outside_of
from napari_zerodce.imaging.planes import PlaneLayout
from napari_zerodce.imaging.tiling import tile_plane

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


def fill_maps(
    request: EnhanceRequest,
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
    request : EnhanceRequest
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
    request = for_numbers(request)
    run = prepare(request, should_stop=should_stop)
    maps = make_output(maps_shape(run.layout, step))
    meter = Meter(run.layout.count, report=report, should_stop=should_stop, doing="Computing maps")
    tiles = TileSize(run.device, run.tile)
    for number, index in enumerate(run.layout.indices()):
        plane = Plane(request.image, index, layout=run.layout, window=run.window)

        def put(rows: slice, columns: slice, block: Array, at: tuple[int, ...] = index) -> None:
            maps[(*at, slice(None), slice(None), rows, columns)] = block

        tiles.shrink_until_it_fits(
            partial(_fill, put, plane, kind, step=step, run=run, meter=meter, number=number)
        )
    return maps


def for_numbers(request: EnhanceRequest) -> EnhanceRequest:
    """Return a request whose precision "auto" is float32.

    Half precision is for images of 8 bits, which hide it; maps would not.
    """
    return replace(request, precision="float32") if request.precision == "auto" else request


def maps_shape(layout: PlaneLayout, step: int = 1) -> tuple[int, ...]:
    """Return the shape of an image's maps: (..., 8, C, rows, columns)."""
    rows, columns = -(-layout.height // step), -(-layout.width // step)
    return (*layout.leading, ITERATIONS, layout.colours, rows, columns)


def in_memory(shape: tuple[int, ...]) -> Array:
    """Return an array for maps, or raise an `ImageError` if there is no room for it."""
    return allocate(shape, np.float32, for_whom="The curve maps need")


def maps_of(kind: MapKind, image: Tensor, alphas: Tensor) -> Tensor:
    """Return maps of a kind, shape (N, 8, C, H, W), of an image and its alphas."""
    if kind == "alphas":
        return alphas
    compute = {"steps": curve_steps, "gain": curve_gains, "noise-gain": curve_slopes}[kind]
    return compute(image, alphas)


def _fill(  # noqa: PLR0913  one plane's work, in the words of the run
    put: Callable[[slice, slice, Array], None],
    plane: Plane,
    kind: MapKind,
    tile_size: int,
    *,
    step: int,
    run: Prepared,
    meter: Meter,
    number: int,
) -> None:
    source = curves_of_plane(run.estimator, plane, tile=tile_size)
    tiles = tile_plane(*plane.shape, size=tile_size, halo=source.halo)
    meter.begin_plane(number, source.work + TILE * len(tiles))
    with torch.inference_mode():
        source.prepare(meter.visit)
        for tile in tiles:
            (rows, to_rows), (columns, to_columns) = (
                _kept(side, step) for side in (tile.rows, tile.columns)
            )
            block = plane.read(tile.outer_rows, tile.outer_columns)
            outer = run.estimator.upload(plane.normalised(block))
            inner = (..., tile.inner_rows, tile.inner_columns)
            kept = (..., rows, columns)
            alphas = source.alphas(tile, outer)[kept]
            maps = maps_of(kind, outer[inner][kept].contiguous(), alphas)[0].cpu().numpy()
            if kind in {"gain", "noise-gain"}:
                maps[:, outside_of(block[inner][kept], run.window)] = 1
            put(to_rows, to_columns, maps)
            meter.visit()


def _kept(side: slice, step: int) -> tuple[slice, slice]:
    """Return which pixels of a tile's side are kept, within the tile and in the output."""
    within = slice(-side.start % step, side.stop - side.start, step)
    return within, slice(-(-side.start // step), -(-side.stop // step))
