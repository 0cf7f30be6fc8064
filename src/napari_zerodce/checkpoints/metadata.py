"""The description in our own files: one JSON text in the safetensors metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from napari_zerodce.checkpoints.defects import Defect, shown
from napari_zerodce.core.network_kinds import NETWORKS, NetworkKind, kind_named
from napari_zerodce.core.translators.design import GeneratorDesign

KEY: Final = "napari-zerodce"
_FORMATS: Final = {"curves": 1, "translation": 2}
"""Versions up to 0.1 know only the first one."""

_LONGEST_PROVENANCE: Final = 10_000

LARGEST_SCALE_FACTOR: Final = 2**16
"""Larger than any side of a plane: the whole plane is then one pixel of the thumbnail."""


@dataclass(frozen=True)
class Description:
    """The facts that one of our files states about its weights, and the design of a translator."""

    architecture: NetworkKind
    scale_factor: int
    licence: str
    provenance: Mapping[str, str]
    design: Mapping[str, Any] | None = None


def encode(description: Description) -> dict[str, str]:
    """Return a description as safetensors metadata.

    The metadata has one entry, because safetensors writes several entries in random order, and the
    file's hash would then change from one save to the next (measured with safetensors 0.8).
    """
    facts: dict[str, Any] = {
        "format": _FORMATS[NETWORKS[description.architecture].method],
        "architecture": description.architecture,
        "scale_factor": description.scale_factor,
        "licence": description.licence,
        "provenance": dict(description.provenance),
    }
    if description.design is not None:
        facts["design"] = dict(description.design)
    return {KEY: json.dumps(facts, ensure_ascii=False, sort_keys=True)}


def decode(metadata: Mapping[str, str]) -> Description | None:
    """Return the description in a file's metadata, or None if the file is not one of our own.

    Raises
    ------
    Defect
        If the description is invalid, or of a newer version of this package.
    """
    if KEY not in metadata:
        return None
    try:
        facts = json.loads(metadata[KEY])
    except (ValueError, RecursionError) as err:
        raise _damaged() from err
    match facts:
        case {"format": int(version)} if version > max(_FORMATS.values()):
            raise Defect("was saved by a newer napari-zerodce; update the plugin to use it")
        case {
            "architecture": str(architecture),
            "scale_factor": int(scale_factor),
            "licence": str(licence),
            "provenance": dict(provenance),
        } if (known := kind_named(architecture)) and is_scale_factor(scale_factor):
            # Not shortened as for a sentence: someone may repeat the training from these texts.
            words = {
                shown(key): shown(str(text), longest=_LONGEST_PROVENANCE)
                for key, text in provenance.items()
            }
            design = facts.get("design")
            return Description(
                known,
                scale_factor,
                shown(licence),
                words,
                design if isinstance(design, dict) else None,
            )
    raise _damaged()


def agreed(
    description: Description, kind: NetworkKind, design: GeneratorDesign | None = None
) -> GeneratorDesign | None:
    """Return the design of a translator, of which a description says what tensors do not show.

    Parameters
    ----------
    description : Description
        Facts that the file states.
    kind : NetworkKind
    design : GeneratorDesign, optional
        Of the network that the tensors of the file belong to.

    Raises
    ------
    Defect
        If the tensors do not belong to the stated network.
    """
    if description.architecture != kind:
        raise Defect(
            f"contradicts itself: it says it is {NETWORKS[description.architecture].title} "
            f"and holds the weights of {NETWORKS[kind].title}; save it again"
        )
    stated = description.design or {}
    if design is not None and design.family == "unet":  # no tensor shows its dropout
        design = replace(design, dropout=stated.get("dropout") is True)
    if stated != ({} if design is None else asdict(design)):
        raise Defect(
            f"contradicts itself: it describes another {NETWORKS[kind].title} network than its "
            "weights belong to; save it again"
        )
    return design


def is_scale_factor(value: object) -> bool:
    """Return whether a value is a valid scale factor of Zero-DCE++."""
    return type(value) is int and 1 <= value <= LARGEST_SCALE_FACTOR


def _damaged() -> Defect:
    return Defect("is damaged: its description of the weights is invalid; save it again")
