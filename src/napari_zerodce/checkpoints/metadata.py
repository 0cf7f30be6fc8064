"""What our own files say of themselves: one JSON text in the safetensors metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from napari_zerodce.checkpoints.defects import Defect, shown
from napari_zerodce.core.architectures import ARCHITECTURES, Architecture

KEY: Final = "napari-zerodce"
_FORMAT: Final = 1
_LONGEST_PROVENANCE: Final = 10_000

LARGEST_SCALE_FACTOR: Final = 2**16
"""Larger than any plane's side: the whole image is one block of the thumbnail."""


@dataclass(frozen=True)
class Description:
    """The facts a file of ours states about its weights."""

    architecture: Architecture
    scale_factor: int
    licence: str
    provenance: Mapping[str, str]


def encode(description: Description) -> dict[str, str]:
    """Return safetensors metadata.

    One entry, because safetensors writes several in random order: the file's hash would differ from
    run to run (measured with safetensors 0.8).
    """
    facts = {
        "format": _FORMAT,
        "architecture": description.architecture,
        "scale_factor": description.scale_factor,
        "licence": description.licence,
        "provenance": dict(description.provenance),
    }
    return {KEY: json.dumps(facts, ensure_ascii=False, sort_keys=True)}


def decode(metadata: Mapping[str, str]) -> Description | None:
    """Return what a file states, or None if it is not from us.

    Raises
    ------
    Defect
        If it cannot be understood.
    """
    if KEY not in metadata:
        return None
    try:
        facts = json.loads(metadata[KEY])
    except (ValueError, RecursionError) as err:
        raise _damaged() from err
    match facts:
        case {"format": int(version)} if version > _FORMAT:
            raise Defect("was saved by a newer napari-zerodce; update the plugin to use it")
        case {
            "architecture": str(architecture),
            "scale_factor": int(scale_factor),
            "licence": str(licence),
            "provenance": dict(provenance),
        } if (known := _known(architecture)) and is_scale_factor(scale_factor):
            # Whole, unlike what stands in a sentence: a training is to be repeated from it.
            words = {
                shown(key): shown(str(text), longest=_LONGEST_PROVENANCE)
                for key, text in provenance.items()
            }
            return Description(known, scale_factor, shown(licence), words)
    raise _damaged()


def agree(description: Description, architecture: Architecture) -> None:
    """Raise a `Defect` if the tensors are not those of the stated architecture."""
    if description.architecture != architecture:
        raise Defect(
            f"contradicts itself: it says it is {ARCHITECTURES[description.architecture].title} "
            f"and holds the weights of {ARCHITECTURES[architecture].title}; save it again"
        )


def is_scale_factor(value: object) -> bool:
    """Whether a value can be the scale factor of Zero-DCE++."""
    return type(value) is int and 1 <= value <= LARGEST_SCALE_FACTOR


def _known(name: str) -> Architecture | None:
    return next((architecture for architecture in ARCHITECTURES if architecture == name), None)


def _damaged() -> Defect:
    return Defect("is damaged: what it says of its weights makes no sense; save it again")
