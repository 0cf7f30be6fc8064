"""What images suggest: for cells, for few photos, and for many."""

from __future__ import annotations

import pytest

from napari_zerodce.engine.automatic import AutomaticChoice
from napari_zerodce.gui.docks.finetune.proposal import Material, Proposal, propose

CELLS = AutomaticChoice("fluorescence", "82 % of the image is background")
PHOTO = AutomaticChoice("photo", "the image is in colour")
FEW = Proposal(
    "zero-dce",
    "few-photos",
    "few photos",
    "the average colour of less than 20 photos need not be grey",
)


@pytest.mark.parametrize(
    ("material", "proposal"),
    [
        (Material(), Proposal("zero-dce", "photo")),
        (
            Material((CELLS,), 1),
            Proposal("zero-dce-fluo", "fluorescence", "fluorescence", CELLS.reason),
        ),
        (
            Material((CELLS, CELLS, CELLS), 3),
            Proposal(
                "zero-dce-fluo",
                "fluorescence",
                "fluorescence",
                "the 3 images have a dark background",
            ),
        ),
        (Material((CELLS, PHOTO), 2), Proposal("zero-dce", "photo")),
        (Material((PHOTO,), 1, is_colour=True), FEW),
        (Material((PHOTO,), 19, is_colour=True), FEW),
        (Material((PHOTO,), 20, is_colour=True), Proposal("zero-dce", "photo")),
        (Material((PHOTO,), 1), Proposal("zero-dce", "photo")),
    ],
)
def test_images_suggest_settings(material: Material, proposal: Proposal) -> None:
    assert propose(material) == proposal
