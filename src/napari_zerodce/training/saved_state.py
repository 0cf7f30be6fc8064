"""The saved state of a run, from which it continues with the same result."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from napari_zerodce.device import Device
from napari_zerodce.errors import RequestError, TrainingError
from napari_zerodce.training.run_config import Frozen
from napari_zerodce.training.run_folder import STATE_FILE
from napari_zerodce.whole_file import write_whole


def write_state(folder: str | Path, config: Frozen, content: Mapping[str, Any]) -> Path:
    """Save a state; the file appears whole or not at all.

    Parameters
    ----------
    folder : str or Path
        Created if it does not exist.
    config : Frozen
        The settings of the training.
    content : mapping
        Plain values, tensors and state dicts; "step" is the number of done steps.

    Returns
    -------
    Path
        The path of the file.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    torch.save({"config": config.model_dump_json(), **content}, buffer)
    write_whole(folder / STATE_FILE, buffer.getvalue())
    return folder / STATE_FILE


def read_state(folder: str | Path, config: Frozen, device: Device) -> Mapping[str, Any] | None:
    """Return the saved state of a run, None if nothing is saved yet.

    Parameters
    ----------
    folder : str or Path
    config : Frozen
        The settings of the training.
    device : Device
        Where its tensors should be.

    Raises
    ------
    RequestError
        If the folder holds a run with other settings.
    TrainingError
        If the saved state is damaged.
    """
    path = Path(folder) / STATE_FILE
    if not path.exists():
        return None
    try:
        content: Mapping[str, Any] = torch.load(path, weights_only=True, map_location=device.name)
        # As values: older versions did not write the settings that exist now.
        saved = type(config).model_validate_json(content["config"])
        content["step"]
    except Exception as err:
        raise TrainingError(
            f"{path} is damaged: the run cannot continue; start a new run from one of its "
            "checkpoints."
        ) from err
    if saved != config:
        raise RequestError(
            f"{folder} holds a training run with other settings: continue it with its own "
            "settings, or choose an empty folder."
        )
    return content
