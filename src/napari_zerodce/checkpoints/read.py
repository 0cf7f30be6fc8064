"""The content of a checkpoint file: read once, checked and recognised, without torch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.checkpoints import metadata
from napari_zerodce.checkpoints.defects import Defect, defects_as_errors, listed
from napari_zerodce.checkpoints.file_bytes import read_whole
from napari_zerodce.checkpoints.find_weights import weights_in
from napari_zerodce.checkpoints.formats.checkpoint_format import format_of
from napari_zerodce.checkpoints.formats.stored_tensor import StoredTensor
from napari_zerodce.checkpoints.info import UNKNOWN_LICENCE, CheckpointInfo
from napari_zerodce.checkpoints.recognise import recognise
from napari_zerodce.checkpoints.registry import entry_of, resolve
from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.core.network_kinds import NETWORKS, NetworkKind, architecture_named
from napari_zerodce.errors import RequestError

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class CheckpointContent:
    """The facts and the weights of a checkpoint, before they become a network."""

    info: CheckpointInfo
    weights: Weights


def read_info(source: str | Path, *, scale_factor: int | None = None) -> CheckpointInfo:
    """Return the facts about a checkpoint.

    The checks and the errors are the same as in `load_checkpoint`, but torch is not needed.

    Parameters
    ----------
    source : str or Path
        A name of the registry or a file.
    scale_factor : int, optional
        Scale factor of Zero-DCE++ that replaces the file's own.
    """
    return read_checkpoint(resolve(source), scale_factor=scale_factor).info


def read_checkpoint(path: Path, *, scale_factor: int | None = None) -> CheckpointContent:
    """Read a checkpoint file of any format.

    Parameters
    ----------
    path : Path
    scale_factor : int, optional
        Scale factor of Zero-DCE++ that replaces the file's own.

    Raises
    ------
    CheckpointError
        If the file is not a valid checkpoint.
    RequestError
        If the scale factor is invalid, or the network has none.
    """
    check_scale_factor(scale_factor)
    with defects_as_errors(path):
        content = read_whole(path)
        file = format_of(content).read(content)
        described = metadata.decode(file.metadata)
        found = recognise(weights_in(file.groups))
        design = found.design
        if described:
            design = metadata.agreed(described, found.kind, design)
        weights = _finite(found.tensors)
    digest = hashlib.sha256(content).hexdigest()
    entry = entry_of(path, digest)
    licence = entry.licence if entry else UNKNOWN_LICENCE
    info = CheckpointInfo(
        name=entry.name if entry else path.name,
        architecture=found.kind,
        scale_factor=_scale_factor(found.kind, described, scale_factor),
        parameters=found.parameters,
        sha256=digest,
        path=path,
        licence=described.licence if described else licence,
        provenance=described.provenance if described else {},
        design=design,
    )
    return CheckpointContent(info, weights)


def check_scale_factor(scale_factor: int | None) -> None:
    """Raise a `RequestError` if a scale factor is given and invalid."""
    if scale_factor is not None and not metadata.is_scale_factor(scale_factor):
        raise RequestError(
            f"The scale factor is {scale_factor!r}; give a whole number from 1 to "
            f"{metadata.LARGEST_SCALE_FACTOR:,}, such as 12."
        )


def _finite(tensors: Mapping[str, StoredTensor]) -> Weights:
    weights = {name: tensor.read() for name, tensor in tensors.items()}
    broken = [name for name, numbers in weights.items() if not np.isfinite(numbers).all()]
    if broken:
        raise Defect(
            f"holds NaN or infinite weights in {listed(broken)}, as after a diverged training; "
            "choose an earlier checkpoint"
        )
    return weights


def _scale_factor(
    kind: NetworkKind, described: metadata.Description | None, asked: int | None
) -> int:
    architecture = architecture_named(kind)
    traits = None if architecture is None else ARCHITECTURES[architecture]
    if traits is None or not traits.has_scale_factor:
        if asked not in {None, 1}:
            others = " or ".join(
                other.title for other in ARCHITECTURES.values() if other.has_scale_factor
            )
            raise RequestError(
                f"{NETWORKS[kind].title} has no scale factor, but {asked} was given: "
                f"leave it out, or choose a checkpoint of {others}."
            )
        return 1
    return asked or (described.scale_factor if described else traits.default_scale_factor)
