"""Enhance an image of any shape and dtype, plane by plane and tile by tile, in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.core.networks import ITERATIONS
from napari_zerodce.device import (
    Device,
    Precision,
    check_tile,
    default_tile,
    resolve_device,
    resolve_precision,
)
from napari_zerodce.engine.estimators.torch_estimator import Estimator
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.memory import allocate
from napari_zerodce.engine.methods.curve_sources import CurveSource, GlobalCurve, curves_of_plane
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import TILE, Meter, raise_if_stopped
from napari_zerodce.engine.requests import (
    EnhanceRequest,
    EnhanceResult,
    Progress,
    Report,
    ShouldStop,
    ignore,
    never,
)
from napari_zerodce.engine.tile_size import TileSize
from napari_zerodce.engine.tone import base_for, halo_of, tone
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.intensity import Window, resolve_window, restore
from napari_zerodce.imaging.planes import PlaneLayout, layout_of
from napari_zerodce.imaging.tiling import Tile, tile_plane

Array = np.ndarray[Any, Any]

GLOBAL_CURVE_DECIMALS: Final = 6
"""Of the one curve for all pixels: it can be printed, and is the same for tiles of another size."""


def enhance(
    request: EnhanceRequest, *, report: Report = ignore, should_stop: ShouldStop = never
) -> EnhanceResult:
    """Enhance an image.

    Parameters
    ----------
    request : EnhanceRequest
    report : callable, optional
        Called with a `Progress`, at most 20 times a second, in the calling thread.
    should_stop : callable, optional
        Asked all the time, before each convolution, whether to stop.

    Returns
    -------
    EnhanceResult
        With an image of the same shape and dtype. Samples outside the window, NaN, infinities and
        the alpha channel are those of the source, bit for bit.

    Raises
    ------
    Cancelled
        If `should_stop` said so.
    ImageError
        If the image has no pixels, a dtype that has no brightness, or a result that has no room in
        memory.
    CheckpointError
        If the checkpoint is none.
    DeviceError
        If there is no such device or precision, or no memory left for the smallest tile.
    RequestError
        If a setting makes no sense.
    """
    started = time.perf_counter()
    report(Progress(0, 1, "Loading the checkpoint"))
    run = prepare(request, should_stop=should_stop)
    output = allocate(run.layout.shape, request.image.dtype, for_whom="The result needs")
    count = run.layout.count
    passes = 2 if run.look.global_curve else 1
    meter = Meter(passes * count, report=report, should_stop=should_stop)
    tiles = TileSize(run.device, run.tile)
    planes = [
        partial(Plane, request.image, index, layout=run.layout, window=run.window)
        for index in run.layout.indices()
    ]
    curve = _global_curve(planes, run, meter, tiles) if run.look.global_curve else ()
    for number, plane in enumerate(planes, start=(passes - 1) * count):
        tiles.shrink_until_it_fits(
            partial(_enhance_plane, plane(), output, curve, run=run, meter=meter, number=number)
        )
    return EnhanceResult(
        image=output,
        channels=run.layout.channels,
        window=run.window,
        checkpoint=run.checkpoint,
        device=run.device.name,
        precision=run.precision,
        tile=tiles.side,
        seconds=time.perf_counter() - started,
        look=run.look,
        global_curve=curve,
        notices=tuple(tiles.notices),
    )


@dataclass(frozen=True)
class Prepared:
    """A request with every choice made."""

    layout: PlaneLayout
    checkpoint: CheckpointInfo
    estimator: Estimator
    device: Device
    precision: Precision
    window: Window
    look: Look
    tile: int  # never larger than the plane: halving it then always halves what a tile needs


def prepare(request: EnhanceRequest, *, should_stop: ShouldStop = never) -> Prepared:
    """Check a request and make its choices; the errors are those of `enhance`."""
    layout = layout_of(request.image, channels=request.channels)
    if request.tile is not None and request.tile < 1:
        raise RequestError(f"The tile is {request.tile} pixels; give 1 or more, for instance 512.")
    device = resolve_device(request.device)
    precision = resolve_precision(request.precision, device, np.dtype(request.image.dtype))
    checkpoint = checkpoint_of(request)
    window = resolve_window(
        request.image, request.window, channels=layout.channels, should_stop=should_stop
    )
    estimator = Estimator(
        checkpoint, device, precision, check=lambda: raise_if_stopped(should_stop)
    )
    tile = min(request.tile or default_tile(device), max(layout.height, layout.width))
    if request.tile is not None and estimator.scale_factor == 1:
        check_tile(min(tile, layout.height) * min(tile, layout.width), request.tile, device)
    return Prepared(
        layout=layout,
        checkpoint=checkpoint.info,
        estimator=estimator,
        device=device,
        precision=precision,
        window=window,
        look=request.look,
        tile=tile,
    )


def checkpoint_of(request: EnhanceRequest) -> Checkpoint:
    """Load a request's checkpoint unless it is loaded; errors are those of `load_checkpoint`."""
    if isinstance(request.checkpoint, Checkpoint):
        return request.checkpoint
    return load_checkpoint(request.checkpoint, scale_factor=request.scale_factor)


def _enhance_plane(  # noqa: PLR0913  one plane's work, in the words of the run
    plane: Plane,
    output: Array,
    curve: tuple[float, ...],
    tile_size: int,
    *,
    run: Prepared,
    meter: Meter,
    number: int,
) -> None:
    source = GlobalCurve(curve) if curve else curves_of_plane(run.estimator, plane, tile=tile_size)
    halo = max(source.halo, halo_of(run.look))
    tiles = tile_plane(*plane.shape, size=tile_size, halo=halo)
    meter.begin_plane(number, source.work + TILE * len(tiles))
    with torch.inference_mode():
        source.prepare(meter.visit)
        for tile in tiles:
            plane.write(output, tile, _enhance_tile(plane, source, run, tile))
            meter.visit()


def _enhance_tile(plane: Plane, source: CurveSource, run: Prepared, tile: Tile) -> Array:
    block = plane.read(tile.outer_rows, tile.outer_columns)
    inner = (tile.inner_rows, tile.inner_columns)
    if run.look.changes_nothing:  # to [0, 1] and back, floats would be rounded
        return block[(..., *inner)]
    outer = run.estimator.upload(plane.normalised(block))
    enhanced = tone(
        # Contiguous, like the alphas: with pixels interleaved curves would take ten times longer.
        outer[(..., *inner)].contiguous(),
        source.alphas(tile, outer),
        run.look,
        base=base_for(outer, inner, run.look),
    )
    return restore(enhanced[0].cpu().numpy(), block[(..., *inner)], run.window)


# ---- one curve for all


def _global_curve(
    planes: Sequence[Callable[[], Plane]], run: Prepared, meter: Meter, tiles: TileSize
) -> tuple[float, ...]:
    """Return the mean A_1 .. A_8 of all maps of all planes."""
    sums = []
    for number, plane in enumerate(planes):
        found: list[Tensor] = []
        tiles.shrink_until_it_fits(
            partial(_sum_maps, plane(), found, run=run, meter=meter, number=number)
        )
        sums.append(found[-1])
    pixels = len(planes) * run.layout.height * run.layout.width * run.layout.colours
    return tuple(
        round(value / pixels, GLOBAL_CURVE_DECIMALS) for value in torch.stack(sums).sum(0).tolist()
    )


def _sum_maps(
    plane: Plane,
    found: list[Tensor],
    tile_size: int,
    *,
    run: Prepared,
    meter: Meter,
    number: int,
) -> None:
    source = curves_of_plane(run.estimator, plane, tile=tile_size)
    tiles = tile_plane(*plane.shape, size=tile_size, halo=source.halo)
    meter.begin_plane(number, source.work + TILE * len(tiles))
    total = torch.zeros(ITERATIONS, dtype=torch.float64)
    with torch.inference_mode():
        source.prepare(meter.visit)
        for tile in tiles:
            block = plane.normalised(plane.read(tile.outer_rows, tile.outer_columns))
            alphas = source.alphas(tile, run.estimator.upload(block))
            # In float64, which not every device has: in float32 tiles of another size would give
            # another sixth decimal.
            total += alphas[0].cpu().double().sum((1, 2, 3))
            meter.visit()
    found.append(total)
