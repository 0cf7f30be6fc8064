"""Enhance an image of any shape and dtype, plane by plane and tile by tile, in bounded memory."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from napari_zerodce.engine.global_curve import estimate_global_curve
from napari_zerodce.engine.memory import allocate
from napari_zerodce.engine.methods.enhancing import Enhancement, enhancing_method
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult, Progress, Report, ignore
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.engine.unread import Unread
from napari_zerodce.errors import Cancelled, UnreadableError, ZeroDCEError
from napari_zerodce.imaging.axes import Axes
from napari_zerodce.imaging.permuted import as_stored, planes_last
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.tiling import Tile
from napari_zerodce.stopping import ShouldStop, never

Array = np.ndarray[Any, Any]


def enhance(
    request: EnhanceRequest | ResolvedRequest,
    *,
    report: Report = ignore,
    should_stop: ShouldStop = never,
) -> EnhanceResult:
    """Enhance an image.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
    report : callable, optional
        Called with a `Progress`, at most 5 times a second, in any thread, one call at a time.
    should_stop : callable, optional
        Called before each convolution, in any thread; returns whether to stop.

    Returns
    -------
    EnhanceResult
        Its image has the dtype and the order of axes of the request's, and the shape of the scope.
        Samples outside the window, NaN, infinities and the alpha channel are those of the source,
        bit for bit.

    Raises
    ------
    Cancelled
        If `should_stop` returned True. Its attribute `finished` is the result for the planes that
        were finished, or None.
    ImageError
        If the image has no pixels or a dtype without brightness, a plane of it cannot be read, or
        the result does not fit into memory. Its attribute `finished` is that of `Cancelled`, and so
        is that of the other errors.
    CheckpointError
        If the checkpoint is invalid.
    DeviceError
        If there is no such device or precision, or too little memory for the smallest tile.
    RequestError
        If a setting is invalid.
    """
    started = time.perf_counter()
    report(Progress(0, 1, "Loading the checkpoint"))
    # First: if there is no room for the result, nothing needs to be read.
    shape = request.part.shape_in(request.layout)
    stored = Axes(request.axes).as_stored(shape) if request.axes else shape
    output = allocate(stored, request.image.dtype, opening="The result needs")
    run = _Run(resolve(request, report=report, should_stop=should_stop), output, started)
    run.go(report, should_stop)
    return run.result()


class _Run:
    """The enhancement of one image.

    Parameters
    ----------
    resolved : ResolvedRequest
    output : ndarray
        For the enhanced part, with the axes in the order of the image.
    started : float
        When the run began, in seconds of `time.perf_counter`.
    """

    def __init__(self, resolved: ResolvedRequest, output: Array, started: float) -> None:
        self._resolved, self._started = resolved, started
        self._output = planes_last(output, resolved.axes)
        self._unread = Unread(resolved)
        self._curve = resolved.global_curve

    def go(self, report: Report, should_stop: ShouldStop) -> None:
        """Fill the output. Raises what `enhance` raises."""
        resolved = self._resolved
        look, scope = resolved.settings.look, resolved.part
        passes = 2 if look.global_curve and not self._curve else 1
        self._loop = resolved.loop(passes=passes, report=report, should_stop=should_stop)
        if passes == 2:
            self._curve = estimate_global_curve(resolved, self._loop)
        enhancement = Enhancement(
            resolved.runner,
            look,
            self._curve,
            resolved.level_scale,
            resolved.brightness,
            resolved.normalisation,
        )
        method = enhancing_method(resolved.checkpoint.traits.method, enhancement)
        first = (passes - 1) * scope.count
        try:
            self._loop.sizes.stack = resolved.stack
            loop = replace(self._loop, on_unreadable=self._unread.callback and self._leave_out)
            planes = resolved.planes(loop.meter.check)
            loop.run(method, planes, self._write, first=first, region=scope.region)
            self._unread.check()
        except (Cancelled, ZeroDCEError) as stop:
            finished = scope.first_planes(self._loop.meter.finished(first))
            stop.finished = None if finished is None else self.result(finished)
            raise

    def _write(self, plane: Plane, tile: Tile, block: Array) -> None:
        plane.write(self._output, tile, block, self._resolved.part)

    def _leave_out(self, plane: Plane, error: UnreadableError) -> None:
        self._unread.add(plane, error)
        part = self._resolved.part
        self._output[part.at(plane.index).planes_in(part)] = (
            np.nan if self._output.dtype.kind == "f" else 0
        )

    def result(self, part: Scope | None = None) -> EnhanceResult:
        """Return the result, or some of its planes.

        Parameters
        ----------
        part : Scope, optional
        """
        resolved, sizes = self._resolved, self._loop.sizes
        scope = part or resolved.part
        return EnhanceResult(
            image=as_stored(self._output[scope.planes_in(resolved.part)], resolved.axes),
            channels=resolved.layout.channels,
            windows=resolved.windows,
            checkpoint=resolved.checkpoint,
            device=resolved.device.name,
            precision=resolved.precision,
            backend=resolved.backend,
            tile=sizes.side,
            seconds=time.perf_counter() - self._started,
            look=resolved.settings.look,
            global_curve=self._curve,
            notices=(*resolved.notices, *sizes.notices, *self._unread.sentences(scope)),
            automatic=resolved.automatic,
            scope=None if scope == Scope.whole(resolved.layout) else scope,
            channel_axis=resolved.channel_axis,
            time_axis=resolved.time_axis,
            settings=resolved.settings,
            axes=resolved.axes,
            missing=self._unread.missing(scope),
            statistics="" if (found := resolved.normalisation) is None else found.describe(),
        )
