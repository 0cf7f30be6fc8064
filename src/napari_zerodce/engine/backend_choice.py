"""Which other choices a backend excludes; known before anything is loaded, also in a dock."""

from __future__ import annotations

from typing import get_args

from napari_zerodce.device import BACKEND_TITLES, Backend, BackendChoice, PrecisionChoice
from napari_zerodce.errors import DeviceError


def backend_in_words(backend: Backend) -> str:
    """Return what sentences call a backend: as docks show it, and as users type it.

    Parameters
    ----------
    backend : {"onnxruntime", "torch"}
    """
    return f"the backend {BACKEND_TITLES[backend]} ({backend!r})"


def check_backend(choice: BackendChoice, device: str, precision: PrecisionChoice) -> None:
    """Check that a backend can do what else is chosen.

    Parameters
    ----------
    choice : {"auto", "onnxruntime", "torch"}
    device : str
        As in `EnhanceSettings`.
    precision : {"auto", "float32", "bfloat16", "float16"}

    Raises
    ------
    DeviceError
        If there is no such backend, or it cannot do it.
    """
    if choice not in get_args(BackendChoice):
        known = ", ".join(get_args(BackendChoice))
        raise DeviceError(f"There is no backend {choice!r}; choose one of {known}.")
    if choice != "onnxruntime":
        return
    title, other = BACKEND_TITLES["onnxruntime"], backend_in_words("torch")
    if device not in {"auto", "cpu"}:
        raise DeviceError(
            f"{title} runs on the CPU only, and the device {device} was chosen; choose the device "
            f"cpu, or {other}."
        )
    if precision not in {"auto", "float32"}:
        raise DeviceError(
            f"{title} runs in float32 only, and the precision {precision} was chosen; choose the "
            f"precision float32, or {other}."
        )
