"""What an exported model says about itself, and the channels that it takes."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from napari_zerodce.checkpoints.cards import card_of
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.registry import ImageKind, entry_of
from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.errors import RequestError
from napari_zerodce.export.papers import PAPERS

_RANGE: Final = "float32 in [0, 1]: (intensity - low) / (high - low); values outside are clipped"

_WINDOWS: Final[dict[ImageKind, str]] = {
    "photo": "low = 0 and high = the largest value of the type, such as 255 for 8 bits",
    "fluorescence": "low = level + spread and high = the percentile 99.9, where level is the most "
    "frequent intensity of the image (its background), and spread the standard deviation of the "
    "noise around it; napari-zerodce leaves the background below low as it is",
}

_LOOKING: Final = "for looking at, not for measuring intensities"


def made_for(info: CheckpointInfo) -> ImageKind:
    """Return the kind of image that a checkpoint was trained on; "photo" if nothing tells it.

    Parameters
    ----------
    info : CheckpointInfo
    """
    if entry := entry_of(info.path, info.sha256):
        return entry.made_for
    return "fluorescence" if info.provenance.get("preset") == "fluorescence" else "photo"


def channels_of(info: CheckpointInfo, asked: int | None = None) -> int:
    """Return the channels of the pictures that an exported model takes.

    Parameters
    ----------
    info : CheckpointInfo
    asked : {1, 3}, optional
        By default those of a translator, 1 for weights for fluorescence, and 3 for others.

    Raises
    ------
    CheckpointError
        If a translator takes or makes pictures that are neither grey nor in colours.
    RequestError
        If a translator takes another number.
    """
    if info.design is None:
        return asked or (1 if made_for(info) == "fluorescence" else 3)
    if not {info.design.inputs, info.design.outputs} <= {1, 3}:
        raise info.refusal(
            f"translates {info.design.channels}, and models for other programs take and make 1 or "
            "3; choose weights for such pictures"
        )
    if asked not in {None, info.design.inputs}:
        raise RequestError(
            f"{info.label} translates pictures of {info.design.inputs} channels, and {asked} were "
            "asked for; leave --channels out."
        )
    return info.design.inputs


def facts_of(info: CheckpointInfo, channels: int) -> dict[str, str]:
    """Return the metadata of an exported model.

    Parameters
    ----------
    info : CheckpointInfo
    channels : int
    """
    paper = PAPERS[info.architecture]
    return {
        "name": info.label,
        "network": info.title,
        "sha256": info.sha256,
        "licence": info.licence,
        "paper": f"{paper.citation}, https://doi.org/{paper.doi}",
        "software": f"napari-zerodce {version('napari-zerodce')}",
        "channels": str(channels),
        "input": _RANGE,
        "window": _WINDOWS[made_for(info)],
        "use": _LOOKING,
        **(_of_curves(info, channels) if info.design is None else _of_translator(info)),
        **_of_card(info),
    }


def _of_curves(info: CheckpointInfo, channels: int) -> dict[str, str]:
    maps, has_factor = info.curve_traits.maps, info.curve_traits.has_scale_factor
    shared = "one map A for all iterations" if maps == 1 else f"the maps A_1 to A_{maps}"
    return {
        "iterations": str(ITERATIONS),
        "curve": "x + A x (1 - x), once for each iteration; A > 0 brightens, as in the paper",
        "curves": f"{shared}, values in [-1, 1]",
        **({"scale_factor": str(info.scale_factor)} if has_factor else {}),
        **({"mono": "the mean of the curves of three equal channels"} if channels == 1 else {}),
    }


def _of_translator(info: CheckpointInfo) -> dict[str, str]:
    assert info.design is not None
    return {
        "sides": info.design.sides,
        "normalisation": "each picture with its own statistics",
    }


def _of_card(info: CheckpointInfo) -> dict[str, str]:
    entry = entry_of(info.path, info.sha256)
    card = card_of(entry) if entry and entry.kind == "bundled" else None
    return {"purpose": card.purpose} if card else {}
