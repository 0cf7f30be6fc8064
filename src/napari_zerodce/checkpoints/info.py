"""The facts about a checkpoint, known without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from napari_zerodce.checkpoints.defects import shown
from napari_zerodce.checkpoints.names import label_from
from napari_zerodce.core.architectures import (
    ARCHITECTURES,
    Architecture,
    ArchitectureTraits,
    NetworkTraits,
)
from napari_zerodce.core.network_kinds import NETWORKS, NetworkKind, architecture_named
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.errors import CheckpointError

UNKNOWN_LICENCE: Final = "unknown"
NO_CURVES: Final = "translates pictures and has no curves; choose Zero-DCE weights"
TRAINED_BY: Final = "trained_by"
"""The entry of the provenance that the one-line description quotes."""


@dataclass(frozen=True)
class CheckpointInfo:
    """The facts about one checkpoint file.

    Attributes
    ----------
    name : str
        Name in the registry, or the file's name.
    architecture : NetworkKind
        The architecture of a network that estimates curves, or the method of a translator.
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
    design : GeneratorDesign, optional
        The design of a translator; None for a network that estimates curves.
    """

    name: str
    architecture: NetworkKind
    scale_factor: int
    parameters: int
    sha256: str
    path: Path
    licence: str = UNKNOWN_LICENCE
    provenance: Mapping[str, str] = field(default_factory=dict)
    design: GeneratorDesign | None = None

    @property
    def is_translator(self) -> bool:
        """Whether the network makes another picture, and estimates no curves."""
        return self.design is not None

    @property
    def traits(self) -> NetworkTraits:
        """The facts that depend on the architecture alone."""
        return NETWORKS[self.architecture]

    @property
    def curve_architecture(self) -> Architecture:
        """The architecture of a network that estimates curves.

        Raises
        ------
        CheckpointError
            If this is a translator.
        """
        if architecture := architecture_named(self.architecture):
            return architecture
        raise self.refusal(NO_CURVES)

    @property
    def curve_traits(self) -> ArchitectureTraits:
        """The properties of a network that estimates curves; for a translator as above."""
        return ARCHITECTURES[self.curve_architecture]

    @property
    def title(self) -> str:
        """What the network is, such as "Zero-DCE++" or "CycleGAN, ResNet with 9 blocks"."""
        return self.traits.title if self.design is None else self.design.title

    def refusal(self, reason: str) -> CheckpointError:
        """Return the error of a use that the network is not made for.

        Parameters
        ----------
        reason : str
            What the network does not do, and what to try.
        """
        return CheckpointError(f"{shown(self.label)} ({self.title}) {reason}.")

    @property
    def label(self) -> str:
        """What to call the checkpoint: its name in the registry, its given name, or its file."""
        return self.name if self.name != self.path.name else label_from(self.path, self.provenance)

    def describe(self) -> str:
        """Return one line for users that describes the checkpoint."""
        title = self.title if self.design is None else f"{self.title}, {self.design.channels}"
        facts = [title, f"{self.parameters:,} parameters"]
        if self.traits.has_scale_factor:
            facts.append(f"scale {self.scale_factor}")
        if trained_by := self.provenance.get(TRAINED_BY):
            facts.append(f"trained by {shown(trained_by)}")
        known = self.licence != UNKNOWN_LICENCE
        facts.append(f"licence: {self.licence}" if known else "licence unknown")
        facts.append(f"sha256 {self.sha256[:8]}")
        return " · ".join(facts)
