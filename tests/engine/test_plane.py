"""Samples of a plane go to [0, 1] and back as plain arithmetic in float32 says, block by block."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.engine import plane as plane_module
from napari_zerodce.engine.image_plane import ImagePlane
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.tiling import tile_plane
from napari_zerodce.imaging.windows import Window

RANDOM = np.random.default_rng(15)
SHAPES = {"mono": (37, 29), "rgb": (37, 29, 3), "rgba": (37, 29, 4)}


def plainly(image, window, function):
    """Return the enhanced image in the arithmetic that the results have always had."""
    low, high = np.float32(window.low), np.float32(window.high)
    unit = function(np.clip((image.astype(np.float32) - low) / (high - low), 0, 1))
    inside = (image >= window.low) & (image <= window.high)
    made = np.floor(unit * (high - low) + np.float32(window.low + 0.5)).astype(image.dtype)
    return np.where(inside, made, image)


@pytest.mark.parametrize("channels", SHAPES)
@pytest.mark.parametrize(
    ("dtype", "window"),
    [
        (np.uint8, Window(0, 255)),
        (np.uint8, Window(20, 150)),
        (np.uint16, Window(0, 65535)),
        (np.uint16, Window(1100, 20000)),
        (np.int16, Window(-300, 5000)),
    ],
)
def test_samples_become_what_plain_arithmetic_gives(monkeypatch, channels, dtype, window):
    monkeypatch.setattr(plane_module, "_IN_CACHE", 200)  # several blocks a tile
    limits = np.iinfo(dtype)
    image = RANDOM.integers(limits.min, limits.max, SHAPES[channels], dtype, endpoint=True)
    layout = layout_of(image, channels=channels)
    plane, output = ImagePlane(image, (), layout=layout, window=window), np.zeros_like(image)
    for tile in tile_plane(37, 29, size=16, halo=3):
        block = plane.read(tile.outer_rows, tile.outer_columns)
        unit = np.sqrt(plane.normalised(block))
        inner = (..., tile.inner_rows, tile.inner_columns)
        plane.write(output, tile, plane.restored(unit[inner], block[inner]), Scope.whole(layout))
    expected = plainly(image, window, np.sqrt)
    if channels == "rgba":
        expected[..., 3] = image[..., 3]
    np.testing.assert_array_equal(output, expected)


def test_reading_a_region_in_memory_copies_nothing():
    image = RANDOM.integers(0, 255, (8, 9, 3), np.uint8)
    plane = ImagePlane(image, (), layout=layout_of(image, channels="rgb"), window=Window(0, 255))
    assert np.shares_memory(plane.read(slice(2, 5), slice(1, 4)), image)
