"""Which pixels lie in a region: shapes and labels worked out by hand, also turned and scaled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer, Points, Shapes

from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.gui.layers.on_screen import OnScreen, on_screen
from napari_zerodce.gui.layers.regions import is_region, mask_of
from napari_zerodce.gui.layers.source import read_source

TURNED = {"scale": (0.5, 0.25), "translate": (7, -3), "rotate": 30, "shear": [0.2]}


def _screen(layer: Image, part: Viewport | None = None) -> OnScreen:
    model = ViewerModel()
    model.add_layer(layer)
    screen = on_screen(model, read_source(layer))
    return screen if part is None else replace(screen, viewport=part)


def _square(shape: tuple[int, int], rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[rows, columns] = True
    return mask


def _corners(top: float, left: float, bottom: float, right: float) -> np.ndarray:
    return np.array([[top, left], [top, right], [bottom, right], [bottom, left]])


@pytest.mark.parametrize("kind", ["rectangle", "polygon"])
def test_pixels_whose_middle_lies_inside_belong_to_a_shape(kind: str) -> None:
    shapes = Shapes([_corners(1.5, 2.5, 4.5, 6.5)], shape_type=kind)
    mask = mask_of(shapes, _screen(Image(np.zeros((8, 9)))))
    np.testing.assert_array_equal(mask, _square((8, 9), slice(2, 5), slice(3, 7)))


def test_triangle_has_half_the_pixels_of_its_square() -> None:
    shapes = Shapes([[[-0.5, -0.5], [-0.5, 40.1], [40.1, -0.5]]], shape_type="polygon")
    mask = mask_of(shapes, _screen(Image(np.zeros((40, 40)))))
    rows, columns = np.indices(mask.shape)
    np.testing.assert_array_equal(mask[rows + columns < 39], True)
    np.testing.assert_array_equal(mask[rows + columns > 41], False)


def test_ellipse_has_the_area_of_the_formula() -> None:
    shapes = Shapes([_corners(5, 10, 45, 90)], shape_type="ellipse")
    mask = mask_of(shapes, _screen(Image(np.zeros((50, 100)))))
    assert mask.sum() == pytest.approx(np.pi * 20 * 40, rel=0.01)
    assert mask[25, 50]
    assert mask[25, 11]
    assert mask[6, 50]
    assert not mask[6, 11], "a corner of its rectangle"
    rows, columns = np.nonzero(mask)
    assert (rows.mean(), columns.mean()) == (pytest.approx(25, abs=0.3), pytest.approx(50, abs=0.3))


@pytest.mark.parametrize("kind", ["line", "path"])
def test_what_has_no_inside_marks_nothing(kind: str) -> None:
    points = _corners(1, 1, 6, 6)[: 2 if kind == "line" else 4]
    mask = mask_of(Shapes([points], shape_type=kind), _screen(Image(np.zeros((8, 9)))))
    assert not mask.any()


def test_selected_shapes_count_or_all_if_none_is_selected() -> None:
    shapes = Shapes([_corners(0, 0, 1, 1), _corners(5, 5, 6, 6)], shape_type="rectangle")
    screen = _screen(Image(np.zeros((8, 9))))
    shapes.selected_data = {1}
    np.testing.assert_array_equal(
        mask_of(shapes, screen), _square((8, 9), slice(5, 7), slice(5, 7))
    )
    shapes.selected_data = set()
    assert mask_of(shapes, screen).sum() == 8


def test_layer_without_shapes_and_shapes_beside_the_image_mark_nothing() -> None:
    screen = _screen(Image(np.zeros((8, 9))))
    assert not mask_of(Shapes(ndim=2), screen).any()
    beside = Shapes([_corners(50, 50, 60, 60)], shape_type="rectangle")
    assert not mask_of(beside, screen).any()


def test_image_of_one_pixel_can_be_marked() -> None:
    shapes = Shapes([_corners(-2, -2, 2, 2)], shape_type="rectangle")
    np.testing.assert_array_equal(mask_of(shapes, _screen(Image(np.zeros((1, 1))))), [[True]])


def _region(kind: str, geometry: dict[str, Any]) -> Layer:
    """Rows 2 to 4 and columns 3 to 6, as shapes or as labels."""
    if kind == "labels":
        labels = _square((8, 9), slice(2, 5), slice(3, 7)).astype(int) * 3
        return Labels(labels, **geometry)
    return Shapes([_corners(1.5, 2.5, 4.5, 6.5)], shape_type="polygon", **geometry)


@pytest.mark.parametrize("kind", ["shapes", "labels"])
def test_region_that_is_turned_as_its_image_marks_the_same_pixels(kind: str) -> None:
    screen = _screen(Image(np.zeros((8, 9)), **TURNED))
    mask = mask_of(_region(kind, TURNED), screen)
    np.testing.assert_array_equal(mask, _square((8, 9), slice(2, 5), slice(3, 7)))


@pytest.mark.parametrize("kind", ["shapes", "labels"])
def test_region_is_found_where_it_lies_in_the_world(kind: str) -> None:
    # A quarter turn takes row r and column c of the image to world (-c, r).
    screen = _screen(Image(np.zeros((9, 8)), rotate=90))
    mask = mask_of(_region(kind, {"translate": (-8, 0)}), screen)
    # World rows -6 to -4 and columns 3 to 6 are its columns 4 to 6 and rows 3 to 6.
    np.testing.assert_array_equal(mask, _square((9, 8), slice(3, 7), slice(4, 7)))


@pytest.mark.parametrize("kind", ["shapes", "labels"])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_part_on_screen_is_every_few_pixels_of_the_whole(kind: str, step: int) -> None:
    layer = Image(np.zeros((8, 9)), **TURNED)
    whole = mask_of(_region(kind, TURNED), _screen(layer))
    part = Viewport(slice(1, 8), slice(2, 8), step)
    mask = mask_of(_region(kind, TURNED), _screen(layer, part))
    np.testing.assert_array_equal(mask, whole[1:8:step, 2:8:step])
    assert mask.any()


# ---- planes


def _stack_screen(plane: int) -> OnScreen:
    model = ViewerModel()
    layer = model.add_image(np.zeros((3, 8, 9)), scale=(2, 1, 1))
    model.dims.set_point(0, 2 * plane)
    return on_screen(model, read_source(layer))


def test_shape_counts_on_its_own_plane_and_a_flat_one_on_all() -> None:
    flat = _corners(1.5, 2.5, 4.5, 6.5)
    on_plane_1 = np.column_stack([np.full(4, 1.0), flat])
    shapes = Shapes([on_plane_1], shape_type="polygon", scale=(2, 1, 1))
    everywhere = Shapes([flat], shape_type="polygon")
    for plane in range(3):
        screen = _stack_screen(plane)
        assert mask_of(shapes, screen).sum() == (12 if plane == 1 else 0)
        assert mask_of(everywhere, screen).sum() == 12


def test_labels_of_a_stack_are_those_of_the_plane_and_flat_ones_serve_all() -> None:
    labels = np.zeros((3, 8, 9), int)
    labels[1, 2:5, 3:7] = 1
    stack = Labels(labels, scale=(2, 1, 1))
    flat = Labels(labels[1])
    assert [mask_of(stack, _stack_screen(plane)).sum() for plane in range(3)] == [0, 12, 0]
    assert [mask_of(flat, _stack_screen(plane)).sum() for plane in range(3)] == [12, 12, 12]


# ---- labels


def test_selected_label_counts_or_all_if_there_is_none_of_it() -> None:
    data = np.zeros((8, 9), int)
    data[0, :2], data[7, :3] = 1, 2
    labels = Labels(data)
    screen = _screen(Image(np.zeros((8, 9))))
    found = []
    for selected in (1, 2, 5, 0):
        labels.selected_label = selected
        found.append(int(mask_of(labels, screen).sum()))
    assert found == [2, 3, 5, 5]


def test_labels_smaller_than_the_image_mark_nothing_beside_themselves() -> None:
    screen = _screen(Image(np.zeros((8, 9))))
    np.testing.assert_array_equal(
        mask_of(Labels(np.ones((2, 3), int)), screen), _square((8, 9), slice(0, 2), slice(0, 3))
    )
    assert not mask_of(Labels(np.zeros((8, 9), int)), screen).any()


def test_labels_with_levels_are_read_from_the_finest() -> None:
    finest = _square((8, 8), slice(2, 5), slice(3, 7)).astype(int)
    labels = Labels([finest, np.zeros((4, 4), int)], multiscale=True)
    mask = mask_of(labels, _screen(Image(np.zeros((8, 8)))))
    np.testing.assert_array_equal(mask, finest.astype(bool))


def test_shapes_and_labels_can_mark_regions() -> None:
    assert is_region(Shapes())
    assert is_region(Labels(np.zeros((2, 2), int)))
    assert not is_region(Image(np.zeros((2, 2))))
    assert not is_region(Points())
