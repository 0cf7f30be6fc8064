"""Regions cover an image once, are no larger than asked for, and keep small planes whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.batch.parts import grouped, regions_of
from napari_zerodce.imaging.planes import PlaneLayout
from napari_zerodce.imaging.scope import Scope


@given(
    shape=st.lists(st.integers(1, 9), min_size=2, max_size=5).map(tuple),
    pixels=st.integers(1, 100),
)
def test_regions_cover_each_pixel_once_and_are_small_enough(shape, pixels) -> None:
    regions = regions_of(PlaneLayout(shape, "mono"), pixels=pixels)
    covered = np.zeros(shape, int)
    for region in regions:
        assert region.pixels <= pixels
        covered[(*(slice(*each) for each in region.leading), *region.region)] += 1
    assert (covered == 1).all()


@pytest.mark.parametrize(
    ("shape", "pixels", "expected"),
    [
        ((5, 4, 10, 10), 100, 20),  # a plane each
        ((5, 4, 10, 10), 200, 10),  # two planes of the last axis
        ((5, 4, 10, 10), 900, 3),  # two whole last axes, thrice, as five is 2 + 2 + 1
        ((5, 4, 10, 10), 99_999, 1),
        ((20, 20), 100, 4),
        ((1000, 2), 100, 20),  # strips of 50 rows
        ((2, 1000), 100, 20),
    ],
)
def test_how_many_regions_there_are(shape, pixels, expected) -> None:
    assert len(regions_of(PlaneLayout(shape, "mono"), pixels=pixels)) == expected


def test_colours_are_no_axis_of_planes() -> None:
    (region,) = regions_of(PlaneLayout((6, 7, 3), "rgb"), pixels=42)
    assert region == Scope((), (0, 6), (0, 7))


def test_small_regions_are_joined_in_order_and_large_ones_stay_alone() -> None:
    regions = [Scope((), (0, 1), (0, width)) for width in (3, 4, 20, 2, 2, 9)]
    parts = grouped(regions, pixels=10)
    assert [[each.pixels for each in part] for part in parts] == [[3, 4], [20], [2, 2], [9]]
    assert grouped([], pixels=10) == ()
