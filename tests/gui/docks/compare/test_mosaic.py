"""Pictures in one: each tile has all its pixels, the rest is empty."""

from __future__ import annotations

import numpy as np

from napari_zerodce.gui.docks.compare.mosaic import mosaic


def test_three_mono_pictures_in_two_columns() -> None:
    pictures = [np.full((10, 6), number, np.uint16) for number in (7, 8, 9)]
    found = mosaic(pictures, 2, empty=3)
    gap = 4
    assert found.corners.tolist() == [[gap, 0], [gap, 6 + gap], [10 + 2 * gap, 0]]
    assert found.image.shape == (2 * (10 + gap), 2 * 6 + gap)
    assert found.image.dtype == np.uint16
    for picture, (top, left) in zip(pictures, found.corners, strict=True):
        np.testing.assert_array_equal(found.image[top : top + 10, left : left + 6], picture)
    assert np.count_nonzero(found.image == 3) == found.image.size - 3 * 60


def test_space_for_names_grows_with_the_pictures() -> None:
    found = mosaic([np.zeros((100, 10))] * 2, 1, empty=0)
    assert found.corners.tolist() == [[16, 0], [132, 0]]


def test_colours_are_opaque_and_the_space_between_them_is_not() -> None:
    colour = np.full((5, 5, 3), 20, np.uint8)
    found = mosaic([colour, np.full((5, 5), 9, np.uint8)], 2, empty=0)
    assert found.image.shape[-1] == 4
    (top, left), (_, second) = found.corners
    assert found.image[top, left].tolist() == [20, 20, 20, 255]
    assert found.image[top, second].tolist() == [9, 9, 9, 255]
    assert found.image[0, 0].tolist() == [0, 0, 0, 0]
    transparent = np.zeros((5, 5, 4), np.float32)
    assert mosaic([transparent], 1, empty=0).image.max() == 0
    opaque = mosaic([np.zeros((5, 5, 3), np.float32)], 1, empty=0)
    assert opaque.image[..., 3].max() == 1


def test_one_pixel() -> None:
    assert mosaic([np.ones((1, 1))], 1, empty=np.nan).image[4, 0] == 1
