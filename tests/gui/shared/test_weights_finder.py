"""Which weights suit the chosen layer: found in the background, once, and only if needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QObject

from napari_zerodce.engine.requests import EnhanceRequest, ignore
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.gui.shared.weights_finder import WeightsFinder
from napari_zerodce.stopping import never


def cells() -> np.ndarray:
    image = np.full((2, 40, 40), 100, np.uint16)
    image[:, :8] = 900
    return image


def grey() -> np.ndarray:
    return np.random.default_rng(0).normal(128, 20, (40, 40)).astype(np.uint8)


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def chooser(model: ViewerModel, qtbot: Any) -> LayerChooser:
    chooser = LayerChooser(model)
    qtbot.addWidget(chooser)
    return chooser


@pytest.fixture
def finder(session: Session, chooser: LayerChooser) -> Any:
    parent = QObject()
    finder = WeightsFinder(session, chooser, parent)
    yield finder
    finder.release()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The images for which weights were chosen in a job."""
    images: list[Any] = []
    chosen_for = work.chosen_for

    def counted(request: Any, *others: Any) -> Any:
        images.append(request.image)
        return chosen_for(request, *others)

    monkeypatch.setattr(work, "chosen_for", counted)
    return images


def _wait_for(qtbot: Any, finder: WeightsFinder, kind: str | None) -> None:
    qtbot.waitUntil(lambda: not Job._alive and getattr(finder.choice, "made_for", None) == kind)


def test_choice_follows_the_chosen_layer(
    model: ViewerModel, finder: WeightsFinder, chooser: LayerChooser, qtbot: Any
) -> None:
    assert finder.choice is None
    stack = model.add_image(cells(), name="cells")
    _wait_for(qtbot, finder, "fluorescence")
    assert finder.layer is stack
    assert "80 % of the image" in str(finder.choice)
    model.add_image(grey(), name="grey")
    assert finder.choice is None, "not that of the layer before"
    _wait_for(qtbot, finder, "photo")
    chooser.layer = stack
    _wait_for(qtbot, finder, "fluorescence")
    model.layers.clear()
    assert finder.choice is None


def test_colours_get_photo_weights(model: ViewerModel, finder: WeightsFinder, qtbot: Any) -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[0, 0, 0] = 1  # without any colour, it is judged as a mono image
    model.add_image(image, rgb=True)
    _wait_for(qtbot, finder, "photo")
    assert "in colour" in str(finder.choice)


def test_moving_around_reads_nothing_again(
    model: ViewerModel, finder: WeightsFinder, made: list[Any], qtbot: Any
) -> None:
    layer = model.add_image(cells())
    _wait_for(qtbot, finder, "fluorescence")
    model.dims.set_point(0, 1)
    layer.name = "another name"
    layer.contrast_limits = (0, 500)
    model.add_labels(np.zeros((40, 40), int))
    _wait_for(qtbot, finder, "fluorescence")
    assert len(made) == 1


def test_other_data_of_the_layer_are_read(
    model: ViewerModel, finder: WeightsFinder, qtbot: Any
) -> None:
    layer = model.add_image(cells()[0])
    _wait_for(qtbot, finder, "fluorescence")
    layer.data = grey()
    assert finder.choice is None
    _wait_for(qtbot, finder, "photo")
    layer.data[:] = np.where(np.arange(40) < 8, 200, 10)[:, None]
    layer.data = layer.data
    _wait_for(qtbot, finder, "fluorescence")


def test_layer_that_is_no_image_is_tried_once(
    model: ViewerModel, finder: WeightsFinder, made: list[Any], qtbot: Any
) -> None:
    model.add_image(np.zeros((9, 9), bool))
    _wait_for(qtbot, finder, None)
    finder.look()
    finder.look()
    _wait_for(qtbot, finder, None)
    assert len(made) == 1


def test_nothing_is_read_for_a_named_checkpoint(
    model: ViewerModel, session: Session, finder: WeightsFinder, made: list[Any], qtbot: Any
) -> None:
    session.change(checkpoint="zero-dce")
    model.add_image(cells())
    assert not made
    session.change(checkpoint="auto")
    _wait_for(qtbot, finder, "fluorescence")
    session.change(checkpoint="zero-dce-pp")
    assert finder.choice is None
    assert len(made) == 1


def test_run_has_the_disk_for_itself(
    model: ViewerModel, session: Session, finder: WeightsFinder, made: list[Any], qtbot: Any
) -> None:
    job = Job("a run", lambda _report, _should_stop: None)
    session.occupy(job)
    model.add_image(cells())
    assert not made
    job.finished.emit()
    _wait_for(qtbot, finder, "fluorescence")


def test_each_change_is_told_once(model: ViewerModel, finder: WeightsFinder, qtbot: Any) -> None:
    told: list[Any] = []
    finder.changed.connect(lambda: told.append(finder.choice))
    model.add_image(cells())
    _wait_for(qtbot, finder, "fluorescence")
    model.layers.clear()
    assert [getattr(choice, "made_for", None) for choice in told] == ["fluorescence", None]


def test_released_finder_follows_no_longer(
    model: ViewerModel,
    session: Session,
    chooser: LayerChooser,
    count_listeners: Callable[..., dict[str, int]],
    qtbot: Any,
) -> None:
    model.add_image(cells())
    before = count_listeners(model, session)
    parent = QObject()
    finder = WeightsFinder(session, chooser, parent)
    finder.release()  # while it is finding
    _wait_for(qtbot, finder, None)
    assert count_listeners(model, session) == before


def test_choice_is_that_of_the_engine(
    model: ViewerModel, finder: WeightsFinder, qtbot: Any
) -> None:
    layer = model.add_image(cells())
    _wait_for(qtbot, finder, "fluorescence")
    made = work.enhancing(EnhanceRequest(layer.data, "mono"), [layer.data.shape])(ignore, never)
    assert made.result.automatic == finder.choice
