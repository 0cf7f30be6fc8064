"""How a checkpoint is loaded: its weights, which become a network of torch only if asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from napari_zerodce.checkpoints.defects import defects_as_errors
from napari_zerodce.checkpoints.file_bytes import file_state
from napari_zerodce.checkpoints.info import NO_CURVES, CheckpointInfo
from napari_zerodce.checkpoints.read import (
    CheckpointContent,
    Weights,
    check_scale_factor,
    read_checkpoint,
)
from napari_zerodce.checkpoints.registry import resolve
from napari_zerodce.recent_results import RecentResults

if TYPE_CHECKING:
    from napari_zerodce.core.networks import CurveNetwork
    from napari_zerodce.core.translators.generators import Generator

MOST_REMEMBERED: Final = 8
MOST_LARGE_REMEMBERED: Final = 2
"""The generator of CycleGAN takes 43 MiB of memory, and that of pix2pix 208."""

_LARGE: Final = 16 * 2**20
"""Bytes of a file."""


@dataclass(frozen=True, eq=False)  # so that settings with a checkpoint can be a key
class Checkpoint:
    """Trained weights, and the network that has them.

    Parameters
    ----------
    content : CheckpointContent
        As read from the file; other checkpoints may share it.
    """

    content: CheckpointContent

    @property
    def info(self) -> CheckpointInfo:
        """The facts about the checkpoint."""
        return self.content.info

    @cached_property
    def network(self) -> CurveNetwork | Generator:
        """The network of torch, which belongs to the caller alone and is made at the first use.

        In evaluation mode, float32, on the CPU, without gradients.
        """
        from napari_zerodce.checkpoints.torch_network import network_of

        return network_of(self.content)

    @property
    def weights(self) -> Weights:
        """The weights by their names in the state dict; those of the network if it is made.

        The caller of `load_checkpoint` may have changed them there.
        """
        if "network" not in vars(self):
            return self.content.weights
        from napari_zerodce.checkpoints.torch_network import weights_of

        return weights_of(self.network)

    @property
    def curve_network(self) -> CurveNetwork:
        """The network if it estimates curves.

        Raises
        ------
        CheckpointError
            If it is a translator.
        """
        self.check_curves()
        return cast("CurveNetwork", self.network)

    @property
    def generator(self) -> Generator:
        """The network if it is a translator.

        Raises
        ------
        CheckpointError
            If it estimates curves.
        """
        if not self.info.is_translator:
            raise self.info.refusal(
                "is not a translator; choose weights of pix2pix, CycleGAN or CUT"
            )
        return cast("Generator", self.network)

    def check_curves(self) -> None:
        """Raise a `CheckpointError` if the network is a translator."""
        if self.info.is_translator:
            raise self.info.refusal(NO_CURVES)


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
    return Checkpoint(content)


_remembered: RecentResults[CheckpointContent] = RecentResults(MOST_REMEMBERED)
_remembered_large: RecentResults[CheckpointContent] = RecentResults(MOST_LARGE_REMEMBERED)
