"""What a layer offers depends on its axes; a choice becomes exactly that part of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Shapes

from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.gui.layers.scope import (
    ALL,
    PartChoice,
    PlaneAxis,
    box_of,
    offer_for,
    plane_axes,
    scope_for,
)
from napari_zerodce.gui.layers.source import Source, read_source
from napari_zerodce.imaging.scope import Scope

BOX = [[2.2, 3], [2.2, 7.6], [5, 7.6], [5, 3]]


def _source(model: ViewerModel, shape: tuple[int, ...], **properties: Any) -> Source:
    return read_source(model.add_image(np.zeros(shape, np.uint16), **properties))


def _words(offered: Any) -> list[str]:
    return [words for _, words in offered]


@pytest.fixture
def movie(model: ViewerModel) -> Source:
    """Six times, one channel, four depths, planes of 20x30."""
    labels = ("t", "c", "z", "y", "x")
    return _source(model, (6, 1, 4, 20, 30), axis_labels=labels, scale=(2, 1, 5, 0.5, 0.5))


# ---- what is offered


def test_photo_offers_areas_alone(model: ViewerModel) -> None:
    photo = _source(model, (20, 30, 3), rgb=True)
    shapes = model.add_shapes(name="cells")
    offer = offer_for([photo], [shapes])
    assert offer.planes == ()
    assert _words(offer.areas) == ["Whole image", "Visible part", "Region: cells"]


def test_stack_offers_its_planes_and_axes_with_more_than_one(movie: Source) -> None:
    offer = offer_for([movie], [])
    assert _words(offer.planes) == ["All 24 planes", "This plane", "Range…"]
    assert _words(offer.areas) == ["Whole planes", "Visible part"]
    assert offer.axes == (PlaneAxis(0, "t", 6), PlaneAxis(2, "z", 4))


def test_axis_without_a_name_is_called_as_on_its_slider(model: ViewerModel) -> None:
    axes = plane_axes(_source(model, (6, 20, 30)))
    assert axes == (PlaneAxis(0, f"axis {model.dims.axis_labels[0]}", 6),)


def test_layers_that_differ_have_no_range_in_common(model: ViewerModel, movie: Source) -> None:
    photo, mask = _source(model, (20, 30)), read_source(Image(np.zeros((3, 8, 8), bool)))
    assert _words(offer_for([movie, movie], []).planes)[2] == "Range…"
    offer = offer_for([photo, movie, mask], [])
    assert _words(offer.planes) == ["All planes", "This plane"]
    assert offer.axes == ()
    assert offer_for([mask], []).planes == offer_for([], []).planes == ()


@pytest.mark.parametrize(
    ("choice", "fitting"),
    [
        (ALL, ALL),
        (PartChoice("screen", "screen"), PartChoice("screen", "screen")),
        (PartChoice("range", "whole", ((0, 5), (2, 3))),) * 2,
        (PartChoice("range", "screen", ((0, 6), (2, 3))), PartChoice("all", "screen")),
        (PartChoice("range", "whole", ((0, 5),)), ALL),
        (PartChoice("screen", Shapes()), PartChoice("screen", "whole")),
    ],
)
def test_choice_that_is_not_offered_becomes_all(
    movie: Source, choice: PartChoice, fitting: PartChoice
) -> None:
    assert offer_for([movie], []).fitting(choice) == fitting


# ---- the scope of a choice


def test_all_is_no_scope(model: ViewerModel, movie: Source) -> None:
    assert scope_for(model, movie, ALL) is None
    assert scope_for(model, movie, PartChoice("range", "whole", ((0, 5), (0, 3)))) is None


def test_this_plane_is_where_the_sliders_are(model: ViewerModel, movie: Source) -> None:
    model.dims.set_point((0, 2), (8, 15))  # in world coordinates
    scope = scope_for(model, movie, PartChoice("screen"))
    assert scope == Scope.plane(movie.layout, (4, 0, 3))
    model.dims.ndisplay = 3
    with pytest.raises(RequestError, match="3D"):
        scope_for(model, movie, PartChoice("screen"))
    photo = _source(model, (20, 30))
    assert scope_for(model, photo, PartChoice("screen")) is None, "it has no other plane"


def test_range_counts_both_ends(model: ViewerModel, movie: Source) -> None:
    scope = scope_for(model, movie, PartChoice("range", "whole", ((1, 4), (2, 2))))
    assert str(scope) == "1:5,0:1,2:3,0:20,0:30"
    with pytest.raises(RequestError, match="from 4 to 1"):
        scope_for(model, movie, PartChoice("range", "whole", ((4, 1), (0, 3))))


def test_visible_part_is_cut_at_the_edge(model: ViewerModel, movie: Source) -> None:
    movie.layer.corner_pixels = np.array([[0, 0, 0, 5, -9], [0, 0, 0, 40, 11]])
    scope = scope_for(model, movie, PartChoice("all", "screen"))
    assert str(scope) == "0:6,0:1,0:4,5:20,0:12"
    movie.layer.corner_pixels = np.array([[0, 0, 0, 5, 40], [0, 0, 0, 9, 50]])
    with pytest.raises(RequestError, match="No pixel"):
        scope_for(model, movie, PartChoice("all", "screen"))


def test_mask_has_no_scope(model: ViewerModel) -> None:
    mask = read_source(model.add_image(np.zeros((3, 8, 8), bool)))
    with pytest.raises(ImageError, match="mask"):
        scope_for(model, mask, ALL)


# ---- the box around shapes


def test_region_has_the_pixels_that_its_box_touches(model: ViewerModel) -> None:
    # The middle of a pixel is a whole number: 2.2 lies in pixel 2, and 7.6 in pixel 8.
    photo = _source(model, (20, 30))
    scope = scope_for(model, photo, PartChoice("all", model.add_shapes([BOX])))
    assert str(scope) == "2:6,3:9"


def test_region_follows_scale_and_place_of_both_layers(model: ViewerModel, movie: Source) -> None:
    # y and x of the movie are half as large: 2.2 to 5 are rows 4.4 to 10, moved by 1 row.
    shapes = model.add_shapes([BOX], translate=(0.5, 0))
    assert box_of(shapes, movie) == (slice(5, 12), slice(6, 16))


def test_selected_shapes_count_and_else_all(model: ViewerModel) -> None:
    photo = _source(model, (20, 30))
    line = [[10, 11], [12, 13]]
    shapes = model.add_shapes([BOX, line], shape_type=["rectangle", "line"])
    shapes.selected_data = {1}
    assert box_of(shapes, photo) == (slice(10, 13), slice(11, 14))
    shapes.selected_data = set()
    assert box_of(shapes, photo) == (slice(2, 13), slice(3, 14))


def test_shapes_of_a_stack_count_wherever_they_were_drawn(
    model: ViewerModel, movie: Source
) -> None:
    shapes = model.add_shapes([[(4, 0, 5, *corner) for corner in BOX]])
    assert box_of(shapes, movie) == (slice(4, 11), slice(6, 16))


def test_box_is_cut_at_the_edge_and_must_not_lie_outside(model: ViewerModel) -> None:
    photo = _source(model, (4, 5), name="small")
    shapes = model.add_shapes([BOX], name="box")
    assert box_of(shapes, photo) == (slice(2, 4), slice(3, 5))
    shapes.translate = (0, 9)
    with pytest.raises(RequestError, match="'box' is outside 'small'"):
        box_of(shapes, photo)
    with pytest.raises(RequestError, match="no shapes"):
        box_of(model.add_shapes(), photo)


def test_box_between_two_middles_has_a_pixel(model: ViewerModel) -> None:
    photo = _source(model, (4, 5))
    shapes = model.add_shapes([[[1, 1], [1, 1.5], [1.5, 1.5], [1.5, 1]]])
    assert box_of(shapes, photo) == (slice(1, 2), slice(1, 2))
