"""How the name inside a checkpoint file is read, for its label, and replaced by another one."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from napari_zerodce.checkpoints import metadata
from napari_zerodce.checkpoints.defects import Defect, defects_as_errors
from napari_zerodce.checkpoints.file_bytes import FileState, file_state, read_start, read_whole
from napari_zerodce.checkpoints.formats import safetensors
from napari_zerodce.checkpoints.names import GIVEN_NAME, as_name, label_from


def label_of(path: Path) -> str:
    """Return the label of a file, which is read if it is new; an invalid file has its file name."""
    try:
        return _label_of(path, file_state(path))
    except Defect:
        return path.name


@lru_cache(maxsize=64)
def _label_of(path: Path, _state: FileState) -> str:
    # Not the whole file: some have 200 MiB, and a chooser waits for its label.
    start = read_start(path, 8 + safetensors.LARGEST_HEADER)
    if not safetensors.begins(start):
        return path.name
    described = metadata.decode(safetensors.metadata_in(start))
    return label_from(path, {} if described is None else described.provenance)


def renamed(path: Path, name: str) -> bytes:
    """Return the bytes of one of our own files with another given name; the weights stay.

    Parameters
    ----------
    path : Path
    name : str
        Free text; empty removes the name.

    Raises
    ------
    CheckpointError
        If the file cannot be read, or is not one of our own.
    """
    with defects_as_errors(path):
        return _renamed(read_whole(path), as_name(name))


def _renamed(content: bytes, name: str) -> bytes:
    described = metadata.decode(safetensors.read(content).metadata)
    if described is None:
        raise Defect("cannot have a name, because it is not a file of napari-zerodce")
    facts = {key: text for key, text in described.provenance.items() if key != GIVEN_NAME}
    if name:
        facts[GIVEN_NAME] = name
    return safetensors.with_metadata(content, metadata.encode(replace(described, provenance=facts)))
