"""The forecast of a run: what it will do and how long it will take on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from napari_zerodce.checkpoints.defects import readable_size
from napari_zerodce.checkpoints.registry import DEFAULT_CHECKPOINT
from napari_zerodce.counting import counted
from napari_zerodce.device import (
    LARGEST_DEVIATION,
    Backend,
    Device,
    Precision,
)
from napari_zerodce.engine.look import AS_PUBLISHED, Look
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult, Progress
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.translation_limits import Cost, cost_of, first_tile
from napari_zerodce.forking import ForkSafeLock
from napari_zerodce.imaging.intensity import WindowChoice
from napari_zerodce.stopping import ShouldStop, never

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.info import CheckpointInfo

_PROBE_SIDE = 512
_PROBE_PIXELS = _PROBE_SIDE**2
_TRANSLATED_SIDE = 256
"""Of a translator of full size, it takes 0.6 s on two cores."""

_MOST_PROBE_PLANES = 64
_PROBES = 3
_ANY_WINDOW = WindowChoice("range", 0, 100)
_LONG_RUN = 16 * _PROBE_PIXELS  # in shorter runs, loading takes a large part of the time
_SAME_FOR_CHANNELS = frozenset({"range", "dtype", "contrast"})
"""Kinds of windows that are the same for each channel."""

_SCREEN = 1920 * 1080
"""Pixels."""

_ONE_NUMBER = 1.35
"""Ends of a range that are closer are told as one number."""


@dataclass(frozen=True)
class Speed:
    """How long a pixel of a plane takes, of all that a run does.

    Parameters
    ----------
    fastest, slowest : float
        Wall-clock seconds for one pixel: if the machine has nothing else to do, and at present.
    """

    fastest: float
    slowest: float


@dataclass(frozen=True)
class Forecast:
    """A checkpoint on a device, and its speed.

    Parameters
    ----------
    checkpoint : CheckpointInfo
    device : Device
    precision : {"float32", "bfloat16", "float16"}
    speed : Speed
    """

    checkpoint: CheckpointInfo
    device: Device
    precision: Precision
    speed: Speed


_measured: dict[tuple[Any, ...], Speed] = {}
_one_at_a_time = ForkSafeLock()  # two measurements at once would slow each other down


def forecast(request: EnhanceRequest, *, should_stop: ShouldStop = never) -> Forecast:
    """Load a request's checkpoint and time it on a small image, unless its speed is known.

    Parameters
    ----------
    request : EnhanceRequest
        Only the dtype, the shape and the channels of its image are used.
    should_stop : callable, optional
        As in `enhance`.

    Raises
    ------
    CheckpointError, DeviceError, RequestError, Cancelled
        As `enhance` does.
    """
    # Slow to import: docks import this module and must open at once.
    from napari_zerodce.engine.placement import device_of, place
    from napari_zerodce.engine.resolve import checkpoint_of

    request = _with_weights(request)
    info = checkpoint_of(request.settings).info
    device = device_of(request.settings)
    placed = place(request, info, device)
    key = _key(request, info, (device.name, placed.precision, placed.backend))
    with _one_at_a_time:
        if key not in _measured:
            _measured[key] = _time(request, info, should_stop)
    return Forecast(info, device, placed.precision, _measured[key])


def remember_speed(request: EnhanceRequest, result: EnhanceResult) -> None:
    """Keep the speed of a real run, which is more exact than a measurement on a small image.

    Parameters
    ----------
    request : EnhanceRequest
    result : EnhanceResult
        The result of the request.
    """
    samples = {"mono": 1, "rgb": 3, "rgba": 4}[result.channels]
    pixels = result.image.size // samples
    if result.checkpoint.is_translator:
        return  # its tiles overlap, so that a pixel of the result is no measure
    if pixels >= _LONG_RUN and not result.missing:  # those took no time
        placed = (result.device, result.precision, result.backend)
        key = _key(request, result.checkpoint, placed)
        seconds = result.seconds / pixels
        fastest = _measured[key].fastest if key in _measured else seconds
        _measured[key] = Speed(min(fastest, seconds), seconds)


def without_pixels(request: EnhanceRequest) -> EnhanceRequest:
    """Return a request that can be timed but keeps no image in memory."""
    nothing = np.zeros((), request.image.dtype)
    return replace(
        request,
        image=np.broadcast_to(nothing, request.image.shape),
        settings=settings_for_speed(request.settings),
    )


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
    settings = settings.for_axes(time=False, channels=False)
    return replace(settings, window=_ANY_WINDOW, lock_normalisation=False, look=kind)


def kind_for_speed(request: EnhanceRequest) -> tuple[Any, ...]:
    """Return what decides the speed, as far as it is known without the checkpoint and the device.

    Parameters
    ----------
    request : EnhanceRequest
    """
    settings, dtype = settings_for_speed(request.settings), np.dtype(request.image.dtype)
    return (settings, dtype, request.channels, _probe_shape(request))


def _key(
    request: EnhanceRequest, info: CheckpointInfo, placed: tuple[str, Precision, Backend]
) -> tuple[Any, ...]:
    """Return what the speed depends on; the network is placed on a device, at a precision."""
    device, precision, backend = placed
    settings, *rest = kind_for_speed(request)
    resolved = replace(
        settings,
        checkpoint=str(info.design or info.architecture),  # other weights need the same time
        scale_factor=info.scale_factor,
        device=device,
        precision=precision,
        backend=backend,
    )
    return (resolved, *rest)


def _probe_shape(request: EnhanceRequest, largest: int = _PROBE_SIDE) -> tuple[int, ...]:
    """Return the shape of an image that is like the request's, but quick to enhance.

    Small planes take longer for a pixel than large ones, so the planes have the same size up to
    that of the probe.
    """
    part = request.part
    height, width = (min(length, largest) for length in part.extent)
    planes = min(part.count, _MOST_PROBE_PLANES, max(1, largest**2 // (height * width)))
    samples = {"mono": (), "rgb": (3,), "rgba": (4,)}[request.channels]
    return (planes, height, width, *samples)


def _time(request: EnhanceRequest, info: CheckpointInfo, should_stop: ShouldStop) -> Speed:
    from napari_zerodce.engine.enhance import enhance

    shape = _probe_shape(request, _PROBE_SIDE if info.design is None else _TRANSLATED_SIDE)
    noise = np.random.default_rng(0).integers(0, 100, shape).astype(request.image.dtype)
    settings = request.settings.for_axes(time=False, channels=False)
    look = settings.look if info.design is None else AS_PUBLISHED
    settings = replace(settings, window=_ANY_WINDOW, lock_normalisation=False, look=look)
    probe = EnhanceRequest(noise, request.channels, settings)
    # The first call also starts threads and chooses kernels.
    enhance(replace(probe, image=noise[:1, :64, :64]), should_stop=should_stop)
    seconds = [enhance(probe, should_stop=should_stop).seconds for _ in range(_PROBES)]
    pixels = prod(shape[:3])
    return Speed(min(seconds) / pixels * _share_of_machine(), max(seconds) / pixels)


def _share_of_machine() -> float:
    """Return the part of the machine that other programs leave, as far as the system tells."""
    cores, (load, *_) = psutil.cpu_count() or 1, psutil.getloadavg()
    return cores / (cores + load) if load > cores / 2 else 1.0


def describe_plan(
    request: EnhanceRequest, known: Forecast | None, *, memory: int | None = None
) -> str:
    """Describe a run in one line: what it does, where, how long, and the memory of its result.

    An example is "12 planes of 2048x2048, cuda:0, about 3 s, 96.0 MiB of uint16 in memory".

    Parameters
    ----------
    request : EnhanceRequest
    known : Forecast or None
        None if this machine is not timed yet.
    memory : int, optional
        Bytes of the result; by default those of its finest level.

    Raises
    ------
    ImageError
        If the image cannot be enhanced.
    RequestError
        If the part is not inside the image.
    """
    part = request.part
    planes = counted(part.count, "plane")
    rows, columns = part.extent
    size = readable_size(request.result_size if memory is None else memory)
    dtype = np.dtype(request.image.dtype).name
    axis, windows = request.channel_axis, ""
    if axis is not None and request.settings.window.kind not in _SAME_FOR_CHANNELS:
        windows = f" with a window for each of {request.layout.leading[axis]} channels"
    cost = _cost([request], known)
    return f"{planes} of {columns}x{rows}{windows}, {cost}, {size} of {dtype} in memory"


def describe_plans(
    requests: Sequence[EnhanceRequest], known: Forecast | None, *, memory: int | None = None
) -> str:
    """Describe a run over several images in one line, as `describe_plan` does.

    Parameters
    ----------
    requests : sequence of EnhanceRequest
        At least one.
    known : Forecast or None
        That of the first request: the others need about as long for a pixel.
    memory : int, optional
        Bytes of all results; by default those of their finest levels.

    Raises
    ------
    ImageError, RequestError
        As `describe_plan` does.
    """
    if len(requests) == 1:
        return describe_plan(requests[0], known, memory=memory)
    planes = sum(request.part.count for request in requests)
    size = sum(request.result_size for request in requests) if memory is None else memory
    what = f"{len(requests)} images with {planes} planes"
    return f"{what}, {_cost(requests, known)}, {readable_size(size)} in memory"


def describe_lazy_plans(
    requests: Sequence[EnhanceRequest], known: Forecast | None, *, memory: int
) -> str:
    """Describe results that are computed where the user looks, in one line.

    An example is "12 planes of 2048x2048 where you look, cpu, about 3 s for a full screen".

    Parameters
    ----------
    requests : sequence of EnhanceRequest
        At least one.
    known : Forecast or None
        That of the first request.
    memory : int
        Bytes of the whole results with their coarser levels.

    Raises
    ------
    ImageError, RequestError
        As `describe_plan` does.
    """
    planes = sum(request.part.count for request in requests)
    rows, columns = requests[0].part.extent
    what = counted(planes, "plane")
    size = f" of {columns}x{rows}" if len(requests) == 1 else f" of {len(requests)} images"
    if known is None:
        return f"{what}{size} where you look, timing this machine…"
    pixels = min(rows * columns, _SCREEN)
    time = describe_range(known.speed.fastest * pixels, known.speed.slowest * pixels)
    whole = sum(_cost_of(request, known).pixels for request in requests)
    all_time = describe_range(known.speed.fastest * whole, known.speed.slowest * whole)
    return (
        f"{what}{size} where you look, {known.device.name}, {time} for a full screen; "
        f"all now would be {all_time} and {readable_size(memory)}"
    )


def _cost(requests: Sequence[EnhanceRequest], known: Forecast | None) -> str:
    if known is None:
        return "timing this machine…"
    costs = [_cost_of(request, known) for request in requests]
    pixels = sum(cost.pixels for cost in costs)
    time = describe_range(known.speed.fastest * pixels, known.speed.slowest * pixels)
    if memory := max(cost.memory for cost in costs):
        time += f" with up to {readable_size(memory)} while it works"
    device = known.device.name
    if known.precision != "float32":
        device += f" in {known.precision} (off by up to {LARGEST_DEVIATION[known.precision]:.1%})"
    return f"{device}, {time}"


def _cost_of(request: EnhanceRequest, known: Forecast) -> Cost:
    """Return the pixels that the network gets, and the memory of a translator's work."""
    design, layout = known.checkpoint.design, request.layout
    if design is None:
        return Cost(request.part.pixels, 0)
    shape = (layout.height, layout.width)
    side = request.settings.tile or first_tile(design, shape, known.device)
    return cost_of(design, layout, request.part, side, locked=request.settings.lock_normalisation)


def describe_range(fastest: float, slowest: float) -> str:
    """Return a range of durations in words, such as "20 to 40 s"; if it is narrow, one number.

    Parameters
    ----------
    fastest, slowest : float
        Seconds.
    """
    if slowest < 1 or slowest <= _ONE_NUMBER * fastest:
        return describe_seconds((fastest + slowest) / 2)
    low, high = (describe_seconds(end).removeprefix("about ") for end in (fastest, slowest))
    if low == high:
        return f"about {high}"
    number, _, unit = low.partition(" ")
    return f"{number if high.endswith(f' {unit}') else low} to {high}"


def describe_progress(progress: Progress) -> str:
    """Return the present step and the remaining time, such as "Plane 3 of 9, about 4 s left".

    Parameters
    ----------
    progress : Progress
    """
    left = progress.seconds_left
    rest = "" if left is None else f", {describe_seconds(left)} left"
    return f"{progress.message}{rest}"


def describe_seconds(seconds: float) -> str:
    """Return a duration in words, such as "about 3 s"."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"
