"""napari's grid: as many columns as make pictures large, and afterwards all as it was before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.gui.docks.compare.grid import Stage, columns_for


@pytest.mark.parametrize(
    ("count", "canvas", "picture", "expected"),
    [
        (1, (600, 800), (100, 100), 1),
        (2, (600, 800), (100, 100), 2),
        (2, (800, 400), (100, 100), 1),  # a narrow canvas: one below the other
        (4, (600, 600), (100, 100), 2),
        (6, (600, 900), (100, 100), 3),
        (3, (600, 800), (100, 1000), 1),  # wide pictures
        (3, (600, 800), (1000, 100), 3),  # high ones
    ],
)
def test_columns(
    count: int, canvas: tuple[int, int], picture: tuple[int, int], expected: int
) -> None:
    assert columns_for(count, canvas, picture) == expected


def test_canvas_without_room_has_columns() -> None:
    assert 1 <= columns_for(9, (10, 10), (5, 5)) <= 9


@pytest.fixture
def layers(model: ViewerModel) -> list[Any]:
    """A source, a hidden layer and points, and two pictures above them."""
    model.add_image(np.zeros((40, 60)), name="source")
    model.add_image(np.zeros((40, 60)), name="hidden", visible=False)
    model.add_points(np.zeros((1, 2)), name="points")
    return [model.add_image(np.zeros((40, 60)), name=name) for name in "ab"]


def _state(model: ViewerModel) -> tuple[Any, ...]:
    grid, camera = model.canvas.grid, model.scene.camera
    shown = [layer.visible for layer in model.layers[:3]]
    return (grid.enabled, grid.stride, grid.shape, grid.spacing, camera.center, camera.zoom, shown)


def test_only_the_pictures_are_shown_and_later_all_is_as_before(
    model: ViewerModel, layers: list[Any]
) -> None:
    model.canvas.grid.stride, model.canvas.grid.shape = 3, (2, 5)
    before = _state(model)
    stage = Stage(model)
    assert not stage.is_set
    stage.set(layers, in_grid=True)
    assert stage.is_set
    assert [layer.name for layer in model.layers if layer.visible] == ["a", "b"]
    grid = model.canvas.grid
    assert (grid.enabled, grid.stride) == (True, 1)
    places = {grid.position(model.layers.index(layer), model.layers) for layer in layers}
    assert len(places) == 2
    stage.clear()
    assert _state(model) == before
    stage.clear()
    assert _state(model) == before


def test_second_set_remembers_what_was_before_the_first(
    model: ViewerModel, layers: list[Any]
) -> None:
    before = _state(model)
    stage = Stage(model)
    stage.set(layers, in_grid=True)
    stage.set(layers, in_grid=False)
    assert not model.canvas.grid.enabled
    stage.set(layers, in_grid=True)
    stage.clear()
    assert _state(model) == before


def test_what_the_user_changed_meanwhile_stays(model: ViewerModel, layers: list[Any]) -> None:
    stage = Stage(model)
    stage.set(layers, in_grid=True)
    model.canvas.grid.spacing = 33
    model.layers["hidden"].visible = True
    model.layers.remove("points")
    stage.clear()
    assert model.canvas.grid.spacing == 33
    assert not model.canvas.grid.enabled
    assert model.layers["hidden"].visible
    assert model.layers["source"].visible


def test_whole_picture_is_seen_in_its_cell(model: ViewerModel, layers: list[Any]) -> None:
    model.fit_to_view(margin=0)
    Stage(model).set(layers, in_grid=True)
    height, width = model.canvas.viewbox_size(model.layers)
    zoom = model.scene.camera.zoom
    assert zoom == pytest.approx(0.95 * min((height - 34) / 40, width / 60))
    middle = model.scene.camera.center[-2:]
    assert middle == pytest.approx((19.5 - 17 / zoom, 29.5))
    assert (-0.5 - middle[0]) * zoom + height / 2 >= 34  # there is room for the name


def test_camera_keeps_a_small_part_that_it_shows(model: ViewerModel, layers: list[Any]) -> None:
    camera = model.scene.camera
    camera.center = (10, 50)
    camera.zoom = max(model.canvas.size) / 8  # at most 8 of 40 x 60 pixels
    rows, columns = (size / camera.zoom for size in model.canvas.size)
    stage = Stage(model)
    stage.set(layers, in_grid=True)
    assert stage.is_unmoved
    assert camera.center[-2:] == (10, 50)
    seen = np.asarray(model.canvas.viewbox_size(model.layers)) / camera.zoom
    assert min(seen[0] / rows, seen[1] / columns) == pytest.approx(1)
    # If the user moves there, the camera stays there afterwards.
    camera.center = (12, 44)
    assert not stage.is_unmoved
    stage.clear()
    assert camera.center[-2:] == pytest.approx((12, 44))


def test_stage_does_not_keep_a_viewer_alive() -> None:
    stage = Stage(ViewerModel())
    assert not stage.is_unmoved
    stage.clear()
