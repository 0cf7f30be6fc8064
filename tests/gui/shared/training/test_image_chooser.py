"""Which images a training gets: ticks follow the viewer, a folder, a layer of shapes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from napari_zerodce.gui.docks.finetune.dark_images import DARK_IMAGES
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.gui.shared.training.image_chooser import ImageChooser


@pytest.fixture
def chooser(model: ViewerModel, qtbot: Any) -> ImageChooser:
    chooser = ImageChooser(model, DARK_IMAGES)
    qtbot.addWidget(chooser)
    return chooser


def _image(model: ViewerModel, name: str, **options: Any) -> Image:
    layer: Image = model.add_image(np.zeros((8, 8), np.uint8), name=name, **options)
    return layer


def _names(chooser: ImageChooser) -> list[str]:
    return [chooser.list.item(row).text() for row in range(chooser.list.count())]


def _count_changes(chooser: ImageChooser) -> list[bool]:
    told: list[bool] = []
    chooser.changed.connect(lambda: told.append(True))
    return told


def test_first_image_is_ticked_and_later_ones_are_not(
    model: ViewerModel, chooser: ImageChooser
) -> None:
    assert chooser.layers() == []
    first = _image(model, "first")
    assert chooser.layers() == [first]
    _image(model, "second")
    assert chooser.layers() == [first]
    assert _names(chooser) == ["second", "first"], "the topmost is first"


def test_active_image_is_ticked_when_the_dock_opens(model: ViewerModel, qtbot: Any) -> None:
    first, second = _image(model, "first"), _image(model, "second")
    model.layers.selection.active = first
    chooser = ImageChooser(model, DARK_IMAGES)
    qtbot.addWidget(chooser)
    assert first in chooser.layers()
    assert chooser.layers() == [second, first], "the topmost is the one that comes first"


def test_ticks_are_told_and_stay_whatever_the_viewer_does(
    model: ViewerModel, chooser: ImageChooser
) -> None:
    first, second, third = (_image(model, name) for name in ("first", "second", "third"))
    told = _count_changes(chooser)
    chooser.tick(third)
    assert told
    first.name = "renamed"
    model.layers.move(0, 3)
    assert _names(chooser) == ["renamed", "third", "second"]
    assert chooser.layers() == [first, third]
    model.layers.remove(second)
    chooser.tick(first, on=False)
    assert chooser.layers() == [third]
    chooser.tick(Image(np.zeros((8, 8))))  # of no viewer
    assert chooser.layers() == [third]


def test_next_image_is_ticked_when_all_others_have_gone(
    model: ViewerModel, chooser: ImageChooser
) -> None:
    first, second = _image(model, "first"), _image(model, "second")
    model.layers.remove(first)
    assert chooser.layers() == [], "the second was left out by the user"
    third = _image(model, "third")
    assert chooser.layers() == [third]
    assert second not in chooser.layers()


def test_results_are_listed_and_never_ticked_by_themselves(
    model: ViewerModel, chooser: ImageChooser
) -> None:
    photo = read_source(_image(model, "photo"))
    model.layers.clear()
    for role in ("live", "maps", "result"):
        _image(model, role, metadata=photo.provenance(role).as_metadata())  # type: ignore[arg-type]
    assert _names(chooser) == ["result"]
    assert chooser.layers() == []


def test_tick_by_the_mouse_is_told(model: ViewerModel, chooser: ImageChooser) -> None:
    layer = _image(model, "first")
    told = _count_changes(chooser)
    chooser.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert told == [True]
    assert chooser.layers() == []
    assert layer in model.layers


# ---- the folder


def test_folder_is_shown_until_it_is_taken_away(chooser: ImageChooser, tmp_path: Path) -> None:
    told = _count_changes(chooser)
    assert chooser.folder is None
    assert chooser.folder_line.isHidden()
    chooser.choose_folder(tmp_path)
    assert chooser.folder_line.text() == f"and the images in {tmp_path}"
    assert not chooser.no_folder_button.isHidden()
    chooser.no_folder_button.click()
    assert chooser.folder is None
    assert chooser.no_folder_button.isHidden()
    assert len(told) == 2


@pytest.mark.parametrize("chosen", [True, False])
def test_folder_comes_from_a_dialog_that_may_be_cancelled(
    chooser: ImageChooser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: bool
) -> None:
    answer = str(tmp_path / "new") if chosen else ""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: answer)
    chooser.choose_folder(tmp_path)
    chooser.folder_button.click()
    assert chooser.folder == (tmp_path / "new" if chosen else tmp_path)


# ---- regions


def _regions(chooser: ImageChooser) -> list[str]:
    return [chooser.regions.itemText(row) for row in range(chooser.regions.count())]


def test_shapes_layer_can_be_chosen_and_stays_so_until_it_goes(
    model: ViewerModel, chooser: ImageChooser
) -> None:
    assert _regions(chooser) == ["Whole images"]
    assert chooser.region() is None
    first, second = model.add_shapes(name="first"), model.add_shapes(name="second")
    model.add_labels(np.zeros((8, 8), int))
    assert _regions(chooser) == ["Whole images", "In 'first'", "In 'second'"]
    chooser.regions.setCurrentIndex(2)
    assert chooser.region() is second
    model.layers.remove(first)
    second.name = "renamed"
    assert _regions(chooser) == ["Whole images", "In 'renamed'"]
    assert chooser.region() is second
    model.layers.remove(second)
    assert chooser.region() is None


def test_release_leaves_no_listener(
    model: ViewerModel, qtbot: Any, count_listeners: Callable[..., dict[str, int]]
) -> None:
    _image(model, "first")
    model.add_shapes(name="shapes")
    before = count_listeners(model)
    chooser = ImageChooser(model, DARK_IMAGES)
    qtbot.addWidget(chooser)
    assert count_listeners(model) != before
    chooser.release()
    assert count_listeners(model) == before
    model.layers.clear()
    assert _names(chooser) == ["first"]


def test_the_images_of_a_run_are_ticked_if_they_are_there(
    model: ViewerModel, chooser: ImageChooser
) -> None:
    first, second, third = (_image(model, name) for name in ("first", "second", "third"))
    chooser.tick_only(["third", "second", "gone"])
    assert chooser.layers() == [third, second]
    chooser.tick_only(["gone"])
    assert chooser.layers() == [third, second]
    chooser.tick_only(["first"])
    assert chooser.layers() == [first]
