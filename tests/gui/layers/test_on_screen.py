"""What of a layer is on screen, read from a viewer without a window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import dask.array
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_zerodce.engine.viewport import LARGEST_VIEW, Viewport
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.gui.layers.on_screen import map_level, on_screen, overview_of
from napari_zerodce.gui.layers.source import read_source


def _screen(viewer: ViewerModel, layer: Any) -> Any:
    return on_screen(viewer, read_source(layer))


def test_plane_is_the_one_under_the_sliders_whatever_the_geometry() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(
        np.zeros((3, 4, 20, 30)), scale=(2, 5, 0.1, 0.1), translate=(7, 1, 0, 0)
    )
    viewer.dims.set_point((0, 1), (7 + 2 * 2, 1 + 5 * 3))
    screen = _screen(viewer, layer)
    assert screen.index == (2, 3)
    assert screen.viewport == Viewport(slice(0, 20), slice(0, 30))


def test_other_layers_with_more_axes_do_not_shift_the_plane() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((4, 20, 30)))
    viewer.add_image(np.zeros((8, 4, 20, 30)))
    viewer.dims.set_point((0, 1), (6, 2))
    assert _screen(viewer, layer).index == (2,)


def test_what_has_no_plane_on_screen_is_said() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((4, 20, 30)), name="short")
    viewer.add_image(np.zeros((9, 20, 30)))
    viewer.dims.set_point(0, 8)
    with pytest.raises(RequestError, match="'short' has no plane where the sliders are"):
        _screen(viewer, layer)
    viewer.dims.set_point(0, 2)
    viewer.dims.order = (1, 0, 2)
    with pytest.raises(RequestError, match="Other axes than the rows and columns of"):
        _screen(viewer, layer)
    viewer.dims.order = (0, 1, 2)
    viewer.dims.ndisplay = 3
    with pytest.raises(RequestError, match="switch to 2D"):
        _screen(viewer, layer)


def test_masks_are_refused() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((20, 30), bool))
    with pytest.raises(ImageError, match="mask"):
        _screen(viewer, layer)


def test_large_planes_are_looked_at_by_parts() -> None:
    viewer = ViewerModel()
    side = 3 * int(LARGEST_VIEW**0.5)
    layer = viewer.add_image(np.broadcast_to(np.uint8(3), (side, side)), contrast_limits=(0, 255))
    layer.corner_pixels = np.array([[0, 0], [side - 1, side - 1]])
    far = _screen(viewer, layer).viewport
    assert far == Viewport(slice(0, side), slice(0, side), 3)
    layer.corner_pixels = np.array([[100, 200], [499, 899]])
    near = _screen(viewer, layer).viewport
    assert near == Viewport(slice(100, 500), slice(200, 900))
    assert map_level(read_source(layer)) == (0, 3)


def _pyramid(viewer: ViewerModel, side: int, count: int) -> Any:
    levels = [np.broadcast_to(np.uint8(n), (side // 2**n, side // 2**n)) for n in range(count)]
    return viewer.add_image(levels, multiscale=True, contrast_limits=(0, 255))


def test_part_of_a_pyramid_is_that_of_the_level_that_napari_shows() -> None:
    viewer = ViewerModel()
    layer = _pyramid(viewer, 8192, 5)
    layer.data_level = 2
    layer.corner_pixels = np.array([[100, 200], [499, 899]])
    screen = _screen(viewer, layer)
    assert (screen.level, screen.viewport.step) == (2, 4)
    assert screen.part_of_level == Viewport(slice(100, 500), slice(200, 900))
    assert screen.viewport == Viewport(slice(400, 2000), slice(800, 3600), 4)


def test_pixels_of_a_level_lie_in_the_middle_of_those_that_they_cover() -> None:
    viewer = ViewerModel()
    layer = _pyramid(viewer, 8192, 5)
    layer.data_level = 2
    layer.corner_pixels = np.array([[100, 200], [499, 899]])
    geometry = _screen(viewer, layer).geometry
    np.testing.assert_allclose(geometry["translate"], (400 + 1.5, 800 + 1.5))
    np.testing.assert_allclose(geometry["scale"], (4, 4))


def test_small_level_is_taken_as_a_whole_so_that_it_can_be_moved() -> None:
    viewer = ViewerModel()
    layer = _pyramid(viewer, 8191, 5)  # the last row and column are in no coarser level
    layer.data_level = 4
    layer.corner_pixels = np.array([[100, 200], [299, 399]])
    screen = _screen(viewer, layer)
    assert screen.part_of_level == Viewport(slice(0, 511), slice(0, 511))
    assert screen.viewport.shape == (511, 511)


def test_of_a_level_in_large_chunks_only_what_the_camera_sees_is_taken() -> None:
    viewer = ViewerModel()
    layer = _pyramid(viewer, 8192, 2)
    layer.data_level = 0
    layer.corner_pixels = np.array([[0, 0], [8191, 8191]])
    viewer.scene.camera.center = (0, 4000, 3000)
    viewer.scene.camera.zoom = 1
    height, width = viewer.canvas.size
    part = _screen(viewer, layer).viewport
    assert part.step == 1
    assert part.rows.start == pytest.approx(4000 - height / 2, abs=2)
    assert part.columns.stop == pytest.approx(3000 + width / 2, abs=2)


def test_overview_is_the_finest_level_with_few_pixels() -> None:
    viewer = ViewerModel()
    layer = _pyramid(viewer, 8192, 7)
    layer.data_level = 1
    layer.corner_pixels = np.array([[100, 200], [499, 899]])
    whole = overview_of(_screen(viewer, layer))
    assert whole is not None
    assert (whole.level, whole.viewport) == (5, Viewport(slice(0, 8192), slice(0, 8192), 32))
    layer.data_level = 6
    assert overview_of(_screen(viewer, layer)) is None, "what is shown has fewer pixels"


def test_overview_of_one_level_keeps_few_pixels_if_that_is_quick() -> None:
    viewer = ViewerModel()
    small, large = (viewer.add_image(np.zeros((side, side), np.uint8)) for side in (500, 1500))
    assert overview_of(_screen(viewer, small)) is None
    whole = overview_of(_screen(viewer, large))
    assert whole is not None
    assert whole.viewport.step == 5  # 1500 / 4 would be 375: 140 thousand pixels
    lazy = viewer.add_image(dask.array.zeros((1500, 1500), np.uint8), contrast_limits=(0, 1))
    assert overview_of(_screen(viewer, lazy)) is None


def test_same_place_in_another_array_is_cut_alike() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((2, 6, 7)))
    viewer.dims.set_point(0, 1)
    screen = _screen(viewer, layer)
    other = np.arange(84).reshape(2, 6, 7)
    np.testing.assert_array_equal(screen.same_place_in(other), other[1])


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("offset", [(1, 0, 0), (1, 3, 4), (0, 5, 1), (1, -2, -3), (1, 11, 0)])
def test_array_on_the_source_covers_it_pixel_by_pixel(
    step: int, offset: tuple[int, int, int]
) -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((2, 10, 12), int))
    viewer.dims.set_point(0, 1)
    part = Viewport(slice(1, 9), slice(2, 12), step)
    screen = replace(_screen(viewer, layer), viewport=part)
    data = 1 + np.arange(60).reshape(1, 6, 10)
    # By hand: paste the array onto the plane, and cut that.
    plane = np.zeros((30, 32), int)  # with a margin of 10 pixels
    if offset[0] == 1:
        top, left = (place + 10 for place in offset[1:])
        plane[top : top + 6, left : left + 10] = data[0]
    expected = plane[10:20, 10:22][1:9:step, 2:12:step]
    samples = screen.same_place_in(layer.data)
    covered = screen.covered_by(samples, data, offset)
    np.testing.assert_array_equal(covered, expected)
    assert (covered is samples) == (not expected.any())
    assert not samples.any(), "the source is not written"


def test_levels_with_fewer_planes_are_no_source_of_planes() -> None:
    viewer = ViewerModel()
    side = int(LARGEST_VIEW**0.5)
    levels = [np.broadcast_to(np.uint8(n), (8 // 2**n, 4 * side // 2**n, side)) for n in range(3)]
    layer = viewer.add_image(levels, multiscale=True, contrast_limits=(0, 255))
    viewer.dims.set_point(0, 7)
    screen = _screen(viewer, layer)
    assert screen.index == (7,)
    assert screen.level == 0  # the others have no eighth plane


def test_part_of_a_large_plane_lies_where_its_pixels_are() -> None:
    viewer = ViewerModel()
    side = 3 * int(LARGEST_VIEW**0.5)
    layer = viewer.add_image(
        np.broadcast_to(np.uint8(3), (2, side, side)),
        contrast_limits=(0, 255),
        scale=(5, 0.5, 0.25),
        translate=(1, 10, 20),
    )
    layer.corner_pixels = np.array([[0, 100, 200], [0, 499, 899]])
    viewer.dims.set_point(0, 6)
    screen = _screen(viewer, layer)
    assert screen.viewport == Viewport(slice(100, 500), slice(200, 900))
    np.testing.assert_allclose(screen.geometry["translate"], (6, 60, 70))
    np.testing.assert_allclose(screen.geometry["scale"], (5, 0.5, 0.25))
    assert screen.visible_columns == (200, 900)


@pytest.mark.parametrize(
    ("corners", "visible"),
    [
        (((0, 0), (0, 0)), (0, 30)),  # nothing is drawn yet
        (((0, 5), (19, 11)), (5, 12)),
        (((0, -9), (19, 99)), (0, 30)),
        (((0, 40), (19, 60)), (29, 30)),  # right of the image
        (((0, -60), (19, -40)), (0, 1)),  # left of it
    ],
)
def test_columns_on_screen_are_columns_of_the_image(
    corners: tuple[tuple[int, int], ...], visible: tuple[int, int]
) -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((20, 30)))
    layer.corner_pixels = np.array(corners)
    assert _screen(viewer, layer).visible_columns == visible


def test_the_same_place_looks_alike_until_the_layer_is_moved() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((3, 20, 30)))
    viewer.dims.set_point(0, 1)
    screen = _screen(viewer, layer)
    assert screen.looks_like(_screen(viewer, layer))
    assert not screen.looks_like(None)
    layer.translate = (0, 1, 0)
    moved = _screen(viewer, layer)
    assert not moved.looks_like(screen)
    layer.translate = (0, 0, 0)
    viewer.dims.set_point(0, 2)
    assert not _screen(viewer, layer).looks_like(screen)


def test_every_few_pixels_of_another_array_are_cut_alike() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((2, 6, 7)))
    viewer.dims.set_point(0, 1)
    part = Viewport(slice(1, 6), slice(2, 7), 2)
    screen = replace(_screen(viewer, layer), viewport=part)
    other = np.arange(84).reshape(2, 6, 7)
    np.testing.assert_array_equal(screen.same_place_in(other), other[1, 1:6:2, 2:7:2])
    assert screen.part_of_level == part


@pytest.mark.parametrize(
    ("shape", "rgb", "step"),
    [
        ((8, 8), False, 1),
        ((2048, 2048), False, 1),
        ((2048, 2049), False, 2),
        ((2048, 2048, 3), True, 2),
    ],
)
def test_maps_keep_as_many_pixels_as_a_view_has(
    shape: tuple[int, ...], rgb: bool, step: int
) -> None:
    layer = Image(np.broadcast_to(np.uint8(1), shape), rgb=rgb, contrast_limits=(0, 255))
    assert map_level(read_source(layer)) == (0, step)


def test_maps_of_a_pyramid_are_those_of_the_finest_level_that_is_small_enough() -> None:
    layer = _pyramid(ViewerModel(), 16_384, 6)
    assert map_level(read_source(layer)) == (3, 1)  # 2048 pixels
    assert map_level(read_source(_pyramid(ViewerModel(), 16_384, 2))) == (1, 4)
