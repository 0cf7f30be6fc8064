"""What an exported model says about itself."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.registry import ImageKind
from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.export.papers import PAPERS
from napari_zerodce.export.subject import Subject

_RANGE: Final = "float32 in [0, 1]: (intensity - low) / (high - low); values outside are clipped"

_WINDOWS: Final[dict[ImageKind, str]] = {
    "photo": "low = 0 and high = the largest value of the type, such as 255 for 8 bits",
    "fluorescence": "low = level + spread and high = the percentile 99.9, where level is the most "
    "frequent intensity of the image (its background), and spread the standard deviation of the "
    "noise around it; napari-zerodce leaves the background below low as it is",
}

_UNKNOWN: Final = "as that of the pictures of the training, of which the file tells nothing"

_LOOKING: Final = "for looking at, not for measuring intensities"


def facts_of(subject: Subject) -> dict[str, str]:
    """Return the metadata of an exported model.

    Parameters
    ----------
    subject : Subject
    """
    info, card = subject.info, subject.card
    paper = PAPERS[info.architecture]
    return {
        "name": info.label,
        "network": info.title,
        "sha256": info.sha256,
        "licence": info.licence,
        "paper": f"{paper.citation}, https://doi.org/{paper.doi}",
        "software": f"napari-zerodce {version('napari-zerodce')}",
        "channels": str(subject.channels),
        "input": _RANGE,
        "window": _WINDOWS[subject.made_for] if subject.made_for else _UNKNOWN,
        "use": _LOOKING,
        **(_of_translator(info) if info.is_translator else _of_curves(info, subject.channels)),
        **({"purpose": card.purpose} if card else {}),
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
