"""The curves themselves: every plane's maps as one array, computed tile by tile."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch

from napari_zerodce.core.networks import ITERATIONS
from napari_zerodce.engine.curves import curves_of_plane
from napari_zerodce.engine.enhance import Prepared, prepare
from napari_zerodce.engine.messages import EnhanceRequest, Report, ShouldStop, ignore, never
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import TILE, Meter
from napari_zerodce.engine.room import allocate
from napari_zerodce.engine.tile_size import TileSize
from napari_zerodce.imaging.tiling import tile_plane

Array = np.ndarray[Any, Any]


def curve_maps(
    request: EnhanceRequest, *, report: Report = ignore, should_stop: ShouldStop = never
) -> Array:
    """Estimate the curves of an image, as `enhance` would apply them.

    Parameters
    ----------
    request : EnhanceRequest
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
    run = prepare(request, should_stop=should_stop)
    layout = run.layout
    shape = (*layout.leading, ITERATIONS, layout.colours, layout.height, layout.width)
    maps = allocate(shape, np.float32, for_whom="The curve maps need")
    meter = Meter(layout.count, report=report, should_stop=should_stop)
    tiles = TileSize(run.device, run.tile)
    for number, index in enumerate(layout.indices()):
        plane = Plane(request.image, index, layout=layout, window=run.window)
        tiles.shrink_until_it_fits(
            partial(_fill, maps[index], plane, run=run, meter=meter, number=number)
        )
    return maps


def _fill(
    maps: Array, plane: Plane, tile_size: int, *, run: Prepared, meter: Meter, number: int
) -> None:
    source = curves_of_plane(run.estimator, plane, tile=tile_size)
    tiles = tile_plane(*plane.shape, size=tile_size, halo=source.halo)
    meter.begin_plane(number, source.work + TILE * len(tiles))
    with torch.inference_mode():
        source.prepare(meter.visit)
        for tile in tiles:
            block = plane.normalised(plane.read(tile.outer_rows, tile.outer_columns))
            alphas = source.alphas(tile, run.estimator.upload(block))
            maps[..., tile.rows, tile.columns] = alphas[0].cpu().numpy()
            meter.visit()
