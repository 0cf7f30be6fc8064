"""The reference: any other image layer, and none when that is deleted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_zerodce.gui.docks.compare.reference_chooser import ReferenceChooser


@pytest.fixture
def images(model: Any) -> list[Any]:
    return [model.add_image(np.zeros((4, 4)), name=name) for name in ("one", "two")]


@pytest.fixture
def chooser(model: Any, images: list[Any], qtbot: Any) -> Any:
    chooser = ReferenceChooser(model)
    qtbot.addWidget(chooser)
    yield chooser
    chooser.release()


def _entries(chooser: ReferenceChooser) -> list[str]:
    return [chooser.itemText(row) for row in range(chooser.count())]


def test_lists_other_images_and_begins_without_one(
    model: Any, chooser: ReferenceChooser, images: list[Any]
) -> None:
    model.add_points(np.zeros((1, 2)))
    assert chooser.layer is None
    chooser.leave_out(images[0])
    assert _entries(chooser) == ["No reference", "two"]
    images[1].name = "renamed"
    assert _entries(chooser) == ["No reference", "renamed"]


def test_choice_stays_until_the_layer_goes(
    model: Any, chooser: ReferenceChooser, images: list[Any], qtbot: Any
) -> None:
    with qtbot.waitSignal(chooser.changed):
        chooser.layer = images[1]
    with qtbot.assertNotEmitted(chooser.changed):
        model.add_image(np.zeros((4, 4)), name="three")
        model.layers.reverse()
    assert chooser.layer is images[1]
    with qtbot.waitSignal(chooser.changed):
        model.layers.remove(images[1])
    assert chooser.layer is None


def test_subject_is_no_reference_of_itself(
    chooser: ReferenceChooser, images: list[Any], qtbot: Any
) -> None:
    chooser.layer = images[1]
    with qtbot.waitSignal(chooser.changed):
        chooser.leave_out(images[1])
    assert chooser.layer is None
