"""How a checkpoint becomes a network: one that estimates curves, or a translator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from napari_zerodce.checkpoints.defects import defects_as_errors
from napari_zerodce.checkpoints.file_bytes import file_state
from napari_zerodce.checkpoints.infer_design import BATCH_COUNT
from napari_zerodce.checkpoints.info import NO_CURVES, CheckpointInfo
from napari_zerodce.checkpoints.read import CheckpointContent, check_scale_factor, read_checkpoint
from napari_zerodce.checkpoints.registry import resolve
from napari_zerodce.core.networks import CurveNetwork, make_network
from napari_zerodce.core.translators.generators import Generator, make_generator
from napari_zerodce.recent_results import RecentResults

MOST_REMEMBERED: Final = 8
MOST_LARGE_REMEMBERED: Final = 2
"""The generator of CycleGAN takes 43 MiB of memory, and that of pix2pix 208."""

_LARGE: Final = 16 * 2**20
"""Bytes of a file."""


@dataclass(frozen=True, eq=False)  # so that settings with a checkpoint can be a key
class Checkpoint:
    """A network with trained weights.

    Attributes
    ----------
    info : CheckpointInfo
    network : CurveNetwork or Generator
        In evaluation mode, float32, on the CPU, without gradients. It belongs to the caller alone.
    """

    info: CheckpointInfo
    network: CurveNetwork | Generator

    @property
    def curve_network(self) -> CurveNetwork:
        """The network if it estimates curves.

        Raises
        ------
        CheckpointError
            If it is a translator.
        """
        if isinstance(self.network, CurveNetwork):
            return self.network
        raise self.info.refusal(NO_CURVES)

    @property
    def generator(self) -> Generator:
        """The network if it is a translator.

        Raises
        ------
        CheckpointError
            If it estimates curves.
        """
        if isinstance(self.network, Generator):
            return self.network
        raise self.info.refusal("is not a translator; choose weights of pix2pix, CycleGAN or CUT")


def load_checkpoint(source: str | Path, *, scale_factor: int | None = None) -> Checkpoint:
    """Load a checkpoint.

    The file may be one of the authors' ``.pth`` files, a ``.pth`` file of another training (bare or
    wrapped in a dict, from one or more GPUs), one of our own ``.safetensors`` files, or a generator
    of pix2pix, CycleGAN or CUT, such as ``latest_net_G.pth``. The content decides which, not the
    name. No code in a file is executed. An unchanged file is read only once.

    Parameters
    ----------
    source : str or Path
        A name of the registry, or a file.
    scale_factor : int, optional
        Scale factor of Zero-DCE++. By default the one in the file, or that of the architecture if
        the file has none.

    Returns
    -------
    Checkpoint

    Raises
    ------
    CheckpointError
        If there is no such checkpoint, or the file is damaged, of another kind or of another
        network.
    RequestError
        If the scale factor is not a whole number from 1 to 65,536, or the network has none.
    """
    check_scale_factor(scale_factor)
    path = resolve(source)
    with defects_as_errors(path):
        state = file_state(path)
    memory = _remembered if state.size < _LARGE else _remembered_large
    content = memory.get(
        (path, state, scale_factor), lambda: read_checkpoint(path, scale_factor=scale_factor)
    )
    return Checkpoint(content.info, _network(content))


def _network(content: CheckpointContent) -> CurveNetwork | Generator:
    # On "meta" nothing is initialised, so no random numbers are drawn from the user's generator.
    with torch.device("meta"):
        network = _empty_network(content.info)
    tensors = {name: torch.from_numpy(numbers.copy()) for name, numbers in content.weights.items()}
    counts = (name for name in network.state_dict() if name.endswith(BATCH_COUNT))
    network.load_state_dict(tensors | {name: torch.tensor(0) for name in counts}, assign=True)
    return network.eval().requires_grad_(requires_grad=False)


def _empty_network(info: CheckpointInfo) -> CurveNetwork | Generator:
    if info.design is not None:
        return make_generator(info.design)
    return make_network(info.curve_architecture, info.scale_factor)


_remembered: RecentResults[CheckpointContent] = RecentResults(MOST_REMEMBERED)
_remembered_large: RecentResults[CheckpointContent] = RecentResults(MOST_LARGE_REMEMBERED)
