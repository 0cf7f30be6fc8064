"""A layer whose rows and columns are not its last axes: its parts, and its result in its order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.on_screen import on_screen
from napari_zerodce.gui.layers.parts import offset_in_source
from napari_zerodce.gui.layers.results import add_result
from napari_zerodce.gui.layers.scope import PartChoice, plane_axes, scope_for
from napari_zerodce.gui.layers.source import read_source, request_for
from napari_zerodce.gui.shared.work import completing
from napari_zerodce.imaging.scope import Scope

# Z, Y, X: three planes.
STACK = np.linspace(100, 900, 3 * 8 * 10).reshape(3, 8, 10).astype(np.uint16)
SETTINGS = EnhanceSettings("zero-dce-pp", device="cpu")


@pytest.fixture
def layer(model: ViewerModel) -> Any:
    """The stack with its axes in the order X, Z, Y."""
    return model.add_image(
        STACK.transpose(2, 0, 1), axis_labels=("x", "z", "y"), scale=(2, 3, 4), translate=(5, 6, 7)
    )


def enhanced(model: ViewerModel, layer: Any, choice: PartChoice) -> tuple[Any, Any]:
    source = read_source(layer)
    result = enhance(request_for(source, SETTINGS, scope_for(model, source, choice)))
    return result, add_result(model, source, result)


def test_the_result_has_the_order_and_the_geometry_of_the_layer(
    model: ViewerModel, layer: Any
) -> None:
    _, added = enhanced(model, layer, PartChoice())
    plain = model.add_image(STACK)
    _, expected = enhanced(model, plain, PartChoice())
    np.testing.assert_array_equal(added.data, expected.data.transpose(2, 0, 1))
    assert added.axis_labels == ("x", "z", "y")
    np.testing.assert_array_equal(added.extent.world, layer.extent.world)
    assert [axis.label for axis in plane_axes(read_source(layer))] == ["z"]


def test_a_range_of_planes_lies_on_the_layer(model: ViewerModel, layer: Any) -> None:
    result, added = enhanced(model, layer, PartChoice("range", "whole", ((1, 2),)))
    assert result.image.shape == (10, 2, 8)
    np.testing.assert_array_equal(added.translate, (5, 6 + 3, 7))
    assert offset_in_source(added, layer.data) == (0, 1, 0)


def test_this_plane_is_the_one_that_napari_shows(model: ViewerModel, layer: Any) -> None:
    source = read_source(layer)
    with pytest.raises(RequestError, match=r"rows and columns of .* roll the dimensions"):
        scope_for(model, source, PartChoice("screen"))
    model.dims.order = (1, 2, 0)
    model.dims.set_point(1, 6 + 3 * 2)
    assert scope_for(model, source, PartChoice("screen")) == Scope(((2, 3),), (0, 8), (0, 10))


def test_a_region_is_the_box_in_rows_and_columns(model: ViewerModel, layer: Any) -> None:
    corners = [[x, 6, y] for x, y in ((9, 11), (9, 23), (17, 23), (17, 11))]  # of the world
    shapes = model.add_shapes([np.array(corners)], ndim=3, shape_type="polygon")
    scope = scope_for(model, read_source(layer), PartChoice("all", shapes))
    assert scope is not None
    assert (scope.rows, scope.columns) == ((1, 5), (2, 7))


def test_views_say_what_they_need(model: ViewerModel, layer: Any) -> None:
    with pytest.raises(RequestError, match="the axes XZY, but views and maps need Y and X"):
        on_screen(model, read_source(layer))


def test_levels_keep_the_order(model: ViewerModel) -> None:
    fine = np.random.default_rng(0).integers(0, 900, (32, 2, 40)).astype(np.uint16)
    layer = model.add_image([fine, fine[::2, :, ::2]], multiscale=True, axis_labels=("x", "z", "y"))
    source = read_source(layer)
    result = enhance(request_for(source, SETTINGS))
    made = completing(result, source.level_shapes)(lambda _: None, lambda: False)
    assert [level.shape for level in made.levels] == [(16, 2, 20)]


def test_each_channel_has_its_window_wherever_the_axis_is(model: ViewerModel) -> None:
    image = np.stack([STACK[0], 20 * STACK[0]], axis=-1)
    layer = model.add_image(image, axis_labels=("y", "x", "c"))
    source = read_source(layer)
    assert source.channel_axis == 0
    result = enhance(request_for(source, SETTINGS))
    assert len(result.windows) == 2
    added = add_result(model, source, result)
    model.dims.set_point(2, 1)
    assert added.contrast_limits[1] > 4000
