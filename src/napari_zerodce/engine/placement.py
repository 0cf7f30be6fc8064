"""Where and how the network of a request runs: on which device, how precisely, with what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.device import (
    Backend,
    Device,
    Precision,
    check_precision,
    resolve_device,
    resolve_precision,
)
from napari_zerodce.engine.backend_choice import check_backend
from napari_zerodce.engine.estimators.backends import choose_backend
from napari_zerodce.engine.estimators.onnx_estimator import import_onnxruntime
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings


@dataclass(frozen=True)
class Placement:
    """The device, the precision and the backend of a network.

    Parameters
    ----------
    device : Device
    precision : {"float32", "bfloat16", "float16"}
    backend : {"onnxruntime", "torch"}
    """

    device: Device
    precision: Precision
    backend: Backend


def device_of(settings: EnhanceSettings) -> Device:
    """Return the device of settings, and check what else they say about where the network runs.

    Parameters
    ----------
    settings : EnhanceSettings

    Raises
    ------
    DeviceError
        If there is no such device, precision or backend, they do not go together, or the backend
        does not load.
    """
    check_precision(settings.precision)
    check_backend(settings.backend, settings.device, settings.precision)
    if settings.backend == "onnxruntime":
        import_onnxruntime()
        return resolve_device("cpu")
    return resolve_device(settings.device)


def place(request: EnhanceRequest, info: CheckpointInfo, device: Device) -> Placement:
    """Choose how the network of a request runs.

    Of the image, its shape and its dtype decide, and not the part that is enhanced: a preview of it
    is what the whole becomes.

    Parameters
    ----------
    request : EnhanceRequest
    info : CheckpointInfo
    device : Device
        As `device_of` returns it.

    Raises
    ------
    DeviceError
        If the backend of the settings cannot run the network.
    """
    settings, layout = request.settings, request.layout
    precision: Precision = "float32"
    if settings.backend != "onnxruntime":
        chosen = settings.for_checkpoint(info).precision
        pixels = layout.count * layout.height * layout.width // info.scale_factor**2
        dtype = np.dtype(request.image.dtype)
        precision = resolve_precision(chosen, device, dtype, pixels=pixels)
    return Placement(device, precision, choose_backend(info, device, precision, settings.backend))
