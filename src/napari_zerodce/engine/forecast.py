"""What a run will do and how long it will take, measured on this machine before it starts."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zerodce.device import LARGEST_DEVIATION, Device, Precision, PrecisionChoice
from napari_zerodce.engine.messages import EnhanceRequest, ShouldStop, never
from napari_zerodce.imaging.intensity import WindowChoice
from napari_zerodce.imaging.planes import Channels, PlaneLayout

if TYPE_CHECKING:
    from napari_zerodce.checkpoints.info import CheckpointInfo

_PROBE_SIDE = 512


@dataclass(frozen=True)
class Forecast:
    """A checkpoint on a device: what both are, and how fast.

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
_one_at_a_time = threading.Lock()  # two measurements side by side would halve each other's speed


def forecast(
    *,
    checkpoint: str | Path,
    device: str = "auto",
    precision: PrecisionChoice = "auto",
    scale_factor: int | None = None,
    dtype: np.dtype[Any],
    channels: Channels = "rgb",
    should_stop: ShouldStop = never,
) -> Forecast:
    """Load a checkpoint and time it on a small image; the second time, remember.

    Raises
    ------
    CheckpointError, DeviceError, RequestError, Cancelled
        As `enhance` does.
    """
    # Heavy: this module is imported by docks, which must open before torch is loaded.
    from napari_zerodce.checkpoints.load import load_checkpoint
    from napari_zerodce.device import resolve_device, resolve_precision

    info = load_checkpoint(checkpoint, scale_factor=scale_factor).info
    place = resolve_device(device)
    chosen = resolve_precision(precision, place, dtype)
    key = (info.sha256, info.scale_factor, place, chosen, dtype, channels == "mono")
    with _one_at_a_time:
        if key not in _measured:
            shape = (_PROBE_SIDE, _PROBE_SIDE) if channels == "mono" else (_PROBE_SIDE, _PROBE_SIDE, 3)
            request = EnhanceRequest(
                image=np.zeros(shape, dtype),
                channels="mono" if channels == "mono" else "rgb",
                checkpoint=checkpoint,
                window=WindowChoice("range", 0, 1),
                device=place.name,
                precision=chosen,
                scale_factor=scale_factor,
            )
            _measured[key] = _time(request, should_stop)
    return Forecast(info, place, chosen, _measured[key])


def _time(request: EnhanceRequest, should_stop: ShouldStop) -> float:
    from napari_zerodce.engine.enhance import enhance

    small = replace(request, image=request.image[:64, :64])
    enhance(small, should_stop=should_stop)  # the first call pays for kernels and threads
    started = time.perf_counter()
    enhance(request, should_stop=should_stop)
    return (time.perf_counter() - started) / _PROBE_SIDE**2


def describe_plan(layout: PlaneLayout, dtype: np.dtype[Any], known: Forecast | None) -> str:
    """Say in one line what will happen: "12 planes of 2048x2048, cuda:0, about 3 s, uint16 out"."""
    planes = "1 plane" if layout.count == 1 else f"{layout.count} planes"
    size = f"{planes} of {layout.width}x{layout.height}"
    if known is None:
        return f"{size}, timing this machine…, {dtype.name} out"
    seconds = known.seconds_per_pixel * layout.count * layout.height * layout.width
    device = known.device.name
    if known.precision != "float32":
        device += f" in {known.precision} (off by up to {LARGEST_DEVIATION[known.precision]:.1%})"
    return f"{size}, {device}, {describe_seconds(seconds)}, {dtype.name} out"


def describe_seconds(seconds: float) -> str:
    """Say a duration the way people do."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"
