"""The scale in the dock: of which layer, with which limits and colours, at which iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce.gui.docks.curve_maps.scale import MapScale
from napari_zerodce.gui.layers.source import read_source


@pytest.fixture
def scale(model: ViewerModel, qtbot: Any) -> MapScale:
    scale = MapScale(model)
    qtbot.addWidget(scale)
    return scale


def _maps(
    model: ViewerModel, source: Image, *, iterations: tuple[int, ...] = (), **options: Any
) -> Image:
    made = read_source(source).provenance("maps", maps="alphas", iterations=iterations)
    given = {"data": np.zeros((8, 9), np.float32), "name": "A", "contrast_limits": (-1, 1)}
    return model.add_image(**{**given, **options}, metadata=made.as_metadata())


def _text(scale: MapScale) -> tuple[str, str, str]:
    return scale.what.text(), scale.low.text(), scale.high.text()


def _ends(scale: MapScale) -> list[tuple[int, ...]]:
    """The colours at the left and the right side of the picture."""
    scale.resize(400, 30)
    image = scale.picture.grab().toImage()
    return [image.pixelColor(x, 6).getRgb()[:3] for x in (0, image.width() - 1)]


def test_nothing_is_shown_without_visible_maps(
    scale: MapScale, model: ViewerModel, stack: Image
) -> None:
    assert scale.isHidden()
    layer = _maps(model, stack)
    assert not scale.isHidden()
    layer.visible = False
    assert scale.isHidden()
    layer.visible = True
    model.layers.remove(layer)
    assert scale.isHidden()


def test_scale_is_that_of_the_topmost_visible_layer(
    scale: MapScale, model: ViewerModel, stack: Image
) -> None:
    lower = _maps(model, stack, colormap="gray")
    upper = _maps(model, stack, colormap="red", contrast_limits=(0, 12.5))
    assert scale.layer is upper
    assert _text(scale) == ("A", "0", "12.5")
    assert _ends(scale) == [(0, 0, 0), (255, 0, 0)]
    upper.visible = False
    assert scale.layer is lower
    assert _text(scale) == ("A", "-1", "1")
    assert _ends(scale) == [(0, 0, 0), (255, 255, 255)]
    colours = _maps(model, stack, data=np.zeros((8, 9, 4), np.float32), rgb=True)
    assert scale.layer is lower, "colours have no scale"
    model.layers.remove(colours)


def test_scale_follows_its_layer(scale: MapScale, model: ViewerModel, stack: Image) -> None:
    layer = _maps(model, stack, colormap="gray")
    layer.contrast_limits = (-0.25, 0.5)
    assert _text(scale) == ("A", "-0.25", "0.5")
    layer.colormap = "blue"
    assert _ends(scale)[1] == (0, 0, 255)
    layer.name = "mine"
    assert "'mine'" in scale.toolTip()


def test_iteration_of_the_slider_is_said(scale: MapScale, model: ViewerModel, stack: Image) -> None:
    data = np.zeros((9, 3, 8, 8), np.float32)
    labels = ("iteration", "-3", "-2", "-1")
    _maps(model, stack, data=data, axis_labels=labels, iterations=(1, 8))
    for number, words in [
        (1, "A, iteration 1"),
        (8, "A, iteration 8"),
        (0, "Iteration 0: the image itself."),
        (4, "Iteration 4 was not chosen."),
    ]:
        model.dims.set_point(0, number)
        assert scale.what.text() == words
        assert scale.picture.isHidden() == (number in {0, 4})


def test_the_only_iteration_is_said(scale: MapScale, model: ViewerModel, stack: Image) -> None:
    _maps(model, stack, iterations=(3,))
    assert scale.what.text() == "A, iteration 3"


def test_release_leaves_no_listener(
    scale: MapScale, model: ViewerModel, stack: Image, count_listeners: Callable[..., Any]
) -> None:
    _maps(model, stack)
    with_scale = count_listeners(model)
    scale.release()
    without = count_listeners(model)
    assert {name.split(".")[0] for name in with_scale if with_scale[name] > without[name]} == {
        "dims",
        "layers",
        "layer A",
    }
    MapScale(model).release()
    assert count_listeners(model) == without
