"""A part of a layer lies exactly on what it was cut from, however that is turned and sheared."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_zerodce.gui.layers.geometry import GEOMETRY, geometry_of_part, with_leading_axis

TURNED = {
    "scale": (3, 0.5, 0.25),
    "translate": (10, -4, 7),
    "rotate": 25,
    "shear": [0.1, 0.2, -0.3],
    "affine": np.array([[1, 0, 0, 2], [0, 1, 0.5, 0], [0, 0, 2, -1], [0, 0, 0, 1.0]]),
    "units": ("s", "um", "um"),
    "axis_labels": ("t", "y", "x"),
}


def _geometry(layer: Image) -> dict:
    state = layer.as_layer_data_tuple()[1]
    return {key: state[key] for key in GEOMETRY}


@pytest.mark.parametrize("properties", [{}, TURNED])
@pytest.mark.parametrize(("offset", "step"), [((0, 0, 0), 1), ((2, 5, 8), 1), ((1, 4, 6), 3)])
def test_each_pixel_of_a_part_is_where_it_was(properties: dict, offset: tuple, step: int) -> None:
    layer = Image(np.zeros((4, 30, 40)), **properties)
    part = Image(np.zeros((1, 5, 6)), **geometry_of_part(_geometry(layer), offset, step))
    for row, column in [(0, 0), (4, 5), (2, 1)]:
        place = (offset[0], offset[1] + step * row, offset[2] + step * column)
        np.testing.assert_allclose(
            part.data_to_world((0, row, column)), layer.data_to_world(place), atol=1e-9
        )
    assert part.axis_labels == layer.axis_labels
    assert part.units == layer.units


@pytest.mark.parametrize("properties", [{}, TURNED])
def test_one_more_axis_in_front_changes_nothing_behind_it(properties: dict) -> None:
    layer = Image(np.zeros((4, 30, 40)), **properties)
    wider = Image(np.zeros((8, 4, 30, 40)), **with_leading_axis(_geometry(layer), "iteration"))
    for place in [(0, 0, 0), (3, 29, 39), (1, 7, 20)]:
        world = wider.data_to_world((5, *place))
        assert world[0] == 5
        np.testing.assert_allclose(world[1:], layer.data_to_world(place), atol=1e-9)
    assert wider.axis_labels[0] == "iteration"
    assert wider.axis_labels[1:] == layer.axis_labels
