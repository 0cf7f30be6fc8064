"""What the user has set for this plugin in napari's preferences, as typed values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from napari.settings import get_plugin_settings

from napari_zerodce.checkpoints.registry import AUTOMATIC, BUNDLED, PUBLISHED
from napari_zerodce.device import resolve_device
from napari_zerodce.engine.settings import AUTOMATIC_WINDOW
from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.imaging.windows import WindowChoice

_GIB: Final = 2**30


@dataclass(frozen=True)
class Preferences:
    """The values that docks start with.

    Parameters
    ----------
    checkpoint : str or Path
        "auto", a name in the registry, or a file.
    window : WindowChoice
    device : str
        "auto", or its name in torch.
    memory_budget : int, optional
        The most bytes of a result; None: as much as is free.
    runs_folder : Path, optional
        The folder of training runs; None: the default one.
    """

    checkpoint: str | Path = AUTOMATIC
    window: WindowChoice = AUTOMATIC_WINDOW
    device: str = "auto"
    memory_budget: int | None = None
    runs_folder: Path | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Those that are settings of an enhancement, as fields of `EnhanceSettings`."""
        return {"checkpoint": self.checkpoint, "window": self.window, "device": self.device}


class Reading(NamedTuple):
    """Preferences, and a sentence for each one that is invalid and has its default instead."""

    preferences: Preferences
    complaints: tuple[str, ...] = ()


def napari_group() -> Any:
    """Return napari's evented group of our preferences, None if napari does not know them."""
    try:
        return get_plugin_settings("napari-zerodce").defaults
    except KeyError:  # the plugin is switched off, or a test has no manifest
        return None


def stated_preferences() -> Mapping[str, Any]:
    """Return what the user has written, by the names of the fields of `Preferences`."""
    group = napari_group()
    return {} if group is None else {name: getattr(group, name) for name in TITLES}


def read_preferences(stated: Mapping[str, Any], *, thoroughly: bool = False) -> Reading:
    """Turn what the user has written into values.

    Parameters
    ----------
    stated : mapping
        Text or number by the name of a field of `Preferences`; a missing one has its default.
    thoroughly : bool
        Whether to read the checkpoint and to look for the device, too: this may import torch.
    """
    values: dict[str, Any] = {}
    complaints = []
    for name, written in stated.items():
        try:
            value = _READERS[name](written)
            if thoroughly and name in _CHECKS:
                _CHECKS[name](value)
        except ZeroDCEError as err:
            complaints.append(_complaint(TITLES[name], str(err)))
        else:
            values[name] = value
    return Reading(Preferences(**values), tuple(complaints))


def _complaint(title: str, reason: str) -> str:
    return f"Zero-DCE ignores the preference '{title}': {reason[0].lower()}{reason[1:]}"


def _checkpoint(written: str) -> str | Path:
    text = written.strip() or AUTOMATIC
    if text in {AUTOMATIC, *(entry.name for entry in (*BUNDLED, *PUBLISHED))}:
        return text
    path = Path(text).expanduser()
    if not path.is_absolute() or not path.is_file():
        raise RequestError(
            f"There is no checkpoint {text!r}; write 'auto', a name such as 'zero-dce', or the "
            "full path of a file."
        )
    return path


def _window(written: str) -> WindowChoice:
    text = written.strip().lower() or "auto"
    choice = WindowChoice("contrast") if text == "contrast" else WindowChoice.parse(text)
    if choice.channels:
        raise RequestError(
            f"The windows {text!r} are for the channels of one image; write one window for all "
            "images, such as 120,4000 or 'auto'."
        )
    return choice


def _device(written: str) -> str:
    text = written.strip().lower() or "auto"
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", text):
        raise RequestError(
            f"There is no device {text!r}; write 'auto', 'cpu', 'mps', 'cuda' or 'cuda:1'."
        )
    return "cuda:0" if text == "cuda" else text


def _memory_budget(written: float) -> int | None:
    if not (math.isfinite(written) and written >= 0):
        raise RequestError(f"The budget is {written} GiB, but must be 0 or more; 0 is automatic.")
    return round(written * _GIB) or None


def _runs_folder(written: str) -> Path | None:
    if not written.strip():
        return None
    path = Path(written.strip()).expanduser()
    if not path.is_absolute() or not path.is_dir():
        raise RequestError(
            f"There is no folder {written!r}; write the full path of an existing folder."
        )
    return path


def _check_checkpoint(value: str | Path) -> None:
    if value != AUTOMATIC:
        from napari_zerodce.checkpoints.read import read_info

        read_info(value)


TITLES: Final[Mapping[str, str]] = {
    "checkpoint": "Checkpoint",
    "window": "Window",
    "device": "Device",
    "memory_budget": "Memory budget",
    "runs_folder": "Folder of training runs",
}
"""What the titles in the manifest begin with."""

_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "checkpoint": _checkpoint,
    "window": _window,
    "device": _device,
    "memory_budget": _memory_budget,
    "runs_folder": _runs_folder,
}
_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "checkpoint": _check_checkpoint,
    "device": lambda device: device == "auto" or resolve_device(device),
}
