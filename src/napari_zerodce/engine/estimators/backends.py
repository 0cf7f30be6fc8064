"""What runs the network of a checkpoint: the table of all backends, and the choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from napari_zerodce.checkpoints.load import Checkpoint
from napari_zerodce.device import Device, Precision
from napari_zerodce.engine.estimators.estimator import CurveEstimator
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.engine.estimators.translator import Translator
from napari_zerodce.errors import DeviceError

Backend = Callable[[Checkpoint, Device, Precision], CurveEstimator | None]
"""Returns an estimator, or None if the backend cannot run the checkpoint on the device."""

BACKENDS: Final[tuple[Backend, ...]] = (TorchEstimator,)
"""In order of preference. To add a backend, write one module and add it here."""


def make_runner(
    checkpoint: Checkpoint, device: Device, precision: Precision
) -> CurveEstimator | Translator:
    """Return what runs the network of a checkpoint of any kind.

    Parameters
    ----------
    checkpoint : Checkpoint
    device : Device
    precision : {"float32", "bfloat16", "float16"}

    Raises
    ------
    DeviceError
        As `make_estimator` does, or if a translator cannot run at the precision.
    """
    if checkpoint.info.is_translator:
        return Translator(checkpoint, device, precision)
    return make_estimator(checkpoint, device, precision)


def make_estimator(checkpoint: Checkpoint, device: Device, precision: Precision) -> CurveEstimator:
    """Return the estimator of the first backend that can run a checkpoint.

    Parameters
    ----------
    checkpoint : Checkpoint
    device : Device
    precision : {"float32", "bfloat16", "float16"}

    Raises
    ------
    DeviceError
        If no backend can run it on the device at the precision.
    """
    for backend in BACKENDS:
        estimator = backend(checkpoint, device, precision)
        if estimator is not None:
            return estimator
    raise DeviceError(
        f"{checkpoint.info.name} cannot run on {device} in {precision}; choose the device 'auto' "
        "and the precision 'auto'."
    )
