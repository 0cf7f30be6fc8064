"""The facts about a checkpoint, known without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from napari_zerodce.checkpoints.defects import shown
from napari_zerodce.checkpoints.names import label_from
from napari_zerodce.core.architectures import ARCHITECTURES, Architecture, ArchitectureTraits

UNKNOWN_LICENCE: Final = "unknown"
TRAINED_BY: Final = "trained_by"
"""The entry of the provenance that the one-line description quotes."""


@dataclass(frozen=True)
class CheckpointInfo:
    """The facts about one checkpoint file.

    Attributes
    ----------
    name : str
        Name in the registry, or the file's name.
    architecture : Architecture
    scale_factor : int
        Size of a plane divided by the size of the thumbnail that the network reads; 1 if the
        network reads the plane itself.
    parameters : int
        Number of weights.
    sha256 : str
        Hash of the file's bytes, 64 hexadecimal digits.
    path : Path
    licence : str
        Licence of the weights, "unknown" if neither the file nor the registry states it.
    provenance : Mapping of str to str
        How the weights were trained, from the metadata of our own files; empty for other files.
    """

    name: str
    architecture: Architecture
    scale_factor: int
    parameters: int
    sha256: str
    path: Path
    licence: str = UNKNOWN_LICENCE
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def traits(self) -> ArchitectureTraits:
        """The facts that depend on the architecture alone."""
        return ARCHITECTURES[self.architecture]

    @property
    def title(self) -> str:
        """The architecture's title, such as "Zero-DCE++"."""
        return self.traits.title

    @property
    def label(self) -> str:
        """What to call the checkpoint: its name in the registry, its given name, or its file."""
        return self.name if self.name != self.path.name else label_from(self.path, self.provenance)

    def describe(self) -> str:
        """Return one line for users that describes the checkpoint."""
        facts = [self.title, f"{self.parameters:,} parameters"]
        if self.traits.has_scale_factor:
            facts.append(f"scale {self.scale_factor}")
        if trained_by := self.provenance.get(TRAINED_BY):
            facts.append(f"trained by {shown(trained_by)}")
        known = self.licence != UNKNOWN_LICENCE
        facts.append(self.licence if known else "licence unknown")
        facts.append(f"sha256 {self.sha256[:8]}")
        return " · ".join(facts)
