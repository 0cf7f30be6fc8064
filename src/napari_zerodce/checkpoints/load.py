"""How a checkpoint becomes a network that can be asked for curves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from napari_zerodce.checkpoints.defects import defects_as_errors
from napari_zerodce.checkpoints.file_bytes import file_state
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.read import CheckpointContent, check_scale_factor, read_checkpoint
from napari_zerodce.checkpoints.registry import resolve
from napari_zerodce.core.networks import CurveNetwork, make_network
from napari_zerodce.recent_results import RecentResults

MOST_REMEMBERED: Final = 8


@dataclass(frozen=True, eq=False)  # settings that hold one can be a key
class Checkpoint:
    """Trained weights in their network.

    Attributes
    ----------
    info : CheckpointInfo
    network : CurveNetwork
        In evaluation mode, float32, on the CPU, without gradients; the caller's own.
    """

    info: CheckpointInfo
    network: CurveNetwork


def load_checkpoint(source: str | Path, *, scale_factor: int | None = None) -> Checkpoint:
    """Load a checkpoint.

    The authors' ``.pth`` files, those of other trainings (bare or wrapped in a dict, from one or
    more GPUs), and our own ``.safetensors``. The content decides, not the name. Nothing in a file
    is executed. A file that was read before and has not changed is not read again.

    Parameters
    ----------
    source : str or Path
        A name of the registry, or a file.
    scale_factor : int, optional
        Of Zero-DCE++, instead of the file's own, or of its default if the file does not tell.

    Returns
    -------
    Checkpoint

    Raises
    ------
    CheckpointError
        If there is no such checkpoint, or the file is damaged, of another kind or of another
        network.
    RequestError
        If the scale factor is not a whole number from 1, or the network has none.
    """
    check_scale_factor(scale_factor)
    path = resolve(source)
    with defects_as_errors(path):
        state = file_state(path)
    content = _remembered.get(
        (path, state, scale_factor), lambda: read_checkpoint(path, scale_factor=scale_factor)
    )
    return Checkpoint(content.info, _network(content))


def _network(content: CheckpointContent) -> CurveNetwork:
    # On "meta" nothing is initialised: random numbers would be drawn from the user's generator.
    with torch.device("meta"):
        network = make_network(content.info.architecture, content.info.scale_factor)
    tensors = {name: torch.from_numpy(numbers.copy()) for name, numbers in content.weights.items()}
    network.load_state_dict(tensors, assign=True)
    return network.eval().requires_grad_(requires_grad=False)


_remembered: RecentResults[CheckpointContent] = RecentResults(MOST_REMEMBERED)
