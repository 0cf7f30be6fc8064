"""How weights are saved: one safetensors file that also says what it is and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save as serialise
from torch import Tensor

from napari_zerodce.checkpoints.metadata import Description, encode
from napari_zerodce.core.networks import CurveNetwork
from napari_zerodce.errors import CheckpointError
from napari_zerodce.whole_file import write_whole


def save_checkpoint(
    path: str | Path, network: CurveNetwork, *, licence: str, provenance: Mapping[str, str]
) -> Path:
    """Save a network's weights with the facts that a user needs to use and to trust them.

    The same weights and texts give the same bytes. The file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        Must end in ``.safetensors``. An existing file is replaced.
    network : CurveNetwork
        On any device. The file holds the weights as float32.
    licence : str
        Licence of the weights, such as "BSD-3-Clause".
    provenance : Mapping of str to str
        How the weights were made. The entry ``trained_by`` becomes part of the checkpoint's
        one-line description ("trained by ..."); the other entries are free.

    Returns
    -------
    Path
        Path of the file.

    Raises
    ------
    CheckpointError
        If the name does not end in ``.safetensors``, weights are NaN or infinite, or the file
        cannot be written.
    TypeError
        If `network` is not a network of this package, or the provenance holds values other than
        strings.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise CheckpointError(
            f"A checkpoint cannot be saved as {path.name!r}: its name must end in .safetensors."
        )
    metadata = encode(_description(network, licence, provenance))
    tensors = {name: _plain(name, tensor) for name, tensor in network.state_dict().items()}
    try:
        write_whole(path, serialise(tensors, metadata=metadata))
    except OSError as err:
        reason = err.strerror or type(err).__name__
        raise CheckpointError(
            f"The checkpoint {path.name} cannot be written to {path.parent}: {reason}."
        ) from err
    return path


def _description(network: CurveNetwork, licence: str, provenance: Mapping[str, str]) -> Description:
    if not all(isinstance(word, str) for item in provenance.items() for word in item):
        raise TypeError("provenance must map strings to strings")
    if not isinstance(network, CurveNetwork):
        raise TypeError(f"network must be a CurveNetwork, not a {type(network).__name__}")
    return Description(network.architecture, network.scale_factor, licence, provenance)


def _plain(name: str, tensor: Tensor) -> Tensor:
    plain = tensor.detach().to("cpu", torch.float32).contiguous()
    if not bool(torch.isfinite(plain).all()):
        raise CheckpointError(
            f"The weights are not saved, because {name} holds NaN or infinite values: "
            "the training has diverged, so try again with a lower learning rate."
        )
    return plain
