"""What a training gets of layers: windows, regions of the plane on screen, the pinned crop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Shapes

from napari_zerodce.engine.viewport import LARGEST_VIEW
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.gui.shared.training import sources
from napari_zerodce.gui.shared.training.sources import images_of, pinned_crop
from napari_zerodce.imaging.windows import WindowChoice

AUTO = WindowChoice("auto")


def _square(model: ViewerModel, *rows_columns: float) -> Shapes:
    top, left, bottom, right = rows_columns
    corners = [[top, left], [top, right], [bottom, right], [bottom, left]]
    return model.add_shapes([corners], shape_type="polygon", name="square")


def test_pictures_are_whole_layers_with_the_window_that_is_set(
    model: ViewerModel, stack: Image
) -> None:
    photo = model.add_image(np.zeros((8, 9, 4), np.uint8), rgb=True, name="photo")
    first, second = images_of(model, [stack, photo], AUTO, None)
    assert (first.name, first.channels, first.window) == ("stack", "mono", AUTO)
    assert first.array is stack.data
    assert (first.region, first.index) == (None, None)
    assert (second.name, second.channels) == ("photo", "rgba")
    assert images_of(model, [], AUTO, None) == []


def test_contrast_limits_are_those_of_each_layer(model: ViewerModel, stack: Image) -> None:
    other = model.add_image(np.zeros((8, 8), np.uint16), contrast_limits=(5, 70))
    pictures = images_of(model, [stack, other], WindowChoice("contrast"), None)
    assert [picture.window for picture in pictures] == [
        WindowChoice("range", 0, 1000),
        WindowChoice("range", 5, 70),
    ]


def test_region_is_that_of_the_plane_on_screen(model: ViewerModel, stack: Image) -> None:
    model.dims.set_point(0, 2)
    (picture,) = images_of(model, [stack], AUTO, _square(model, 1.5, 2.5, 4.5, 6.5))
    assert picture.index == (2,)
    assert picture.region_step == 1
    expected = np.zeros((8, 8), bool)
    expected[2:5, 3:7] = True
    assert picture.region is not None
    np.testing.assert_array_equal(picture.region, expected)


def test_large_planes_have_a_coarse_region_of_the_whole_plane(
    model: ViewerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_LARGEST_MASK", 16)
    layer = model.add_image(np.zeros((8, 12), np.uint8))
    (picture,) = images_of(model, [layer], AUTO, _square(model, -1, -1, 20, 20))
    assert picture.region_step == 2  # 96 pixels are six times too many
    assert picture.region is not None
    assert picture.region.shape == (4, 6)
    assert picture.region.all()


def test_layers_without_a_shape_are_left_out_and_none_left_is_said(
    model: ViewerModel, stack: Image
) -> None:
    beside = model.add_image(np.zeros((8, 8), np.uint8), translate=(100, 100), name="beside")
    square = _square(model, 1, 1, 5, 5)
    (picture,) = images_of(model, [beside, stack], AUTO, square)
    assert picture.name == "stack"
    with pytest.raises(
        RequestError, match="No shape of 'square' lies on a plane of the chosen images"
    ):
        images_of(model, [beside], AUTO, square)


def test_region_of_a_plane_that_is_not_on_screen_is_said(model: ViewerModel, stack: Image) -> None:
    square = _square(model, 1, 1, 5, 5)
    model.dims.ndisplay = 3
    with pytest.raises(RequestError, match="2D"):
        images_of(model, [stack], AUTO, square)


# ---- the pinned crop


def _crop(model: ViewerModel, *layers: Image) -> Any:
    return pinned_crop(model, layers, AUTO)


def test_pinned_crop_is_the_middle_of_the_screen(model: ViewerModel, stack: Image) -> None:
    model.dims.set_point(0, 1)
    picture, row, column = _crop(model, stack)
    assert (picture.name, picture.index, row, column) == ("stack", (1,), 4, 4)
    stack.corner_pixels = np.array([[0, 0, 4], [0, 7, 7]])
    assert _crop(model, stack)[1:] == (4, 6)


def test_pinned_crop_of_a_large_plane_is_the_middle_of_the_part_on_screen(
    model: ViewerModel,
) -> None:
    side = 2 * int(LARGEST_VIEW**0.5)
    layer = model.add_image(np.broadcast_to(np.uint8(3), (side, side)), contrast_limits=(0, 255))
    layer.corner_pixels = np.array([[100, 200], [499, 899]])
    assert _crop(model, layer)[1:] == (300, 550)


def test_pinned_crop_is_of_the_active_layer_or_of_the_first(
    model: ViewerModel, stack: Image
) -> None:
    other = model.add_image(np.zeros((8, 8), np.uint8), name="other")
    assert _crop(model, stack, other)[0].name == "other"
    model.layers.selection.active = stack
    assert _crop(model, other, stack)[0].name == "stack"
    model.layers.selection.clear()
    assert _crop(model, other, stack)[0].name == "other"
    assert _crop(model) is None


def test_pinned_crop_of_what_is_not_on_screen_is_the_middle_of_the_image(
    model: ViewerModel, stack: Image
) -> None:
    model.dims.ndisplay = 3
    picture, row, column = _crop(model, stack)
    assert (picture.index, row, column) == (None, 4, 4)


def test_masks_are_refused(model: ViewerModel) -> None:
    mask = model.add_image(np.zeros((8, 8), bool))
    with pytest.raises(ImageError, match="bool"):
        _crop(model, mask)
