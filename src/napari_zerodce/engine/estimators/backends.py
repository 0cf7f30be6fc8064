"""What runs the network of a checkpoint: the table of all backends, and the choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.load import Checkpoint
from napari_zerodce.device import (
    BACKEND_TITLES,
    Backend,
    BackendChoice,
    Device,
    Precision,
)
from napari_zerodce.engine.estimators.estimator import CurveEstimator
from napari_zerodce.engine.estimators.onnx_estimator import OnnxEstimator, import_onnxruntime
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.engine.estimators.translator import Translator
from napari_zerodce.errors import DeviceError
from napari_zerodce.hardware import is_torch_installed


class MakesEstimator(Protocol):
    """A class of estimators."""

    def can_run(self, info: CheckpointInfo, device: Device, precision: Precision) -> bool:
        """Return whether it can run a network on a device at a precision."""
        ...

    def __call__(
        self, checkpoint: Checkpoint, device: Device, precision: Precision
    ) -> CurveEstimator:
        """Return the estimator of a checkpoint."""
        ...


BACKENDS: Final[Mapping[Backend, MakesEstimator]] = {
    "onnxruntime": OnnxEstimator,
    "torch": TorchEstimator,
}
"""In order of preference. To add a backend, write one module and add it here and to `Backend`."""


def choose_backend(
    info: CheckpointInfo, device: Device, precision: Precision, choice: BackendChoice = "auto"
) -> Backend:
    """Return the first backend that can run a checkpoint, or the chosen one.

    Parameters
    ----------
    info : CheckpointInfo
    device : Device
    precision : {"float32", "bfloat16", "float16"}
    choice : {"auto", "onnxruntime", "torch"}

    Raises
    ------
    DeviceError
        If the chosen one cannot run it on the device at the precision.
    """
    for name, backend in BACKENDS.items():
        if choice in {"auto", name} and backend.can_run(info, device, precision):
            return name
    with_it = "" if choice == "auto" else f" with {BACKEND_TITLES[choice]}"
    raise DeviceError(
        f"{info.label} cannot run{with_it} on {device} in {precision}; choose the automatic "
        "backend, device and precision."
    )


def make_runner(
    checkpoint: Checkpoint, device: Device, precision: Precision, backend: Backend
) -> CurveEstimator | Translator:
    """Return what runs the network of a checkpoint of any kind.

    Parameters
    ----------
    checkpoint : Checkpoint
    device : Device
    precision : {"float32", "bfloat16", "float16"}
    backend : {"onnxruntime", "torch"}
        As `choose_backend` returns it.

    Raises
    ------
    DeviceError
        If a translator cannot run at the precision, or the backend does not load.
    """
    if not checkpoint.info.is_translator and (device.kind, precision) == ("cpu", "float32"):
        _check_either()
    make = Translator if checkpoint.info.is_translator else BACKENDS[backend]
    return make(checkpoint, device, precision)


def _check_either() -> None:
    """Name both backends if neither is there, because either one would do."""
    if is_torch_installed():
        return
    try:
        import_onnxruntime()
    except DeviceError as err:
        raise DeviceError(
            "Curves on a CPU need ONNX Runtime or PyTorch, and neither could be loaded; install "
            "one with 'pip install onnx onnxruntime' or 'pip install torch'."
        ) from err
