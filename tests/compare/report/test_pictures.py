"""Pictures: the window is black and white, and large ones become small."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from napari_zerodce.compare.plane import PlaneInWindow
from napari_zerodce.compare.report.pictures import (
    DETAIL_SIDE,
    LONGEST_SIDE,
    detail_of,
    save_picture,
    shown,
)
from napari_zerodce.imaging.windows import Window


def test_window_is_black_to_white() -> None:
    plane = PlaneInWindow(np.zeros((1, 5)), "mono", Window(100, 200))
    samples = np.array([[0, 100, 150, 200, np.nan]])
    np.testing.assert_array_equal(shown(plane, samples), [[0, 0, 128, 255, 0]])


def test_alpha_is_not_shown() -> None:
    samples = np.full((2, 3, 4), 51, np.uint8)
    picture = shown(PlaneInWindow(samples, "rgba", Window(0, 255)), samples)
    np.testing.assert_array_equal(picture, np.full((2, 3, 3), 51))


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_small_picture_keeps_its_pixels(tmp_path, shape) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    save_picture(tmp_path / "small.png", picture)
    np.testing.assert_array_equal(Image.open(tmp_path / "small.png"), picture)


def test_large_picture_becomes_the_mean_of_its_pixels(tmp_path) -> None:
    pair = np.array([[10, 20]], np.uint8)
    save_picture(tmp_path / "large.png", np.tile(pair, (1, LONGEST_SIDE)))
    small = np.asarray(Image.open(tmp_path / "large.png"))
    assert small.shape == (1, LONGEST_SIDE)
    assert (small == 15).all()


def test_detail_of_a_large_picture_is_where_the_contrast_is() -> None:
    picture = np.zeros((1200, 900, 3), np.uint8)
    picture[500:700:2, 420:700] = 255
    rows, columns = detail_of(picture)
    assert (rows, columns) == (slice(400, 800), slice(400, 800))


@pytest.mark.parametrize("shape", [(1, 2000), (1100, 300), (1025, 1025)])
def test_detail_lies_inside_the_picture(shape) -> None:
    picture = np.zeros(shape, np.uint8)
    part = picture[detail_of(picture)]
    assert part.shape == tuple(min(side, DETAIL_SIDE) for side in shape)


def test_small_picture_has_no_detail() -> None:
    assert detail_of(np.zeros((LONGEST_SIDE, 5), np.uint8)) is None
