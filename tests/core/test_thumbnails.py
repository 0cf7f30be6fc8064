"""Thumbnails and enlarged maps: torch's own, exact far away, the same in parts and in any kind."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from napari_zerodce.core.arrays import to_numpy
from napari_zerodce.core.memory_order import interleaved, is_interleaved
from napari_zerodce.core.thumbnails import (
    enlarge_maps,
    enlarge_to,
    mapped_pixels,
    middle_pixels,
    stretch_maps,
    thumbnail,
)

KINDS = {"numpy": np.asarray, "interleaved": interleaved, "torch": torch.from_numpy}


@pytest.fixture(params=KINDS, ids=KINDS)
def kind(request):
    return KINDS[request.param]


def picture(height, width):
    """A smooth image with structure of its own in each channel, shape (1, 3, height, width)."""
    channel, row, column = np.mgrid[:3, :height, :width].astype(np.float64)
    waves = np.sin(0.41 * row + channel) * np.cos(0.29 * column - 0.7 * channel)
    return (0.35 + 0.3 * waves).astype(np.float32)[None]


@pytest.mark.parametrize(
    ("length", "scale_factor", "expected"),
    [
        (24, 12, ([5, 17], [6, 18])),
        (35, 12, ([5, 17], [6, 18])),  # 11 pixels fill no block
        (9, 3, ([1, 4, 7], [1, 4, 7])),
        (5, 1, ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])),
        (7, 12, ([3], [3])),
        (4, 12, ([1], [2])),
        (1, 12, ([0], [0])),
    ],
)
def test_middle_pixels_of_blocks(length, scale_factor, expected):
    pixels = list(range(length))
    assert tuple(pixels[part] for part in middle_pixels(length, scale_factor)) == expected


@pytest.mark.parametrize(("height", "width"), [(24, 36), (25, 47), (12, 12)])
@pytest.mark.parametrize("scale_factor", [1, 2, 3, 4, 12])
def test_a_thumbnail_is_torchs_bilinear_one(height, width, scale_factor, kind):
    image = picture(height, width)
    rows, columns = height // scale_factor, width // scale_factor
    expected = interpolate(
        torch.from_numpy(image[..., : rows * scale_factor, : columns * scale_factor]),
        size=(rows, columns),
        mode="bilinear",
        align_corners=False,
    )
    small = to_numpy(thumbnail(kind(image), scale_factor))
    np.testing.assert_allclose(small, expected, rtol=0, atol=1e-6)


def test_enlarged_maps_are_torchs_with_aligned_corners(kind):
    maps = picture(5, 7)
    expected = interpolate(
        torch.from_numpy(maps), scale_factor=12, mode="bilinear", align_corners=True
    )
    enlarged = enlarge_maps(kind(maps), 12, rows=(0, 60), columns=(0, 84))
    np.testing.assert_allclose(to_numpy(enlarged), expected, rtol=0, atol=1e-6)


def test_enlarged_maps_keep_their_order_in_memory():
    maps = picture(5, 7)
    assert is_interleaved(enlarge_maps(interleaved(maps), 12, rows=(3, 40), columns=(0, 84)))
    assert not is_interleaved(enlarge_maps(maps, 12, rows=(3, 40), columns=(0, 84)))


def test_enlarged_by_hand(kind):
    # Two map pixels on four image pixels, corners aligned: thirds in between, then the edge.
    maps = kind(np.array([[[[0.0, 0.6]]]]))
    enlarged = enlarge_maps(maps, 2, rows=(0, 1), columns=(0, 6))
    np.testing.assert_allclose(to_numpy(enlarged), [[[[0.0, 0.2, 0.4, 0.6, 0.6, 0.6]]]], atol=1e-15)


@pytest.mark.parametrize(
    ("rows", "columns"), [((0, 1), (0, 1)), ((37, 60), (5, 84)), ((59, 65), (80, 90))]
)
def test_a_region_enlarged_alone_is_that_region_of_the_whole(rows, columns, kind):
    maps = picture(5, 7)
    whole = to_numpy(enlarge_maps(kind(maps), 12, rows=(0, 65), columns=(0, 90)))
    region = enlarge_maps(kind(maps), 12, rows=rows, columns=columns)
    np.testing.assert_array_equal(to_numpy(region), whole[..., slice(*rows), slice(*columns)])
    sides = (mapped_pixels(slice(*side), length, 12) for side, length in ((rows, 5), (columns, 7)))
    part = tuple(sides)
    few = kind(np.ascontiguousarray(maps[(..., *part)]))
    alone = enlarge_maps(few, 12, rows=rows, columns=columns, part=part, size=(5, 7))
    np.testing.assert_array_equal(to_numpy(alone), to_numpy(region))


def test_pixels_beyond_the_last_block_have_the_value_of_its_edge(kind):
    enlarged = to_numpy(enlarge_to(kind(picture(5, 7))[None], 12, (65, 90)))
    edges = np.broadcast_to(enlarged[..., 59:60, 83:84], enlarged[..., 60:, 84:].shape)
    np.testing.assert_array_equal(enlarged[..., 60:, 84:], edges)


def test_places_are_exact_far_from_the_corner(kind):
    # A ramp over a million pixels: float32 places would be off by whole pixels of the image there.
    size, scale = 100_000, 12
    ramp = kind(np.arange(size, dtype=np.float64)[None, None, None])
    last = size * scale - 1
    value = to_numpy(enlarge_maps(ramp, scale, rows=(0, 1), columns=(last - 1, last + 1)))
    expected = [(last - 1) * (size - 1) / last, size - 1.0]
    np.testing.assert_allclose(value[0, 0, 0], expected, rtol=0, atol=1e-9)


def test_stretched_by_hand(kind):
    # The middles of four pixels lie at 1/8, 3/8, 5/8 and 7/8, those of two map pixels at 1/4, 3/4.
    maps = np.array([[[[0.0, 0.8]]]])
    stretched = stretch_maps(kind(maps), (1, 4), rows=(0, 1), columns=(0, 4))
    np.testing.assert_allclose(to_numpy(stretched), [[[[0.0, 0.2, 0.6, 0.8]]]], atol=1e-15)
    single = stretch_maps(kind(maps[..., :1] + 0.5), (3, 3), rows=(0, 3), columns=(1, 3))
    np.testing.assert_allclose(to_numpy(single), np.full((1, 1, 3, 2), 0.5))


def test_a_stretched_part_is_that_part_of_the_whole(kind):
    maps = kind(picture(5, 7))
    whole = to_numpy(stretch_maps(maps, (40, 60), rows=(0, 40), columns=(0, 60)))
    region = stretch_maps(maps, (40, 60), rows=(3, 21), columns=(7, 60))
    np.testing.assert_array_equal(to_numpy(region), whole[..., 3:21, 7:60])
    spans = ((0.25, 0.75), (0.5, 1.0))  # an image that shows these rows and columns only
    part = stretch_maps(maps, (20, 30), rows=(0, 20), columns=(0, 30), spans=spans)
    np.testing.assert_allclose(to_numpy(part), whole[..., 10:30, 30:60], rtol=0, atol=1e-6)
