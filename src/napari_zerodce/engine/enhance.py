"""Enhance an image of any shape and dtype, plane by plane and tile by tile, in bounded memory."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np

from napari_zerodce.engine.global_curve import estimate_global_curve
from napari_zerodce.engine.memory import allocate
from napari_zerodce.engine.methods.enhancing import Enhancement, enhancing_method
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult, Progress, Report, ignore
from napari_zerodce.engine.resolve import ResolvedRequest, layout_in, resolve
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
        Called with a `Progress`, at most 20 times a second, in the calling thread.
    should_stop : callable, optional
        Called before each convolution; returns whether to stop.

    Returns
    -------
    EnhanceResult
        Its image has the same shape and dtype. Samples outside the window, NaN, infinities and the
        alpha channel are those of the source, bit for bit.

    Raises
    ------
    Cancelled
        If `should_stop` returned True.
    ImageError
        If the image has no pixels or a dtype without brightness, or the result does not fit into
        memory.
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
    output = allocate(layout_in(request).shape, request.image.dtype, opening="The result needs")
    resolved = resolve(request, should_stop=should_stop)
    passes = 2 if resolved.settings.look.global_curve else 1
    loop = resolved.loop(passes=passes, report=report, should_stop=should_stop)
    curve = estimate_global_curve(resolved, loop) if passes > 1 else ()
    look, window = resolved.settings.look, resolved.window
    enhancement = Enhancement(resolved.estimator, look, window, curve)
    method = enhancing_method(resolved.checkpoint.traits.method, enhancement)
    done = (passes - 1) * resolved.layout.count
    for number, index in enumerate(resolved.layout.indices(), start=done):
        plane = resolved.plane(index)
        loop.run(method, plane, partial(plane.write, output), number=number)
    return EnhanceResult(
        image=output,
        channels=resolved.layout.channels,
        window=resolved.window,
        checkpoint=resolved.checkpoint,
        device=resolved.device.name,
        precision=resolved.precision,
        tile=loop.sizes.side,
        seconds=time.perf_counter() - started,
        look=resolved.settings.look,
        global_curve=curve,
        notices=tuple(loop.sizes.notices),
        automatic=resolved.automatic,
    )
