"""The devices that networks run on: their precisions, their tiles, and errors about their memory.

Torch is only loaded if this machine may have a GPU, or if there is no other way to know.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import psutil

from napari_zerodce.errors import DeviceError
from napari_zerodce.hardware import (
    has_bfloat16,
    is_torch_built_for_gpus,
    is_torch_installed,
    may_have_gpu,
    processor_name,
)
from napari_zerodce.torch_import import load_torch

if TYPE_CHECKING:
    import numpy as np

Precision = Literal["float32", "bfloat16", "float16"]
PrecisionChoice = Literal["auto", "float32", "bfloat16", "float16"]

Backend = Literal["onnxruntime", "torch"]
"""The library that runs a network."""

BackendChoice = Literal["auto", "onnxruntime", "torch"]

BACKEND_TITLES: Final[Mapping[Backend, str]] = {"onnxruntime": "ONNX Runtime", "torch": "PyTorch"}
"""What docks and sentences call them."""

LARGEST_DEVIATION: dict[Precision, float] = {"float32": 0.0, "bfloat16": 0.007, "float16": 0.0009}
"""Largest deviation from float32 in the enhanced image, range [0, 1].

Measured with the bundled and the published weights of both networks on 24 DICM photos, and on an
H200, rounded up (benchmarks/precision.py, tests/test_gpu.py).
"""

_CPU_TILES: dict[Backend | None, int] = {
    "torch": 160,  # 8 % faster than 256 on two cores, 13 % than 384: the features stay in the cache
    "onnxruntime": 256,  # 5 % faster than 160; a tile, which cannot be stopped, takes 0.1 s
    None: 384,  # 43 % faster than 160, with the limit to detail 21 %
}
_MPS_TILE = 1024
_LARGEST_CUDA_TILE = 2048
_CUDA_TILES = 3  # at a time: one comes, one is computed, one goes
_SMALLEST_TILE = 64
_BYTES_PER_PIXEL = 1400  # float32 peak of Zero-DCE: six skip maps, one concatenation, 24 alphas


LEAST_PIXELS_FOR_HALF = 2**23
"""On a CPU: it saves up to 0.4 s for 2^20 pixels there, and torch is imported in two seconds."""


class OutOfDeviceMemory(DeviceError):
    """The device had no memory for a tile."""


@dataclass(frozen=True)
class Device:
    """A device that a network can run on.

    Parameters
    ----------
    name : str
        Its name in torch: "cpu", "cuda:0", "mps".
    label : str
        Its name for users, as its maker gives it.
    """

    name: str
    label: str

    @property
    def kind(self) -> str:
        """The name without a number: "cpu", "cuda" or "mps"."""
        return self.name.partition(":")[0]

    def __str__(self) -> str:
        return f"{self.name} ({self.label})" if self.label else self.name


def check_torch() -> None:
    """Raise a `DeviceError` if torch is not installed, before anything is prepared for it."""
    if not is_torch_installed():
        raise DeviceError(
            "This needs PyTorch, which is not installed; install it with 'pip install torch', on "
            "a Mac with an Intel processor with 'conda install -c conda-forge pytorch'."
        )


@cache
def import_torch() -> Any:
    """Return the torch module, or explain in one sentence why it cannot be loaded.

    Raises
    ------
    DeviceError
        If torch is not installed, or does not load (known on Windows if Qt is imported first).
    """
    check_torch()
    try:
        return load_torch()
    except (ImportError, OSError) as err:
        raise DeviceError(
            f"PyTorch could not be loaded ({first_line(err)}); reinstall it with 'pip install "
            "--force-reinstall torch', and on Windows install the Microsoft Visual C++ "
            "Redistributable."
        ) from err


def available_devices() -> tuple[Device, ...]:
    """Return every device of this machine, the best one first."""
    cpu = Device("cpu", processor_name())
    return (*_gpus(), cpu) if may_have_gpu() else (cpu,)


def _gpus() -> list[Device]:
    torch = import_torch()
    # The count alone is not enough: a faulty driver still counts, and every other call fails.
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    devices = [
        Device(f"cuda:{number}", torch.cuda.get_device_name(number)) for number in range(count)
    ]
    if torch.backends.mps.is_available():
        devices.append(Device("mps", "Apple GPU"))
    return devices


def resolve_device(choice: str) -> Device:
    """Turn "auto", "cpu", "cuda", "cuda:1" or "mps" into a device of this machine.

    Raises
    ------
    DeviceError
        If this machine has no such device.
    """
    if choice == "cpu":
        return Device("cpu", processor_name())
    devices = available_devices()
    if choice == "auto":
        return devices[0]
    wanted = "cuda:0" if choice == "cuda" else choice
    for device in devices:
        if device.name == wanted:
            return device
    here = ", ".join(device.name for device in devices)
    raise DeviceError(
        f"There is no device {choice!r} on this machine{_why_not(choice)}; choose 'auto' or one of "
        f"{here}."
    )


def _why_not(choice: str) -> str:
    """Return in brackets what a device lacks, "" if that is not known."""
    if not choice.startswith(("cuda", "mps")):
        return ""
    if not is_torch_installed():
        return " (a GPU needs PyTorch, which is not installed)"
    lacks_cuda = choice.startswith("cuda") and not is_torch_built_for_gpus()
    return " (this PyTorch is built without CUDA)" if lacks_cuda else ""


def resolve_precision(
    choice: PrecisionChoice,
    device: Device,
    dtype: np.dtype[Any] | None = None,
    *,
    pixels: int = LEAST_PIXELS_FOR_HALF,
) -> Precision:
    """Turn "auto" into a precision that is fast on the device and accurate enough for the image.

    Half precision is chosen for 8-bit images only: its largest deviation is one or two grey levels
    there, and hundreds in a 16-bit image. On a CPU, it is chosen if the network has so much to do
    that it saves more time than the import of torch takes.

    Parameters
    ----------
    choice : {"auto", "float32", "bfloat16", "float16"}
    device : Device
    dtype : dtype, optional
        Of the image.
    pixels : int
        How many pixels the network sees, in all planes or their thumbnails; by default many.

    Raises
    ------
    DeviceError
        If there is no precision of this name.
    """
    if choice != "auto":
        check_precision(choice)
        return choice
    eight_bits = dtype is not None and dtype.kind in "iu" and dtype.itemsize == 1
    pays = device.kind != "cpu" or pixels >= LEAST_PIXELS_FOR_HALF
    return _native_half(device) if eight_bits and pays else "float32"


def check_precision(choice: str) -> None:
    """Raise a `DeviceError` if there is no precision of a name."""
    if choice not in get_args(PrecisionChoice):
        known = ", ".join(get_args(PrecisionChoice))
        raise DeviceError(f"There is no precision {choice!r}; choose one of {known}.")


@cache
def _native_half(device: Device) -> Precision:
    """Return the half precision that is faster on the device than float32, else float32."""
    if device.kind == "cuda":
        major, _ = import_torch().cuda.get_device_capability(device.name)
        return "float16" if major >= 7 else "float32"  # tensor cores came with compute capability 7
    return "bfloat16" if device.kind == "cpu" and _has_bfloat16() else "float32"


def _has_bfloat16() -> bool:
    if not is_torch_installed():
        return False  # what runs without torch computes with float32
    if (known := has_bfloat16()) is not None:
        return known
    # Older versions of torch list no capabilities; float32 is always right.
    ask: Callable[[], dict[str, bool]] = getattr(import_torch().cpu, "get_capabilities", dict)
    capabilities = ask()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def default_tile(device: Device, network: Backend | None = "torch") -> int:
    """Return the side of a tile in pixels that suits the device's memory and a quick cancel.

    Parameters
    ----------
    device : Device
    network : {"onnxruntime", "torch"}, optional
        What runs a network on each tile; None if a thumbnail gives the curves.
    """
    if device.kind == "cuda":
        side = (
            int((free_memory(device) / 2 / _CUDA_TILES / _BYTES_PER_PIXEL) ** 0.5)
            // _SMALLEST_TILE
            * _SMALLEST_TILE
        )
        return max(_SMALLEST_TILE, min(_LARGEST_CUDA_TILE, side))
    if device.kind == "mps":
        return _MPS_TILE
    return _CPU_TILES[network]


def free_memory(device: Device) -> int:
    """Return the free memory of a device in bytes; a GPU of Apple shares that of the CPU."""
    if device.kind == "cuda":
        cuda = import_torch().cuda
        free, _ = cuda.mem_get_info(device.name)
        # What torch keeps for later tensors is free for ours.
        kept = cuda.memory_reserved(device.name) - cuda.memory_allocated(device.name)
        return int(free) + int(kept)
    return psutil.virtual_memory().available


def check_tile(
    pixels: int, tile: int, device: Device, *, bytes_per_pixel: int = _BYTES_PER_PIXEL
) -> None:
    """Refuse a tile that needs more memory than the CPU has, before the system kills the process.

    Parameters
    ----------
    pixels : int
        Number of pixels of the largest tile.
    tile : int
        Side of the tiles in pixels, as the user set it.
    device : Device
    bytes_per_pixel : int, optional
        The peak memory of the network; by default that of Zero-DCE.

    Raises
    ------
    DeviceError
        If too little memory is free. Other devices report this themselves, in time.
    """
    needed, free = pixels * bytes_per_pixel, psutil.virtual_memory().available
    if device.kind == "cpu" and needed > free:
        raise DeviceError(
            f"Tiles of {tile} pixels need {needed / 2**30:.1f} GiB of memory, and "
            f"{free / 2**30:.1f} GiB are free; leave the tile size out, or give a smaller one."
        )


def smaller_tile(tile: int) -> int:
    """Return half the side of a tile, for the next attempt after memory ran out.

    Raises
    ------
    DeviceError
        If tiles cannot get smaller.
    """
    if tile <= _SMALLEST_TILE:
        raise DeviceError(
            f"The device has no memory left even for tiles of {tile} pixels; close other programs "
            "that use it, or choose the device 'cpu'."
        )
    return max(_SMALLEST_TILE, tile // 2)


class MemoryErrorsTranslated:
    """Context that raises `OutOfDeviceMemory` instead of torch's errors when memory runs out.

    CUDA has its own exception type. MPS, the CPU allocator and oneDNN raise a plain RuntimeError,
    which is recognised by the words of its message.

    It is a class because of Python 3.12 and 3.13: an exception that replaces another one in a
    ``contextlib.contextmanager`` keeps all frames alive until the garbage collector runs. Their
    tensors filled the GPU, so that smaller tiles and batches had no room either.
    """

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self, _: object, err: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(err, _no_memory_errors()) or (
            isinstance(err, RuntimeError) and speaks_of_memory(str(err))
        ):
            raise OutOfDeviceMemory(first_line(err)) from err


def _no_memory_errors() -> tuple[type[BaseException], ...]:
    # While another thread imports torch, it has no errors yet.
    of_torch = getattr(sys.modules.get("torch"), "OutOfMemoryError", MemoryError)
    return MemoryError, of_torch


def release_memory(device: Device) -> None:
    """Give cached memory back to the device, so that a smaller tile or another program has room."""
    if device.kind == "cuda":
        import_torch().cuda.empty_cache()
    elif device.kind == "mps":
        import_torch().mps.empty_cache()


_WORDS_FOR_NO_MEMORY = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "could not create a memory",
    "std::bad_alloc",
    "bad allocation",
    "failed to allocate memory",
)


def speaks_of_memory(message: str) -> bool:
    """Return whether an error of torch or of ONNX Runtime says that memory ran out.

    Parameters
    ----------
    message : str
    """
    message = message.lower().strip()
    # oneDNN's whole sentence; with more words after it, it complains of a layer it does not know.
    if message == "could not create a primitive":
        return True
    return any(words in message for words in _WORDS_FOR_NO_MEMORY)


def first_line(err: BaseException) -> str:
    """Return the first line of an error's message, or the name of its class if it has none."""
    return (str(err).strip() or type(err).__name__).splitlines()[0]
