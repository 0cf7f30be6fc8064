"""Before and after in one picture: each pixel by hand, and the mouse with events made up."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QObject

from napari_zerodce.engine.viewport import LARGEST_VIEW
from napari_zerodce.gui.docks.adjust.swipe import Swipe, compose
from napari_zerodce.gui.layers.on_screen import OnScreen, on_screen
from napari_zerodce.gui.layers.source import read_source

# ---- the picture


def _pair(shape: tuple[int, ...], dtype: Any = np.uint8) -> tuple[np.ndarray, np.ndarray]:
    return np.full(shape, 10, dtype), np.full(shape, 20, dtype)


def _composed(column: int, width: int = 0, shape: tuple[int, ...] = (4, 6)) -> np.ndarray:
    return compose(*_pair(shape), column, width=width, ends=(0, 255))


@pytest.mark.parametrize(
    ("column", "row"),
    [
        (2, [10, 10, 20, 20, 20, 20]),
        (0, [20] * 6),
        (6, [10] * 6),
        (99, [10] * 6),
        (-2, [20] * 6),
    ],
)
def test_left_of_the_line_is_before_and_right_of_it_after(column: int, row: list[int]) -> None:
    np.testing.assert_array_equal(_composed(column), [row] * 4)


def test_pictures_themselves_stay_as_they_are() -> None:
    before, after = _pair((4, 6))
    compose(before, after, 3, width=1, ends=(0, 255))
    assert (before == 10).all()
    assert (after == 20).all()


def test_line_of_one_pixel_is_white_with_black_beside_it() -> None:
    picture = _composed(10, 1, (50, 20))
    # The white pixel is the first column of the result.
    np.testing.assert_array_equal(picture[0], [10] * 9 + [0, 255] + [20] * 9)
    # The grip reaches 8 % of 50 rows up and down, and three pixels to both sides.
    np.testing.assert_array_equal(picture[20], picture[0])
    np.testing.assert_array_equal(picture[21], [10] * 7 + [0] * 6 + [20] * 7)
    np.testing.assert_array_equal(picture[22], [10] * 7 + [0] + [255] * 4 + [0] + [20] * 7)
    np.testing.assert_array_equal(picture[28], picture[21])
    np.testing.assert_array_equal(picture[29], picture[0])


def test_thick_line_is_as_wide_as_it_is_said_on_both_sides() -> None:
    row = _composed(10, 3, (50, 20))[0]
    np.testing.assert_array_equal(row, [10] * 7 + [0] * 2 + [255] * 3 + [0] + [20] * 7)


@pytest.mark.parametrize("column", [-5, -1, 0, 1, 19, 20, 40])
@pytest.mark.parametrize("width", [1, 2, 7])
def test_line_at_and_beyond_the_ends_paints_near_them_alone(column: int, width: int) -> None:
    picture = _composed(column, width, (50, 20))
    rows, columns = np.nonzero((picture != 10) & (picture != 20))
    held = min(max(column, 0), 20)
    assert (rows.size > 0) == (column - 3 * width < 20), "the grip is widest"
    assert (np.abs(columns - held) <= 3 * width).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (1, 1, 3)])
def test_smallest_pictures_have_a_line(shape: tuple[int, ...]) -> None:
    picture = compose(*_pair(shape), 0, width=1, ends=(0, 255))
    assert picture.shape == shape
    assert picture.dtype == np.uint8


@pytest.mark.parametrize(
    ("dtype", "opaque"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)]
)
def test_line_is_seen_through_any_alpha_and_alpha_is_kept_elsewhere(
    dtype: Any, opaque: float
) -> None:
    before, after = np.zeros((40, 20, 4), dtype), np.zeros((40, 20, 4), dtype)
    picture = compose(before, after, 10, width=1, ends=(0, 1))
    assert picture.dtype == dtype
    assert (picture[0, 10, :3] == 1).all()
    assert (picture[0, 9, :3] == 0).all()
    assert (picture[:, 9:11, 3] == opaque).all()
    assert (picture[:, :7] == 0).all()
    assert (picture[:, 13:] == 0).all()


def test_colours_have_the_same_line_as_grey() -> None:
    grey = _composed(10, 2, (50, 20))
    colour = _composed(10, 2, (50, 20, 3))
    np.testing.assert_array_equal(colour, np.repeat(grey[..., None], 3, axis=-1))


# ---- the line on the canvas


@pytest.fixture
def layer(model: ViewerModel) -> Image:
    layer = model.add_image(np.zeros((40, 100), np.uint8), name="photo")
    model.scene.camera.zoom = 1  # one pixel of the image is one of the screen
    return layer


@pytest.fixture
def parent() -> QObject:
    return QObject()


@pytest.fixture
def swipe(model: ViewerModel, parent: QObject) -> Swipe:
    return Swipe(model, parent)


def _screen(model: ViewerModel, layer: Image) -> OnScreen:
    return on_screen(model, read_source(layer))


def _draw(swipe: Swipe, model: ViewerModel, layer: Image, dtype: Any = np.uint8) -> np.ndarray:
    screen = _screen(model, layer)
    return swipe.compose(screen, *_pair(screen.viewport.shape, dtype), (0, 255))


def _event(column: float, kind: str = "mouse_press", button: int = 1, row: float = 5) -> Any:
    return SimpleNamespace(position=(row, column), type=kind, button=button)


def _drag(swipe: Swipe, *columns: float, button: int = 1) -> None:
    """Press at the first column, move over the others, release."""
    event = _event(columns[0], button=button)
    steps = swipe._on_mouse_dragged(None, event)
    if next(steps, "passed on") == "passed on":
        return
    event.type = "mouse_move"
    for column in columns[1:]:
        event.position = (5, column)
        next(steps)
    event.type = "mouse_release"
    assert next(steps, "over") == "over"


def test_line_starts_in_the_middle_of_what_is_on_screen(
    swipe: Swipe, model: ViewerModel, layer: Image
) -> None:
    picture = _draw(swipe, model, layer)
    assert swipe.column == 50
    assert (picture[0, :48] == 10).all()
    assert (picture[0, 52:] == 20).all()
    layer.corner_pixels = np.array([[0, 60], [39, 89]])
    _draw(swipe, model, layer)
    assert swipe.column == 75, "it had left the screen"
    layer.corner_pixels = np.array([[0, 70], [39, 99]])
    _draw(swipe, model, layer)
    assert swipe.column == 75, "it is still on it"


@pytest.mark.parametrize(
    ("zoom", "columns"),
    [(1, 2), (2, 1), (6, 1), (6.1, 0), (0.5, 4)],
)
def test_line_has_two_pixels_of_the_screen_and_none_where_pixels_are_large(
    swipe: Swipe, model: ViewerModel, layer: Image, zoom: float, columns: int
) -> None:
    model.scene.camera.zoom = zoom
    row = _draw(swipe, model, layer)[0]
    assert (row == 255).sum() == columns


def test_line_of_a_scaled_layer_is_as_wide_on_screen(
    swipe: Swipe, model: ViewerModel, layer: Image
) -> None:
    layer.scale = (0.25, 0.25)
    row = _draw(swipe, model, layer)[0]
    assert (row == 255).sum() == 8


@pytest.mark.parametrize(
    ("dtype", "limits", "ends"),
    [
        (np.uint8, (-5, 300), {0, 255}),
        (np.uint8, (3.7, 90.2), {3, 90}),
        (np.int8, (-500, 500), {-128, 127}),
        (np.float32, (-0.5, 2.25), {-0.5, 2.25}),
    ],
)
def test_line_is_what_is_shown_black_and_white_as_far_as_the_type_has_it(
    swipe: Swipe, model: ViewerModel, layer: Image, dtype: Any, limits: Any, ends: set[float]
) -> None:
    pair = _pair((40, 100), dtype)
    picture = swipe.compose(_screen(model, layer), *pair, limits)
    assert set(np.unique(picture)) == {10, 20, *ends}


def test_line_that_is_left_of_the_part_shown_leaves_the_result(
    swipe: Swipe, model: ViewerModel
) -> None:
    side = 2 * int(LARGEST_VIEW**0.5)
    large = model.add_image(np.broadcast_to(np.uint8(3), (side, side)), contrast_limits=(0, 255))
    model.scene.camera.zoom = 10
    large.corner_pixels = np.array([[0, 1000], [39, 1099]])
    shown = _screen(model, large)
    large.corner_pixels = np.array([[0, 800], [39, 899]])  # panned; not looked at again yet
    picture = swipe.compose(shown, *_pair(shown.viewport.shape), (0, 255))
    assert swipe.column == 850
    assert (picture == 20).all()


# ---- the mouse


def test_dragging_the_line_moves_it_and_tells_so(
    swipe: Swipe, model: ViewerModel, layer: Image
) -> None:
    _draw(swipe, model, layer)
    told: list[float] = []
    swipe.moved.connect(lambda: told.append(swipe.column))
    _drag(swipe, 55, 60, 60, 70)
    assert told == [60, 70]
    _drag(swipe, 70, 300, -300)
    assert told[2:] == [100, 0]


def test_dragging_elsewhere_or_with_another_button_is_passed_on(
    swipe: Swipe, model: ViewerModel, layer: Image
) -> None:
    _draw(swipe, model, layer)
    _drag(swipe, 63, 70)
    _drag(swipe, 50, 70, button=2)
    assert swipe.column == 50
    _drag(swipe, 62, 70)  # twelve pixels of the screen are near enough
    assert swipe.column == 70


def test_line_is_as_near_on_screen_whatever_the_zoom(
    swipe: Swipe, model: ViewerModel, layer: Image
) -> None:
    model.scene.camera.zoom = 4
    _draw(swipe, model, layer)
    _drag(swipe, 54, 70)
    assert swipe.column == 50
    _drag(swipe, 53, 70)
    assert swipe.column == 70


def test_camera_is_held_still_near_the_line_alone(
    swipe: Swipe, model: ViewerModel, layer: Image
) -> None:
    _draw(swipe, model, layer)
    camera = model.scene.camera
    for column, pans in ((10, True), (45, False), (90, True), (50, False)):
        swipe._on_mouse_moved(None, _event(column, "mouse_move"))
        assert camera.mouse_pan is pans
    swipe.switch_off()
    assert camera.mouse_pan is True
    labels = model.add_labels(np.zeros((40, 100), int))
    labels.mode = "paint"  # which takes the mouse itself
    _draw(swipe, model, layer)
    swipe._on_mouse_moved(None, _event(50, "mouse_move"))
    swipe._on_mouse_moved(None, _event(10, "mouse_move"))
    assert camera.mouse_pan is False


def test_turned_layer_is_swiped_along_its_own_columns(
    swipe: Swipe, model: ViewerModel, layer: Image
) -> None:
    layer.rotate = 90
    _draw(swipe, model, layer)
    row, column = layer.data_to_world((20, 50))
    assert swipe._is_near((row, column))
    assert swipe._column_at(layer.data_to_world((3, 77))) == pytest.approx(77)


def test_off_means_that_nothing_listens(
    swipe: Swipe,
    model: ViewerModel,
    layer: Image,
    count_listeners: Callable[..., dict[str, int]],
) -> None:
    before = count_listeners(model)
    _draw(swipe, model, layer)
    _draw(swipe, model, layer)
    assert count_listeners(model)["mouse_move_callbacks"] == before["mouse_move_callbacks"] + 1
    swipe.switch_off()
    swipe.switch_off()
    assert count_listeners(model) == before
    assert swipe._column_at((5, 5)) is None
    assert not swipe._is_near((5, 5))
    assert list(swipe._on_mouse_dragged(None, _event(50))) == []


def test_line_dragged_while_it_is_switched_off_stays(
    swipe: Swipe, model: ViewerModel, layer: Image
) -> None:
    _draw(swipe, model, layer)
    event = _event(50)
    steps = swipe._on_mouse_dragged(None, event)
    next(steps)
    swipe.switch_off()
    event.type, event.position = "mouse_move", (5, 60)
    next(steps)
    assert swipe.column == 50
