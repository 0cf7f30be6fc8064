"""The inspector without a window: the curve of a place, pins, regions, the table, the mouse."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtWidgets import QApplication

from napari_zerodce.engine.look import Look
from napari_zerodce.engine.pixel_curve import pixel_curve, region_curve
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.engine.view import View, estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.gui.docks.curve_maps import inspector as inspector_module
from napari_zerodce.gui.docks.curve_maps.inspector import Inspector
from napari_zerodce.gui.layers.on_screen import OnScreen, on_screen
from napari_zerodce.gui.layers.source import read_source
from napari_zerodce.gui.session.session import Session
from napari_zerodce.imaging.windows import WindowChoice

WHOLE = Viewport(slice(0, 8), slice(0, 9))
HINT = "Move the mouse over the image; click to pin a curve."


def _view(image: np.ndarray, channels: Any, part: Viewport = WHOLE, **settings: Any) -> View:
    given = EnhanceSettings(checkpoint="zero-dce-pp", device="cpu", **settings)
    return estimate_view(EnhanceRequest(image, channels, given), part)


PHOTO = (np.arange(8 * 9 * 3) % 60).reshape(8, 9, 3).astype(np.uint8)


@pytest.fixture(scope="module")
def view() -> View:
    return _view(PHOTO, "rgb")


@pytest.fixture
def photo(model: ViewerModel) -> Image:
    return model.add_image(PHOTO, rgb=True, name="photo", scale=(0.5, 0.5))


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def inspector(
    model: ViewerModel, session: Session, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> Inspector:
    monkeypatch.setattr(inspector_module, "_PAUSE_MS", 0)
    inspector = Inspector(model, session)
    qtbot.addWidget(inspector)
    return inspector


def _screen(model: ViewerModel, layer: Image) -> OnScreen:
    return on_screen(model, read_source(layer))


@pytest.fixture
def looking(inspector: Inspector, model: ViewerModel, photo: Image, view: View) -> Inspector:
    """The inspector, switched on, with the view of the photo."""
    inspector.box.setChecked(True)
    inspector.show_view(_screen(model, photo), view)
    return inspector


def _event(row: float, column: float, kind: str = "mouse_move", button: int = 1) -> Any:
    """At a pixel of the photo, whose pixels are half a unit wide."""
    return SimpleNamespace(position=(row / 2, column / 2), type=kind, button=button)


# ---- one pixel


def test_curve_of_a_place_is_that_of_its_pixel(looking: Inspector, view: View) -> None:
    looking.look_at((3, 7))
    expected = pixel_curve(view, 3, 7, Look())
    assert looking.current is not None
    np.testing.assert_array_equal(looking.current.outputs, expected.outputs)
    np.testing.assert_array_equal(looking.plot._lines[2].getData()[1], expected.outputs[2])
    red, *_ = PHOTO[3, 7]
    heading, first, second, third = looking.text.text().split("\n")
    assert heading == "row 3 column 7"
    assert first == (
        f"red {red} → {expected.results[0] * 255:.4g}, noise x{expected.slopes[0]:.2f}"
    )
    assert second.startswith("green ")
    assert third.startswith("blue ")


def test_look_of_the_session_is_that_of_the_curve(
    looking: Inspector, session: Session, view: View
) -> None:
    looking.look_at((3, 7))
    session.change(look=Look(strength=0))
    assert looking.current is not None
    np.testing.assert_allclose(looking.current.outputs[0], looking.current.inputs, atol=1e-6)
    assert looking.text.text().startswith("row 3 column 7 (strength 0, no detail limit)\n")
    text = looking.text.text()
    session.change(device="cpu")
    assert looking.text.text() == text


def test_pixels_outside_the_window_are_said_to_be_unchanged(
    inspector: Inspector, model: ViewerModel
) -> None:
    image = np.full((8, 9), 100.0, np.float32)
    image[5, 6], image[7, 8], image[0, 0] = 9000, np.nan, -np.inf
    layer = model.add_image(image, name="hot", contrast_limits=(0, 200))
    view = _view(image, "mono", window=WindowChoice("range", 0, 200))
    inspector.box.setChecked(True)
    inspector.show_view(_screen(model, layer), view)
    said = {}
    for place in ((5, 6), (7, 8), (0, 0), (2, 2)):
        inspector.look_at(place)
        said[place] = inspector.text.text().split("\n")[1]
    assert said[5, 6] == "grey 9000 is outside the window: unchanged"
    assert said[7, 8] == "grey nan is outside the window: unchanged"
    assert said[0, 0] == "grey -inf is outside the window: unchanged"
    assert said[2, 2].startswith("grey 100 → ")


def test_places_are_named_in_pixels_of_the_image_and_with_their_plane(
    inspector: Inspector, model: ViewerModel, stack: Image
) -> None:
    model.dims.set_point(0, 2)
    part = Viewport(slice(2, 8), slice(4, 8), 2)
    screen = replace(_screen(model, stack), viewport=part)
    inspector.box.setChecked(True)
    inspector.show_view(screen, _view(stack.data[2], "mono", part))
    inspector.look_at((1, 1))
    assert inspector.text.text().startswith("plane 2 row 4 column 6\n")


def test_place_beyond_a_smaller_view_draws_nothing(looking: Inspector, view: View) -> None:
    looking.look_at((7, 8))
    before = looking.current
    looking.look_at((8, 8))
    looking.look_at((7, 9))
    assert looking.current is before


def test_nothing_is_shown_with_the_reason(looking: Inspector) -> None:
    looking.look_at((3, 7))
    looking.show_nothing("Estimating…")
    assert looking.text.text() == "Estimating…"
    assert looking.current is None
    assert not any(line.isVisible() for line in looking.plot._lines)
    looking.look_at((3, 7))
    assert looking.current is None


def test_inspector_that_is_off_makes_no_plot(
    inspector: Inspector, model: ViewerModel, photo: Image, view: View
) -> None:
    inspector.show_nothing("no image")
    inspector.show_view(_screen(model, photo), view)
    inspector.look_at((3, 7))
    inspector.pin()
    assert inspector.plot is None
    assert inspector.pins == []


def test_switching_on_is_told_and_the_plot_is_made_once(inspector: Inspector) -> None:
    told: list[bool] = []
    inspector.switched.connect(told.append)
    inspector.box.setChecked(True)
    plot = inspector.plot
    inspector.box.setChecked(False)
    inspector.box.setChecked(True)
    assert told == [True, False, True]
    assert inspector.plot is plot
    assert inspector.text.text() == HINT


# ---- pins and the table


def _pin(inspector: Inspector, *places: tuple[int, int]) -> None:
    for place in places:
        inspector.look_at(place)
        inspector.pin()


def test_last_four_pins_are_kept_each_place_once(looking: Inspector) -> None:
    _pin(looking, (0, 0), (0, 1), (0, 1), (0, 2), (0, 3))
    assert [name for name, _ in looking.pins] == [f"row 0 column {c}" for c in range(4)]
    _pin(looking, (0, 4))
    assert [name for name, _ in looking.pins] == [f"row 0 column {c}" for c in range(1, 5)]
    looking.clear_button.click()
    assert looking.pins == []
    assert looking.plot._pins == []


def test_pins_stay_for_other_planes_and_go_with_another_image(
    looking: Inspector, model: ViewerModel, photo: Image, view: View
) -> None:
    _pin(looking, (0, 0))
    looking.show_view(_screen(model, photo), view)
    assert len(looking.pins) == 1
    other = model.add_image(PHOTO.copy(), rgb=True)
    looking.show_view(_screen(model, other), view)
    assert looking.pins == []


def test_table_has_pins_and_the_current_curve_once(looking: Inspector) -> None:
    QApplication.clipboard().setText("before")
    looking.copy_button.click()
    assert looking.text.text() == f"There is no curve to copy yet. {HINT}"
    assert QApplication.clipboard().text() == "before"
    _pin(looking, (0, 0))
    looking.copy_button.click()
    assert looking.text.text() == "Copied 1 curve as CSV."
    _pin(looking, (0, 1))
    looking.look_at((5, 5))
    looking.copy_button.click()
    assert looking.text.text() == "Copied 3 curves as CSV."
    rows = list(csv.DictReader(io.StringIO(QApplication.clipboard().text())))
    own = [row for row in rows if row["kind"] == "own value" and row["channel"] == "green"]
    assert [row["pixel"] for row in own] == [
        "row 0 column 0",
        "row 0 column 1",
        "row 5 column 5",
    ]
    assert float(own[1]["input"]) == pytest.approx(PHOTO[0, 1, 1] / 255, abs=1e-6)
    looking.look_at((0, 0))
    looking.copy_button.click()
    assert looking.text.text() == "Copied 2 curves as CSV."


# ---- the mouse


def test_mouse_shows_the_pixel_under_it(looking: Inspector) -> None:
    looking._on_mouse_moved(None, _event(3.2, 6.8))
    assert looking._place == (3, 7)
    before = looking.current
    looking._on_mouse_moved(None, _event(3.4, 7.4))
    assert looking.current is before, "the same pixel is not drawn again"
    looking._on_mouse_moved(None, _event(-5, 7))
    assert looking._place == (3, 7), "beside the image the last one stays"


def _press(inspector: Inspector, *, drags: bool = False, button: int = 1) -> None:
    event = _event(3, 7, "mouse_press", button)
    steps = inspector._on_mouse_pressed(None, event)
    next(steps)
    if drags:
        event.type = "mouse_move"
        next(steps)
    event.type = "mouse_release"
    assert next(steps, "over") == "over"


def test_click_pins_and_a_drag_or_another_button_does_not(looking: Inspector) -> None:
    _press(looking, drags=True)
    _press(looking, button=2)
    assert looking.pins == []
    _press(looking)
    assert [name for name, _ in looking.pins] == ["row 3 column 7"]


def test_mouse_means_nothing_before_there_is_a_view(inspector: Inspector) -> None:
    inspector.box.setChecked(True)
    inspector._on_mouse_moved(None, _event(3, 7))
    _press(inspector)
    assert inspector._place is None
    assert inspector.pins == []


# ---- regions


def _choose(inspector: Inspector, layer: Any) -> None:
    inspector.region.setCurrentIndex(inspector.region.findData(layer))


def _names(inspector: Inspector) -> list[str]:
    return [inspector.region.itemText(row) for row in range(inspector.region.count())]


def test_regions_are_the_viewers_shapes_and_labels(
    looking: Inspector, model: ViewerModel, photo: Image
) -> None:
    assert _names(looking) == ["No region"]
    labels = model.add_labels(np.zeros((8, 9), int), name="cells")
    shapes = model.add_shapes(name="shapes")
    assert _names(looking) == ["No region", "cells", "shapes"]
    _choose(looking, shapes)
    model.layers.remove(labels)
    assert looking.region.currentData() is shapes
    model.layers.remove(shapes)
    assert looking.region.currentData() is None
    assert looking.region_text.text() == ""


def test_mean_curve_of_a_region_is_drawn_and_counted(
    looking: Inspector, model: ViewerModel, view: View
) -> None:
    data = np.zeros((8, 9), int)
    data[:2, :3] = 1
    labels = model.add_labels(data, name="cells", scale=(0.5, 0.5))
    _choose(looking, labels)
    assert looking.region_text.text() == "Dotted: the mean curve of 6 pixels of 'cells'."
    expected = region_curve(view, data > 0, Look())
    assert expected is not None
    np.testing.assert_array_equal(looking.plot._region[1].getData()[1], expected.mean[0])
    empty = model.add_labels(np.zeros((8, 9), int), name="empty")
    _choose(looking, empty)
    assert looking.region_text.text() == "'empty' marks no pixel of the part on screen."
    assert looking.plot._region == []


def test_region_is_drawn_again_when_it_or_the_look_changes(
    looking: Inspector, model: ViewerModel, session: Session, qtbot: Any
) -> None:
    labels = model.add_labels(np.zeros((8, 9), int), name="cells", scale=(0.5, 0.5))
    _choose(looking, labels)
    labels.brush_size = 1
    with qtbot.waitSignal(looking._region_timer.timeout):
        labels.paint((3, 4), 1)
    assert "the mean curve of 1 pixel of" in looking.region_text.text()
    mean = looking.plot._region[1].getData()[1].copy()
    with qtbot.waitSignal(looking._region_timer.timeout):
        session.change(look=Look(strength=0))
    assert not np.array_equal(looking.plot._region[1].getData()[1], mean)
    _choose(looking, None)
    labels.paint((5, 5), 1)
    assert not looking._region_timer.isActive(), "a region that is not chosen is not watched"


def test_region_of_another_plane_marks_nothing(
    inspector: Inspector, model: ViewerModel, stack: Image
) -> None:
    square = [[1, 1, 1], [1, 1, 5], [1, 5, 5], [1, 5, 1]]
    shapes = model.add_shapes([square], shape_type="polygon", name="square")
    inspector.box.setChecked(True)
    _choose(inspector, shapes)
    part = Viewport(slice(0, 8), slice(0, 8))
    said = []
    for plane in (1, 2):
        model.dims.set_point(0, plane)
        inspector.show_view(_screen(model, stack), _view(stack.data[plane], "mono", part))
        said.append(inspector.region_text.text())
    assert "pixels of 'square'" in said[0]
    assert said[1] == "'square' marks no pixel of the part on screen."


def test_release_leaves_no_listener(
    model: ViewerModel,
    session: Session,
    photo: Image,
    view: View,
    qtbot: Any,
    count_listeners: Callable[..., dict[str, int]],
) -> None:
    labels = model.add_labels(np.zeros((8, 9), int), name="cells")
    before = count_listeners(model, session)
    inspector = Inspector(model, session)
    qtbot.addWidget(inspector)
    inspector.box.setChecked(True)
    inspector.show_view(_screen(model, photo), view)
    _choose(inspector, labels)
    assert count_listeners(model, session) != before
    inspector.release()
    assert count_listeners(model, session) == before
