"""Enhance an image of any shape and dtype, plane by plane and tile by tile, in bounded memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil

from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.networks import RECEPTIVE_RADIUS
from napari_zerodce.device import (
    Device,
    OutOfDeviceMemory,
    default_tile,
    release_memory,
    resolve_device,
    resolve_precision,
    smaller_tile,
)
from napari_zerodce.engine.curves import CurveSource, curves_of_plane
from napari_zerodce.engine.estimator import Estimator, inference
from napari_zerodce.engine.messages import (
    EnhanceRequest,
    EnhanceResult,
    Progress,
    Report,
    ShouldStop,
    ignore,
    never,
)
from napari_zerodce.engine.progress import Meter, raise_if_stopped
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.imaging.intensity import Window, normalise, resolve_window, restore
from napari_zerodce.imaging.planes import PlaneLayout, layout_of
from napari_zerodce.imaging.tiling import Tile, tile_plane

_LARGEST_PLANE_IN_MEMORY = 2**30  # bytes; a lazy plane up to this size is computed once, not per tile


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
        Asked after every tile whether to stop.

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
        If the image has no pixels or a dtype that has no brightness, or its result has no room in memory.
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
    output = _allocate(request.image, run.layout)
    meter = Meter(run.layout.count, report=report, should_stop=should_stop)
    planes = _PlaneEnhancer(run, output, meter)
    for number, index in enumerate(run.layout.indices()):
        planes.enhance(request.image, number, index)
    return EnhanceResult(
        image=output,
        channels=run.layout.channels,
        window=run.window,
        checkpoint=run.checkpoint,
        device=run.device.name,
        precision=run.precision,
        tile=planes.tile,
        seconds=time.perf_counter() - started,
        notices=tuple(planes.notices),
    )


@dataclass(frozen=True)
class Prepared:
    """A request with every choice made."""

    layout: PlaneLayout
    checkpoint: CheckpointInfo
    estimator: Estimator
    device: Device
    precision: str
    window: Window
    tile: int


def prepare(request: EnhanceRequest, *, should_stop: ShouldStop = never) -> Prepared:
    """Check a request and make its choices; the errors are those of `enhance`."""
    layout = layout_of(request.image, channels=request.channels)
    if request.tile is not None and request.tile < 1:
        raise RequestError(f"The tile is {request.tile} pixels; give 1 or more, for instance 512.")
    device = resolve_device(request.device)
    precision = resolve_precision(request.precision, device, np.dtype(request.image.dtype))
    checkpoint = _loaded(request)
    window = resolve_window(
        request.image, request.window, channels=layout.channels, should_stop=should_stop
    )
    return Prepared(
        layout=layout,
        checkpoint=checkpoint.info,
        estimator=Estimator(
            checkpoint, device, precision, check=lambda: raise_if_stopped(should_stop)
        ),
        device=device,
        precision=precision,
        window=window,
        tile=request.tile or default_tile(device),
    )


def _loaded(request: EnhanceRequest) -> Checkpoint:
    if isinstance(request.checkpoint, Checkpoint):
        return request.checkpoint
    return load_checkpoint(request.checkpoint, scale_factor=request.scale_factor)


class _PlaneEnhancer:
    """Writes enhanced planes into the output, with tiles that shrink when memory runs out."""

    def __init__(self, run: Prepared, output: np.ndarray[Any, Any], meter: Meter) -> None:
        self._run = run
        self._output = output
        self._meter = meter
        self.tile = run.tile
        self.notices: list[str] = []

    def enhance(self, image: Any, number: int, index: tuple[int, ...]) -> None:
        """Enhance plane `number`, which lies at `index` of the leading axes."""
        plane = _Plane(image, index, self._run)
        while True:
            try:
                self._try(plane, number)
                return
            except OutOfDeviceMemory:
                tile, self.tile = self.tile, smaller_tile(self.tile)
            release_memory(self._run.device)
            self.notices.append(
                f"{self._run.device} had no memory for tiles of {tile} pixels; went on with {self.tile}."
            )

    def _try(self, plane: _Plane, number: int) -> None:
        layout, estimator, meter = self._run.layout, self._run.estimator, self._meter
        shape = (layout.height, layout.width)
        halo = RECEPTIVE_RADIUS if estimator.scale_factor == 1 else 0
        tiles = tile_plane(*shape, size=self.tile, halo=halo)
        passes = 1 if estimator.scale_factor == 1 else 2
        meter.begin_plane(number, passes * len(tiles))
        source = curves_of_plane(
            estimator, plane.read_unit, shape, tile=self.tile, visit=meter.visit
        )
        for tile in tiles:
            plane.write(self._output, tile, self._enhance_tile(plane, source, tile))
            meter.visit()
        plane.finish(self._output)

    def _enhance_tile(
        self, plane: _Plane, source: CurveSource, tile: Tile
    ) -> np.ndarray[Any, Any]:
        estimator = self._run.estimator
        block = plane.read(tile.outer_rows, tile.outer_columns)
        with inference():
            outer = estimator.upload(normalise(block, self._run.window))
            alphas = source.alphas(tile, outer)
            unit = apply_curves(outer[..., tile.inner_rows, tile.inner_columns], alphas)
            enhanced = unit[0].cpu().numpy()
        original = block[:, tile.inner_rows, tile.inner_columns]
        return restore(enhanced, original, self._run.window)


class _Plane:
    """One plane of the request's image: raw or normalised blocks out, enhanced blocks in."""

    def __init__(self, image: Any, index: tuple[int, ...], run: Prepared) -> None:
        self._layout, self._window = run.layout, run.window
        self._image, self._index = image, index
        self._source, self._source_layout, self._source_index = image, run.layout, index
        samples = run.layout.height * run.layout.width * (1 if run.layout.channels == "mono" else 4)
        small = samples * np.dtype(image.dtype).itemsize <= _LARGEST_PLANE_IN_MEMORY
        if not isinstance(image, np.ndarray) and small:
            self._source, self._source_index = np.asarray(image[index]), ()
            self._source_layout = layout_of(self._source, channels=run.layout.channels)

    def read(self, rows: slice, columns: slice) -> np.ndarray[Any, Any]:
        """Return the colour samples of a region, shape (C, h, w), as they are."""
        return self._source_layout.read(self._source, self._source_index, rows, columns)

    def read_unit(self, rows: slice, columns: slice) -> np.ndarray[Any, Any]:
        """Return the colour samples of a region, shape (C, h, w), float32 in [0, 1]."""
        return normalise(self.read(rows, columns), self._window)

    def write(
        self, output: np.ndarray[Any, Any], tile: Tile, block: np.ndarray[Any, Any]
    ) -> None:
        """Put an enhanced tile, shape (C, h, w), into the output."""
        self._layout.write(output, self._index, tile.rows, tile.columns, block)

    def finish(self, output: np.ndarray[Any, Any]) -> None:
        """Copy what curves do not touch: the alpha channel."""
        if self._layout.channels == "rgba":
            output[self._index][..., 3] = self._source[self._source_index][..., 3]


def _allocate(image: Any, layout: PlaneLayout) -> np.ndarray[Any, Any]:
    size = int(np.prod(layout.shape, dtype=np.int64)) * np.dtype(image.dtype).itemsize
    free = psutil.virtual_memory().available
    if size <= free:
        return np.empty(layout.shape, image.dtype)
    raise ImageError(
        f"The result needs {size / 2**30:.1f} GiB of memory and {free / 2**30:.1f} GiB are free; "
        "enhance fewer planes or a crop at a time."
    )
