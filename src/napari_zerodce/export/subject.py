"""What is exported: a checkpoint, with what the registry and its card say, and its channels."""

from __future__ import annotations

from dataclasses import dataclass

from napari_zerodce.checkpoints.cards import ModelCard, card_of
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.registry import ImageKind, RegistryEntry, entry_of
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.errors import RequestError


@dataclass(frozen=True)
class Subject:
    """A checkpoint for pictures of some channels.

    Attributes
    ----------
    info : CheckpointInfo
    channels : {1, 3}
        Of the pictures that an exported model takes.
    entry : RegistryEntry, optional
        None for weights of the user.
    card : ModelCard, optional
        Of a bundled checkpoint.
    """

    info: CheckpointInfo
    channels: int
    entry: RegistryEntry | None
    card: ModelCard | None

    @classmethod
    def of(cls, info: CheckpointInfo, channels: int | None = None) -> Subject:
        """Return what is exported of a checkpoint.

        Parameters
        ----------
        info : CheckpointInfo
        channels : {1, 3}, optional
            By default those of a translator, 1 for weights for fluorescence, and 3 for others.

        Raises
        ------
        CheckpointError
            If a translator takes or makes pictures that are neither grey nor in colours.
        RequestError
            If a translator takes another number.
        """
        entry = entry_of(info.path, info.sha256)
        if info.design is not None:
            taken = _channels_of(info, info.design, channels)
        else:
            taken = channels or (1 if _trained_on(info, entry) == "fluorescence" else 3)
        return cls(info, taken, entry, card_of(entry))

    @property
    def made_for(self) -> ImageKind | None:
        """The kind of image that the weights are for; of a translator of one channel, None."""
        if self.info.is_translator and self.channels == 1:
            return None
        return _trained_on(self.info, self.entry)

    @property
    def takes_photos(self) -> bool:
        """Whether its pictures are photos."""
        return self.channels == 3 or self.made_for == "photo"


def _trained_on(info: CheckpointInfo, entry: RegistryEntry | None) -> ImageKind:
    """Return the kind of image that weights were trained on; "photo" if nothing tells it."""
    if entry:
        return entry.made_for
    return "fluorescence" if info.provenance.get("preset") == "fluorescence" else "photo"


def _channels_of(info: CheckpointInfo, design: GeneratorDesign, asked: int | None) -> int:
    """Return the channels that a translator takes."""
    if not {design.inputs, design.outputs} <= {1, 3}:
        raise info.refusal(
            f"translates {design.channels}, and models for other programs take and make 1 or 3; "
            "choose weights for such pictures"
        )
    if asked not in {None, design.inputs}:
        raise RequestError(
            f"{info.label} translates pictures of {design.inputs} channels, and {asked} were asked "
            "for; leave --channels out."
        )
    return design.inputs
