"""The forecast of a run: what it will do and how long it will take on this machine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zerodce.checkpoints.defects import readable_size
from napari_zerodce.checkpoints.registry import DEFAULT_CHECKPOINT
from napari_zerodce.device import (
    LARGEST_DEVIATION,
    Device,
    Precision,
    resolve_device,
    resolve_precision,
)
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.intensity import WindowChoice
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.stopping import ShouldStop, never

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.info import CheckpointInfo

_PROBE_SIDE = 512
_ANY_WINDOW = WindowChoice("range", 0, 1)
_LONG_RUN = 16 * _PROBE_SIDE**2  # pixels; in shorter runs, loading takes a large part of the time


@dataclass(frozen=True)
class Forecast:
    """A checkpoint on a device, and its speed.

    Parameters
    ----------
    checkpoint : CheckpointInfo
    device : Device
    precision : {"float32", "bfloat16", "float16"}
    seconds_per_pixel : float
        Wall-clock seconds for one pixel of one plane.
    """

    checkpoint: CheckpointInfo
    device: Device
    precision: Precision
    seconds_per_pixel: float


_measured: dict[tuple[Any, ...], float] = {}
_one_at_a_time = threading.Lock()  # two measurements at once would slow each other down


def forecast(request: EnhanceRequest, *, should_stop: ShouldStop = never) -> Forecast:
    """Load a request's checkpoint and time it on a small image, unless its speed is known.

    Parameters
    ----------
    request : EnhanceRequest
        Only the dtype and the channels of its image are used.
    should_stop : callable, optional
        As in `enhance`.

    Raises
    ------
    CheckpointError, DeviceError, RequestError, Cancelled
        As `enhance` does.
    """
    # Slow to import: docks import this module and must open before torch is loaded.
    from napari_zerodce.engine.resolve import checkpoint_of

    request = _with_weights(request)
    info = checkpoint_of(request.settings).info
    device = resolve_device(request.settings.device)
    precision = resolve_precision(request.settings.precision, device, np.dtype(request.image.dtype))
    key = _key(request, info, device.name, precision)
    with _one_at_a_time:
        if key not in _measured:
            _measured[key] = _time(request, should_stop)
    return Forecast(info, device, precision, _measured[key])


def remember_speed(request: EnhanceRequest, result: EnhanceResult) -> None:
    """Keep the speed of a real run, which is more exact than a measurement on a small image.

    Parameters
    ----------
    request : EnhanceRequest
    result : EnhanceResult
        The result of the request.
    """
    layout = layout_of(result.image, channels=result.channels)
    pixels = layout.count * layout.height * layout.width
    if pixels >= _LONG_RUN:
        key = _key(request, result.checkpoint, result.device, result.precision)
        _measured[key] = result.seconds / pixels


def without_pixels(request: EnhanceRequest) -> EnhanceRequest:
    """Return a request that can be timed but keeps no image in memory."""
    settings = settings_for_speed(request.settings)
    return replace(request, image=_black(request, 1), settings=settings, scope=None)


def _with_weights(request: EnhanceRequest) -> EnhanceRequest:
    """Return a request for known weights: all that may be chosen automatically are equally fast."""
    if not request.settings.is_automatic:
        return request
    return replace(request, settings=replace(request.settings, checkpoint=DEFAULT_CHECKPOINT))


def settings_for_speed(settings: EnhanceSettings) -> EnhanceSettings:
    """Return the settings without what does not change the speed: window, and numbers of the look.

    Parameters
    ----------
    settings : EnhanceSettings
    """
    look = settings.look
    limit = None if look.detail_gain_limit is None else 1.0
    kind = Look(global_curve=look.global_curve, detail_gain_limit=limit)
    return replace(settings, window=_ANY_WINDOW, look=kind)


def _key(
    request: EnhanceRequest, info: CheckpointInfo, device: str, precision: Precision
) -> tuple[Any, ...]:
    """Return what the speed depends on."""
    resolved = replace(
        settings_for_speed(request.settings),
        checkpoint=info.architecture,  # other weights of it need the same time
        scale_factor=info.scale_factor,
        device=device,
        precision=precision,
    )
    return (resolved, np.dtype(request.image.dtype), request.channels)


def _black(request: EnhanceRequest, side: int) -> np.ndarray[Any, Any]:
    samples = {"mono": (), "rgb": (3,), "rgba": (4,)}[request.channels]
    return np.zeros((side, side, *samples), request.image.dtype)


def _time(request: EnhanceRequest, should_stop: ShouldStop) -> float:
    from napari_zerodce.engine.enhance import enhance

    settings = replace(request.settings, window=_ANY_WINDOW)
    probe = replace(request, image=_black(request, _PROBE_SIDE), settings=settings, scope=None)
    # The first call also starts threads and chooses kernels.
    enhance(replace(probe, image=_black(request, 64)), should_stop=should_stop)
    # The faster one of two: if the machine is busy for a moment, a single one may be far off.
    seconds = [enhance(probe, should_stop=should_stop).seconds for _ in range(2)]
    return min(seconds) / _PROBE_SIDE**2


def describe_plan(request: EnhanceRequest, known: Forecast | None) -> str:
    """Describe a run in one line: what it does, where, how long, and the memory of its result.

    An example is "12 planes of 2048x2048, cuda:0, about 3 s, 96.0 MiB of uint16 out".

    Parameters
    ----------
    request : EnhanceRequest
    known : Forecast or None
        None if this machine is not timed yet.

    Raises
    ------
    ImageError
        If the image cannot be enhanced.
    RequestError
        If the scope is not inside the image.
    """
    part = request.part
    planes = "1 plane" if part.count == 1 else f"{part.count} planes"
    rows, columns = (stop - start for start, stop in (part.rows, part.columns))
    size, dtype = readable_size(request.result_size), np.dtype(request.image.dtype).name
    return f"{planes} of {columns}x{rows}, {_cost([request], known)}, {size} of {dtype} out"


def describe_plans(requests: Sequence[EnhanceRequest], known: Forecast | None) -> str:
    """Describe a run over several images in one line, as `describe_plan` does.

    Parameters
    ----------
    requests : sequence of EnhanceRequest
        At least one.
    known : Forecast or None
        That of the first request: the others need about as long for a pixel.

    Raises
    ------
    ImageError, RequestError
        As `describe_plan` does.
    """
    if len(requests) == 1:
        return describe_plan(requests[0], known)
    planes = sum(request.part.count for request in requests)
    size = readable_size(sum(request.result_size for request in requests))
    return f"{len(requests)} images with {planes} planes, {_cost(requests, known)}, {size} out"


def _cost(requests: Sequence[EnhanceRequest], known: Forecast | None) -> str:
    if known is None:
        return "timing this machine…"
    seconds = known.seconds_per_pixel * sum(request.part.pixels for request in requests)
    device = known.device.name
    if known.precision != "float32":
        device += f" in {known.precision} (off by up to {LARGEST_DEVIATION[known.precision]:.1%})"
    return f"{device}, {describe_seconds(seconds)}"


def describe_seconds(seconds: float) -> str:
    """Return a duration in words, such as "about 3 s"."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"
