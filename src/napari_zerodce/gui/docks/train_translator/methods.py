"""What each method of training needs and is for, and which images it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from napari_zerodce.gui.shared.training.image_chooser import AskedImages
from napari_zerodce.training.translation.config import TrainingMethod

DEFAULT_METHOD: Final[TrainingMethod] = "cut"

PURPOSES: Final[Mapping[TrainingMethod, str]] = {
    "pix2pix": "Needs pairs of the same scene, pixel by pixel: images of the same name, or else in "
    "the same order. For what has one right answer, such as two stains of one section.",
    "cyclegan": "Needs two sets without pairs. It learns both directions, and is the slowest.",
    "cut": "Needs two sets without pairs. It keeps what is at each place: try it first.",
    "fastcut": "Needs two sets without pairs. As CUT, in about half the time, but less exact.",
}

SOURCES: Final = AskedImages(
    title="Sources, to be translated:",
    label="Sources",
    tip="Tick one or more; crops come from all planes of a stack.",
    in_regions=False,
)

TARGETS: Final = AskedImages(
    title="Targets, the look of results:",
    label="Targets",
    tip="Tick one or more, of the same scenes as the sources for pix2pix, of any for the others.",
    is_guessed=False,
    in_regions=False,
)
