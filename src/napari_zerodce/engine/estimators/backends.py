"""What runs the network of a checkpoint: the table of all backends, and the choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol, get_args

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.load import Checkpoint
from napari_zerodce.device import Backend, BackendChoice, Device, Precision, PrecisionChoice
from napari_zerodce.engine.estimators.estimator import CurveEstimator
from napari_zerodce.engine.estimators.onnx_estimator import OnnxEstimator, import_onnxruntime
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.engine.estimators.translator import Translator
from napari_zerodce.errors import DeviceError


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


def check_backend(choice: BackendChoice, device: str, precision: PrecisionChoice) -> None:
    """Check that a backend can do what else is chosen, before anything is loaded for it.

    Parameters
    ----------
    choice : {"auto", "onnxruntime", "torch"}
    device : str
        As in `EnhanceSettings`.
    precision : {"auto", "float32", "bfloat16", "float16"}

    Raises
    ------
    DeviceError
        If there is no such backend, it cannot do it, or it does not load.
    """
    if choice not in get_args(BackendChoice):
        known = ", ".join(get_args(BackendChoice))
        raise DeviceError(f"There is no backend {choice!r}; choose one of {known}.")
    if choice != "onnxruntime":
        return
    if device not in {"auto", "cpu"} or precision not in {"auto", "float32"}:
        raise DeviceError(
            f"ONNX Runtime runs on the CPU in float32 only, and device {device!r} with precision "
            f"{precision!r} was chosen; choose the backend 'auto', or 'cpu' and 'float32'."
        )
    import_onnxruntime()


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
    what = f"{choice} cannot run {info.label}" if choice != "auto" else f"{info.label} cannot run"
    raise DeviceError(
        f"{what} on {device} in {precision}; choose the backend 'auto', the device 'auto' and the "
        "precision 'auto'."
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
    make = Translator if checkpoint.info.is_translator else BACKENDS[backend]
    return make(checkpoint, device, precision)
