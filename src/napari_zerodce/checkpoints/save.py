"""How weights are saved: as a safetensors file that describes itself, or as official files are."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save as serialise
from torch import Tensor

from napari_zerodce.checkpoints.infer_design import BATCH_COUNT
from napari_zerodce.checkpoints.metadata import Description, encode
from napari_zerodce.core.networks import CurveNetwork
from napari_zerodce.core.translators.generators import Generator
from napari_zerodce.errors import CheckpointError
from napari_zerodce.whole_file import write_whole


def save_checkpoint(
    path: str | Path,
    network: CurveNetwork | Generator,
    *,
    licence: str,
    provenance: Mapping[str, str],
) -> Path:
    """Save a network's weights with the facts that a user needs to use and to trust them.

    The same weights and texts give the same bytes. The file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        Must end in ``.safetensors``. An existing file is replaced.
    network : CurveNetwork or Generator
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
    path = _ending_in(".safetensors", path)
    metadata = encode(_description(network, licence, provenance))
    weights = network.state_dict().items()
    tensors = {name: _plain(name, each) for name, each in weights if not name.endswith(BATCH_COUNT)}
    return _written(path, serialise(tensors, metadata=metadata))


def save_official(path: str | Path, generator: Generator) -> Path:
    """Save a translator's weights as the official programs do, so that they load in them.

    The file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        Must end in ``.pth``. An existing file is replaced.
    generator : Generator
        On any device. The file holds the weights as float32.

    Raises
    ------
    CheckpointError
        If the name does not end in ``.pth``, weights are NaN or infinite, or the file cannot be
        written.
    """
    path = _ending_in(".pth", path)
    content = io.BytesIO()
    torch.save({name: _plain(name, each) for name, each in generator.state_dict().items()}, content)
    return _written(path, content.getvalue())


def _ending_in(suffix: str, path: str | Path) -> Path:
    path = Path(path)
    if path.suffix != suffix:
        raise CheckpointError(
            f"A checkpoint cannot be saved as {path.name!r}: its name must end in {suffix}."
        )
    return path


def _written(path: Path, content: bytes) -> Path:
    try:
        write_whole(path, content)
    except OSError as err:
        reason = err.strerror or type(err).__name__
        raise CheckpointError(
            f"The checkpoint {path.name} cannot be written to {path.parent}: {reason}."
        ) from err
    return path


def _description(
    network: CurveNetwork | Generator, licence: str, provenance: Mapping[str, str]
) -> Description:
    if not all(isinstance(word, str) for item in provenance.items() for word in item):
        raise TypeError("provenance must map strings to strings")
    if isinstance(network, Generator):
        return Description(network.design.method, 1, licence, provenance, asdict(network.design))
    if not isinstance(network, CurveNetwork):
        raise TypeError(f"network is a {type(network).__name__}, but must be one of this package")
    return Description(network.architecture, network.scale_factor, licence, provenance)


def _plain(name: str, tensor: Tensor) -> Tensor:
    plain = tensor.detach().to("cpu")
    if plain.is_floating_point():
        plain = plain.to(torch.float32)
    if not bool(torch.isfinite(plain).all()):
        raise CheckpointError(
            f"The weights are not saved, because {name} holds NaN or infinite values: "
            "the training has diverged, so try again with a lower learning rate."
        )
    return plain.contiguous()
