"""The backend that estimates curves with ONNX Runtime, on the CPU in float32."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Final

import numpy as np

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.load import Checkpoint
from napari_zerodce.checkpoints.read import Weights
from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.core.onnx_graph import OnnxGraph
from napari_zerodce.core.onnx_networks import WITH_GRAPH, curve_model
from napari_zerodce.device import (
    Backend,
    Device,
    OutOfDeviceMemory,
    Precision,
    first_line,
    speaks_of_memory,
)
from napari_zerodce.engine.backend_choice import backend_in_words
from napari_zerodce.engine.estimators.estimator import Check, no_check
from napari_zerodce.engine.estimators.weights_hash import weights_hash
from napari_zerodce.errors import DeviceError
from napari_zerodce.recent_results import RecentResults

Array = np.ndarray[Any, Any]

_MOST_SESSIONS: Final = 8
_LARGE: Final = 3 * 400**2
"""Numbers of a block whose memory is not kept: more than a tile of usual size has."""

_OTHER: Final = backend_in_words("torch")

_SILENT: Final = 4
"""The level of the log: errors are raised, and warnings, such as of no GPU, are not for users."""


class OnnxEstimator:
    """The network of a checkpoint in a session of ONNX Runtime.

    Parameters
    ----------
    checkpoint : Checkpoint
        Its network stays unchanged.
    device : Device
    precision : {"float32"}

    Raises
    ------
    CheckpointError
        If it is a translator.
    DeviceError
        If ONNX Runtime does not load, or not the network.
    """

    backend: Backend = "onnxruntime"

    takes_samples = False

    def __init__(self, checkpoint: Checkpoint, device: Device, precision: Precision) -> None:
        assert (device.kind, precision) == ("cpu", "float32")
        checkpoint.check_curves()
        self.scale_factor = checkpoint.info.scale_factor
        self._maps = ARCHITECTURES[checkpoint.info.curve_architecture].maps
        self._session = _session_of(checkpoint.info, checkpoint.weights)

    @staticmethod
    def can_run(info: CheckpointInfo, device: Device, precision: Precision) -> bool:
        """Return whether it can run a network on a device at a precision; this loads it.

        Parameters
        ----------
        info : CheckpointInfo
        device : Device
        precision : {"float32", "bfloat16", "float16"}
        """
        here = device.kind == "cpu" and precision == "float32"
        return here and info.architecture in WITH_GRAPH and _loads()

    def upload(self, block: Array) -> Array:
        """Return a (C, h, w) float32 block as (1, C, h, w), without a copy."""
        return block[None]

    def download(self, values: Array) -> Array:
        """Return the values, which are in the memory of the CPU."""
        return values

    def estimate(self, image: Array, *, check: Check = no_check) -> Array:
        """Estimate maps, as `CurveEstimator.estimate` describes.

        Parameters
        ----------
        image : ndarray, shape (1, 1 or 3, h, w), float32, values in [0, 1]
        check : callable, optional
            Called once before the network runs: a tile takes a tenth of a second on a slow core.

        Raises
        ------
        OutOfDeviceMemory
            If there is no memory for the block.
        DeviceError
            If ONNX Runtime fails for another reason.
        """
        check()
        shape = (1, 3, *image.shape[-2:])
        colours = np.ascontiguousarray(np.broadcast_to(image, shape))
        maps = self._run(colours).reshape(1, self._maps, *shape[1:])
        return maps.mean(2, keepdims=True) if image.shape[1] == 1 else maps

    def _run(self, colours: Array) -> Array:
        try:
            options = _releasing() if colours.size > _LARGE else None
            (maps,) = self._session.run(["maps"], {"image": colours}, options)
        except Exception as err:  # its errors have no class in common
            if speaks_of_memory(str(err)):
                raise OutOfDeviceMemory(first_line(err)) from err
            raise DeviceError(
                f"ONNX Runtime could not run the network ({first_line(err)}); choose {_OTHER}."
            ) from err
        made: Array = maps
        return made


def _loads() -> bool:
    return not isinstance(_tried_once(), str)


def import_onnxruntime() -> Any:
    """Return the module of ONNX Runtime, or explain in one sentence why it cannot be used.

    Its telemetry is off, unless the variable ``ORT_DISABLE_TELEMETRY`` says otherwise. The official
    build has it on: it writes an identifier of the machine and a database into the user's folders,
    and sends what is in it.

    Raises
    ------
    DeviceError
    """
    runtime = _tried_once()
    if isinstance(runtime, str):
        raise DeviceError(f"{runtime}; {_OTHER} enhances without it.")
    return runtime


@cache
def _tried_once() -> Any:
    """Return the module after its first use, or why that failed: it is not tried at each run."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # the import reads it
    try:
        import onnx  # noqa: F401  (its compiled part may fail to load, too)
        import onnxruntime

        onnxruntime.set_default_logger_severity(_SILENT)
        _make_session(onnxruntime, _smallest_model())
    # A package that another one has half removed or replaced fails in any way.
    except Exception as err:  # noqa: BLE001
        return _why_not(err)
    return onnxruntime


def _why_not(err: Exception) -> str:
    """Return why ONNX Runtime cannot be used, and what to install."""
    if isinstance(err, ModuleNotFoundError) and err.name in {"onnx", "onnxruntime"}:
        return (
            f"This needs the package {err.name}, which is not installed; install it with 'pip "
            "install onnx onnxruntime'"
        )
    return (
        f"ONNX Runtime could not be loaded ({first_line(err)}); install it again with 'pip install "
        "--force-reinstall onnx onnxruntime'"
    )


def _smallest_model() -> bytes:
    graph = OnnxGraph()
    graph.add("Neg", "image", makes="maps")
    return graph.model("trial", inputs={"image": (1,)}, outputs={"maps": (1,)})


def _session_of(info: CheckpointInfo, weights: Weights) -> Any:
    """Return the session of a network, which all threads share; weights of equal bytes have one."""
    network = info.curve_architecture
    key = (network, weights_hash(weights))
    return _sessions.get(key, lambda: _new_session(curve_model(network, weights)))


def _new_session(model: bytes) -> Any:
    runtime = import_onnxruntime()
    try:
        return _make_session(runtime, model)
    except Exception as err:  # its errors have no class in common
        raise DeviceError(
            f"ONNX Runtime could not load the network ({first_line(err)}); choose {_OTHER}."
        ) from err


def _make_session(runtime: Any, model: bytes) -> Any:
    options = runtime.SessionOptions()
    options.log_severity_level = _SILENT
    # Tiles side by side, each in a thread of ours, keep all cores as busy as threads of a session,
    # and leave them to napari while nobody computes.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A plan of memory is kept for each shape of a tile, and makes it no faster.
    options.enable_mem_pattern = False
    # Only this one, also where a package for GPUs is installed: GPUs are torch's.
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@cache
def _releasing() -> Any:
    """Return options of a run that gives its memory back at its end.

    Otherwise it is kept for the next tile: 130 MB for tiles of usual sizes in two threads, where
    the system's own allocator keeps 230 MB, but 1 GB after a tile of 1024 pixels.
    """
    options = import_onnxruntime().RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


_sessions: RecentResults[Any] = RecentResults(_MOST_SESSIONS)
