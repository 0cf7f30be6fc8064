"""A part of an image: its text, its shape, its planes, and its place in the image."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.planes import PlaneLayout, layout_of
from napari_zerodce.imaging.scope import Scope

MONO = layout_of(np.zeros((3, 4, 50, 60), np.uint16), channels="mono")
COLOUR = layout_of(np.zeros((5, 50, 60, 3), np.uint8), channels="rgb")


def test_the_whole_has_the_shape_of_the_image():
    assert Scope.whole(MONO).shape_in(MONO) == MONO.shape
    assert Scope.whole(COLOUR).shape_in(COLOUR) == COLOUR.shape
    assert Scope.whole(MONO).count == 12


def test_one_plane_keeps_all_axes():
    scope = Scope.plane(MONO, (2, 1))
    assert scope.shape_in(MONO) == (1, 1, 50, 60)
    assert list(scope.indices()) == [(2, 1)]
    assert scope.offset == (2, 1, 0, 0)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1:3,:,5:9,0:60", "1:3,0:4,5:9,0:60"),
        (" 2 , 0:1 , : , 10: ", "2:3,0:1,0:50,10:60"),
        ("0:3,:2,:,:", "0:3,0:2,0:50,0:60"),
    ],
)
def test_a_text_is_a_part_and_back(text, written):
    scope = Scope.parse(text, MONO)
    assert str(scope) == written
    assert Scope.parse(str(scope), MONO) == scope


@pytest.mark.parametrize(
    "text", ["", "1:3", ":,:,:", ":,:,:,:,:", "a,:,:,:", "-1:2,:,:,:", "1:2:3,:,:,:", "1.5,:,:,:"]
)
def test_a_text_of_another_form_is_refused(text):
    with pytest.raises(RequestError, match="does not describe 4 axes"):
        Scope.parse(text, MONO)


@pytest.mark.parametrize("text", ["3,:,:,:", "2:2,:,:,:", "2:1,:,:,:", ":,:,:51,:", ":,:,60:70,:"])
def test_a_part_that_is_not_inside_the_image_is_refused(text):
    with pytest.raises(RequestError, match="is not inside the image, which has 3x4x50x60"):
        Scope.parse(text, MONO)


def test_the_planes_and_the_place_of_each_in_the_part():
    scope = Scope.parse("1:3,2:4,10:20,30:60", MONO)
    assert list(scope.indices()) == [(1, 2), (1, 3), (2, 2), (2, 3)]
    assert scope.count == 4
    found = scope.place((2, 3), slice(12, 20), slice(30, 31))
    assert found == ((1, 1), slice(2, 10), slice(0, 1))


@pytest.mark.parametrize(
    ("finished", "expected"),
    [
        (0, None),
        (1, "0:1,0:1,0:50,0:60"),
        (3, "0:1,0:3,0:50,0:60"),
        (4, "0:1,0:4,0:50,0:60"),
        (11, "0:2,0:4,0:50,0:60"),  # a part has the same planes in each of its rows
        (12, "0:3,0:4,0:50,0:60"),
    ],
)
def test_the_first_planes_are_the_largest_part_of_them(finished, expected):
    found = Scope.whole(MONO).first_planes(finished)
    assert (None if found is None else str(found)) == expected


def test_a_single_plane_has_no_first_planes():
    layout = layout_of(np.zeros((5, 6)), channels="mono")
    assert Scope.whole(layout).first_planes(0) is None


def test_pixels_are_those_of_all_planes_of_the_region():
    assert Scope(((0, 2), (1, 4)), (10, 15), (0, 60)).pixels == 2 * 3 * 5 * 60


def test_the_extent_is_rows_and_columns():
    assert Scope.parse("1:3,:,5:9,0:60", MONO).extent == (4, 60)


def test_an_empty_text_of_a_provenance_is_all():
    assert Scope.written("", MONO) == Scope.whole(MONO)
    assert Scope.written("1,:,:,:", MONO) == Scope.parse("1,:,:,:", MONO)


def test_part_of_another_level_covers_the_part() -> None:
    fine, coarse = PlaneLayout((4, 100, 90), "mono"), PlaneLayout((2, 25, 30), "mono")
    scope = Scope(((1, 2),), (10, 50), (0, 31))
    assert scope.scaled(fine, coarse) == Scope(((0, 1),), (2, 13), (0, 11))
    assert Scope.whole(fine).scaled(fine, coarse) == Scope.whole(coarse)
