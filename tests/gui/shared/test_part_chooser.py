"""The chooser offers what the chosen layers have, and says when a choice is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtWidgets import QStyle, QStyleOptionComboBox

from napari_zerodce.gui.layers.scope import ALL, PartChoice
from napari_zerodce.gui.shared import part_chooser
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.shared.part_chooser import PartChooser

BOX = [[0, 0], [0, 3], [3, 3], [3, 0]]


class Parts:
    """A chooser of parts, that of its layers, and how often it has told a change."""

    def __init__(self, model: ViewerModel, qtbot: Any) -> None:
        self.model = model
        self.layers = LayerChooser(model, several=True)
        self.chooser = PartChooser(model, self.layers)
        for widget in (self.layers, self.chooser):
            qtbot.addWidget(widget)
        self.told: list[PartChoice] = []
        self.chooser.changed.connect(lambda: self.told.append(self.chooser.choice))

    def offered(self) -> list[list[str]]:
        combos = (self.chooser.planes, self.chooser.area)
        return [[combo.itemText(row) for row in range(combo.count())] for combo in combos]


@pytest.fixture
def parts(model: ViewerModel, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Parts:
    monkeypatch.setattr(part_chooser, "_PATIENCE_MS", 0)
    return Parts(model, qtbot)


@pytest.fixture
def photo(model: ViewerModel, parts: Parts) -> Image:
    return model.add_image(np.zeros((8, 8)), name="photo")


def test_empty_viewer_and_photo_offer_no_planes(parts: Parts, model: ViewerModel) -> None:
    assert parts.chooser.choice == ALL
    assert parts.chooser.planes.isHidden()
    model.add_image(np.zeros((8, 8)))
    assert parts.chooser.planes.isHidden()
    assert parts.offered() == [[], ["Whole image", "Visible part"]]


def test_stack_offers_planes_and_a_field_for_its_range(parts: Parts, stack: Image) -> None:
    assert not parts.chooser.planes.isHidden()
    assert parts.offered()[0] == ["All 3 planes", "This plane", "Range…"]
    parts.chooser.planes.setCurrentIndex(2)
    (field,) = parts.chooser.ranges
    assert parts.told == [PartChoice("range", "whole", ((0, 2),))]
    field.ends = (1, 1)
    assert parts.told[-1] == PartChoice("range", "whole", ((1, 1),))
    parts.chooser.planes.setCurrentIndex(0)
    assert parts.chooser.ranges == []
    assert parts.chooser.choice == ALL


@pytest.mark.parametrize("count", [100, 60_000])
def test_number_of_planes_is_readable_in_a_narrow_dock(
    parts: Parts, model: ViewerModel, qtbot: Any, count: int
) -> None:
    model.add_image(np.broadcast_to(np.uint8(0), (count, 2, 2)), contrast_limits=(0, 255))
    model.add_shapes([BOX], name="a region with a very long name that does not fit")
    chooser = parts.chooser
    chooser.resize(280, chooser.sizeHint().height())
    chooser.show()
    qtbot.waitExposed(chooser)
    assert chooser.width() == 280
    box = chooser.planes
    text = box.fontMetrics().horizontalAdvance(f"All {count} planes")
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    field = box.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, box
    )
    assert field.width() >= text


def test_range_has_a_field_for_each_axis_by_its_name(parts: Parts, model: ViewerModel) -> None:
    model.add_image(np.zeros((6, 1, 4, 8, 8)), axis_labels=("t", "c", "z", "y", "x"))
    choice = PartChoice("range", "screen", ((1, 2), (3, 3)))
    parts.chooser.choice = choice
    assert [field.ends for field in parts.chooser.ranges] == [(1, 2), (3, 3)]
    assert parts.chooser.choice == choice
    assert parts.told == [choice]


def test_choice_that_another_layer_lacks_becomes_all_and_is_said(
    parts: Parts, model: ViewerModel, stack: Image, photo: Image
) -> None:
    model.layers.selection.active = stack
    parts.chooser.planes.setCurrentIndex(1)
    parts.chooser.area.setCurrentIndex(1)
    assert parts.chooser.note == ""
    model.layers.selection.active = photo
    assert parts.chooser.choice == PartChoice("all", "screen")
    assert parts.chooser.note == "'This plane' is not available here; all planes are enhanced."
    model.layers.selection.active = stack
    assert parts.chooser.choice.planes == "all", "what was lost does not come back by itself"
    assert parts.chooser.note == ""


def test_same_axes_keep_the_range(parts: Parts, model: ViewerModel, stack: Image) -> None:
    choice = PartChoice("range", "whole", ((1, 2),))
    parts.chooser.choice = choice
    model.add_image(np.zeros((3, 9, 9)))
    assert parts.chooser.choice == choice
    model.add_image(np.zeros((2, 9, 9)))
    assert parts.chooser.choice == ALL


def test_shapes_layers_come_go_and_are_renamed(
    parts: Parts, model: ViewerModel, photo: Image
) -> None:
    shapes = model.add_shapes([BOX], name="cells")
    assert parts.offered()[1][2:] == ["Region: cells"]
    parts.chooser.area.setCurrentIndex(2)
    shapes.name = "nuclei"
    assert parts.chooser.area.currentText() == "Region: nuclei"
    assert parts.chooser.choice.area is shapes
    model.layers.remove(shapes)
    assert parts.chooser.choice == ALL
    assert parts.chooser.note.startswith("'Region: nuclei' is not available here; the whole image")


def test_moved_shape_is_told_if_it_is_the_region(
    parts: Parts, model: ViewerModel, photo: Image, qtbot: Any
) -> None:
    shapes = model.add_shapes([BOX], name="cells")
    parts.chooser.area.setCurrentIndex(2)
    with qtbot.waitSignal(parts.chooser.changed):
        shapes.data = [np.array(BOX) + 2]
    parts.chooser.area.setCurrentIndex(0)
    parts.told.clear()
    shapes.data = [BOX]
    assert not parts.chooser._later.isActive()


def test_slider_and_camera_are_told_if_the_screen_decides(
    parts: Parts, model: ViewerModel, stack: Image, qtbot: Any
) -> None:
    model.dims.set_point(0, 2)
    assert not parts.chooser._later.isActive()
    parts.chooser.planes.setCurrentIndex(1)
    with qtbot.waitSignal(parts.chooser.changed):
        model.dims.set_point(0, 1)
    parts.chooser.choice = PartChoice("all", "screen")
    with qtbot.waitSignal(parts.chooser.changed):
        model.scene.camera.zoom = 3


def test_several_layers_offer_what_all_have(
    parts: Parts, model: ViewerModel, stack: Image, photo: Image
) -> None:
    model.layers.selection = {stack, photo}
    assert parts.offered()[0] == ["All planes", "This plane"]


def test_every_control_has_a_tooltip(parts: Parts, stack: Image) -> None:
    parts.chooser.planes.setCurrentIndex(2)
    (field,) = parts.chooser.ranges
    for control in (parts.chooser.planes, parts.chooser.area, field.first, field.last):
        assert control.toolTip()


def test_release_leaves_no_listener(
    model: ViewerModel, qtbot: Any, stack: Image, count_listeners: Callable[..., dict[str, int]]
) -> None:
    shapes = model.add_shapes([BOX], name="cells")
    layers = LayerChooser(model)
    qtbot.addWidget(layers)
    before = count_listeners(model)
    chooser = PartChooser(model, layers)
    qtbot.addWidget(chooser)
    model.layers.selection.active = stack
    chooser.choice = PartChoice("screen", shapes)
    assert count_listeners(model) != before
    chooser.release()
    assert count_listeners(model) == before
    layers.release()
