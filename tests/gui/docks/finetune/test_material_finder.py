"""What the chosen images are: found once for each choice, and never beside a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.gui.docks.finetune.dark_images import DARK_IMAGES
from napari_zerodce.gui.docks.finetune.material_finder import MaterialFinder
from napari_zerodce.gui.docks.finetune.proposal import Material
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.training.image_chooser import ImageChooser


class Desk:
    """A finder, the images that it looks at, and what it has found."""

    def __init__(self, model: ViewerModel) -> None:
        self.model, self.session, self.pictures = model, Session(), ImageChooser(model, DARK_IMAGES)
        self.finder = MaterialFinder(self.session, self.pictures, self.pictures)
        self.found: list[Material] = []
        self.finder.found.connect(self.found.append)

    def add(self, *shape: int) -> Any:
        return self.model.add_image(np.ones(shape, np.uint8), rgb=len(shape) == 3)


@pytest.fixture
def desk(model: ViewerModel, qtbot: Any) -> Iterator[Desk]:
    desk = Desk(model)
    qtbot.addWidget(desk.pictures)
    yield desk
    desk.pictures.release()


def wait(qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not Job._alive)


def test_the_last_choice_counts_when_it_changes_quickly(desk: Desk, qtbot: Any) -> None:
    first = desk.add(40, 40, 3)
    second = desk.add(40, 40)
    desk.pictures.tick(second)
    desk.pictures.tick(first, on=False)
    wait(qtbot)
    assert (desk.found[-1].images, desk.found[-1].is_colour) == (1, False)


def test_the_same_images_are_looked_at_once(desk: Desk, qtbot: Any) -> None:
    desk.add(40, 40, 3)
    wait(qtbot)
    seen = len(desk.found)
    desk.pictures.changed.emit()
    desk.finder.look()
    wait(qtbot)
    assert len(desk.found) == seen == 1


def test_a_run_has_the_disk_for_itself(desk: Desk, qtbot: Any) -> None:
    wait(qtbot)
    desk.session.job = Job("a run", lambda *_: None)
    desk.add(40, 40, 3)
    wait(qtbot)
    assert desk.found == []
    desk.session.job = None
    wait(qtbot)
    assert [material.images for material in desk.found] == [1]


def test_nothing_is_found_after_the_release(desk: Desk, qtbot: Any) -> None:
    desk.add(40, 40, 3)
    desk.finder.release()
    wait(qtbot)
    assert desk.found == []
    assert len(desk.session.events.job) == 0
