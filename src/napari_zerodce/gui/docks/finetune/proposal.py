"""What the chosen images suggest: the weights to start from, a preset, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_zerodce.checkpoints.registry import ImageKind
from napari_zerodce.engine.automatic import WEIGHTS_FOR, AutomaticChoice
from napari_zerodce.training.presets import MANY_PHOTOS, Preset, preset_for


@dataclass(frozen=True)
class Material:
    """The facts about the chosen images.

    Parameters
    ----------
    choices : tuple of AutomaticChoice
        The weights that suit each image that was looked at.
    images : int
        Number of images: layers, and files of the folder.
    is_colour : bool
        Whether an image is in colour.
    """

    choices: tuple[AutomaticChoice, ...] = ()
    images: int = 0
    is_colour: bool = False


@dataclass(frozen=True)
class Proposal:
    """Settings that suit the chosen images.

    Parameters
    ----------
    start : str
        Name of a bundled checkpoint.
    preset : Preset
    purpose, reason : str
        What they are for, and why, as parts of a sentence; empty for the usual ones.
    """

    start: str
    preset: Preset
    purpose: str = ""
    reason: str = ""


def propose(material: Material) -> Proposal:
    """Return the settings that suit images."""
    kind = _kind(material.choices)
    if kind == "fluorescence":
        return Proposal(WEIGHTS_FOR[kind], "fluorescence", kind, _dark(material.choices))
    preset = preset_for(kind, material.images)
    if preset == "photo" or not material.is_colour:  # without colour, few photos are like many
        return Proposal(WEIGHTS_FOR[kind], "photo")
    return Proposal(WEIGHTS_FOR[kind], preset, "few photos", _FEW)


def _kind(choices: Sequence[AutomaticChoice]) -> ImageKind:
    kinds = {choice.made_for for choice in choices}
    return "fluorescence" if kinds == {"fluorescence"} else "photo"


def _dark(choices: Sequence[AutomaticChoice]) -> str:
    first, *others = choices
    return f"the {1 + len(others)} images have a dark background" if others else first.reason


_FEW = f"the average colour of less than {MANY_PHOTOS} photos need not be grey"
