"""Tiles cover a plane once, are no larger than asked for, and see a halo that ends at the edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.imaging.tiling import (
    Tile,
    flat_sides,
    grown,
    tile_plane,
    tile_region,
    within,
)

sides = st.integers(1, 40)
sizes = st.integers(1, 50)
halos = st.integers(0, 20)
multiples = st.integers(1, 17)


@given(sides, sides, sizes, halos, multiples)
def test_every_pixel_is_written_once(height, width, size, halo, multiple):
    written = np.zeros((height, width), int)
    for tile in tile_plane(height, width, size=size, halo=halo, multiple=multiple):
        written[tile.rows, tile.columns] += 1
    assert (written == 1).all()


@given(sides, sides, sizes, halos, multiples)
def test_the_inner_part_of_the_outer_block_is_the_written_part(height, width, size, halo, multiple):
    plane = np.arange(height * width).reshape(height, width)
    for tile in tile_plane(height, width, size=size, halo=halo, multiple=multiple):
        outer = plane[tile.outer_rows, tile.outer_columns]
        inner = outer[tile.inner_rows, tile.inner_columns]
        np.testing.assert_array_equal(inner, plane[tile.rows, tile.columns])


@given(sides, sizes, halos, multiples)
def test_the_halo_is_whole_except_where_the_plane_ends(length, size, halo, multiple):
    for tile in tile_plane(length, 1, size=size, halo=halo, multiple=multiple):
        before = tile.rows.start - tile.outer_rows.start
        after = tile.outer_rows.stop - tile.rows.stop
        assert before == min(halo, tile.rows.start)
        assert after == min(halo, length - tile.rows.stop)


@given(sides, sizes, multiples)
def test_tiles_are_no_larger_than_asked_for(length, size, multiple):
    tiles = tile_plane(length, 1, size=size, halo=3, multiple=multiple)
    assert all(tile.rows.stop - tile.rows.start <= max(size, multiple) for tile in tiles)


@given(sides, sizes, multiples)
def test_tiles_begin_at_multiples(length, size, multiple):
    tiles = tile_plane(length, 1, size=size, halo=3, multiple=multiple)
    assert all(tile.rows.start % multiple == 0 for tile in tiles)


@given(sides, sizes, multiples)
def test_there_are_as_few_tiles_as_possible_and_none_is_a_sliver(length, size, multiple):
    tiles = tile_plane(length, 1, size=size, halo=0, multiple=multiple)
    largest = max(1, size // multiple) * multiple
    assert len(tiles) == -(-length // largest)
    # In whole multiples they differ by at most one; the last one may not fill its last multiple.
    units = [-(-(tile.rows.stop - tile.rows.start) // multiple) for tile in tiles]
    assert max(units) - min(units) <= 1


def test_a_row_of_ten_pixels_is_cut_in_three():
    assert tuple(tile_plane(1, 10, size=4, halo=2)) == (
        _in_a_row(written=(0, 3), read=(0, 5), inner=(0, 3)),
        _in_a_row(written=(3, 6), read=(1, 8), inner=(2, 5)),
        _in_a_row(written=(6, 10), read=(4, 10), inner=(2, 6)),
    )


def test_a_plane_that_fits_is_one_tile_without_a_halo():
    (tile,) = tile_plane(5, 6, size=6, halo=7)
    assert tile == Tile(*[slice(0, 5), slice(0, 6)] * 3)


def test_tiles_come_row_by_row():
    tiles = tile_plane(4, 4, size=2, halo=1)
    assert [(tile.rows.start, tile.columns.start) for tile in tiles] == [
        (0, 0),
        (0, 2),
        (2, 0),
        (2, 2),
    ]


def test_a_size_below_the_multiple_becomes_the_multiple():
    tiles = tile_plane(30, 1, size=5, halo=0, multiple=12)
    assert [tile.rows.start for tile in tiles] == [0, 12, 24]


@pytest.mark.parametrize(
    "numbers",
    [
        {"height": 0},
        {"width": 0},
        {"size": 0},
        {"halo": -1},
        {"multiple": 0},
    ],
)
def test_nonsense_is_our_own_mistake(numbers):
    with pytest.raises(ValueError, match="invalid tiles"):
        tile_plane(**{"height": 4, "width": 4, "size": 2, "halo": 0, "multiple": 1, **numbers})


def _in_a_row(*, written, read, inner):
    row = slice(0, 1)
    return Tile(row, slice(*written), row, slice(*read), row, slice(*inner))


# ---- regions


@st.composite
def regions(draw):
    """A plane's shape, and rows and columns inside it."""
    shape = draw(sides), draw(sides)
    ends = [sorted((draw(st.integers(0, side - 1)), draw(st.integers(1, side)))) for side in shape]
    rows, columns = (slice(start, max(stop, start + 1)) for start, stop in ends)
    return shape, rows, columns


@given(regions(), sizes, halos)
def test_every_pixel_of_a_region_is_written_once_and_no_other(region, size, halo):
    shape, rows, columns = region
    written, expected = np.zeros(shape, int), np.zeros(shape, int)
    expected[rows, columns] = 1
    for tile in tile_region(rows, columns, shape, size=size, halo=halo):
        written[tile.rows, tile.columns] += 1
    np.testing.assert_array_equal(written, expected)


@given(regions(), sizes, halos)
def test_tiles_of_a_region_see_around_it_as_far_as_the_plane_goes(region, size, halo):
    shape, rows, columns = region
    plane = np.arange(shape[0] * shape[1]).reshape(shape)
    for tile in tile_region(rows, columns, shape, size=size, halo=halo):
        outer = plane[tile.outer_rows, tile.outer_columns]
        inner = outer[tile.inner_rows, tile.inner_columns]
        np.testing.assert_array_equal(inner, plane[tile.rows, tile.columns])
        for side, read, length in zip(
            (tile.rows, tile.columns), (tile.outer_rows, tile.outer_columns), shape, strict=True
        ):
            assert side.stop - side.start <= size
            assert read.start == max(0, side.start - halo)
            assert read.stop == min(length, side.stop + halo)


@given(sides, sides, sizes, halos)
def test_the_whole_plane_is_a_region_too(height, width, size, halo):
    whole = tile_region(slice(0, height), slice(0, width), (height, width), size=size, halo=halo)
    assert tuple(whole) == tuple(tile_plane(height, width, size=size, halo=halo))


def test_a_region_by_hand():
    assert tuple(tile_region(slice(0, 1), slice(2, 8), (1, 9), size=3, halo=2)) == (
        _in_a_row(written=(2, 5), read=(0, 7), inner=(2, 5)),
        _in_a_row(written=(5, 8), read=(3, 9), inner=(2, 5)),
    )


def test_flat_tiles_by_hand():
    assert flat_sides(384, 1200) == (122, 1200)
    assert flat_sides(384, 9000) == (96, 1536)
    assert flat_sides(384, 100) == (1474, 100)
    assert flat_sides(64, 1200) == (64, 64)


@given(size=st.integers(1, 3000), width=st.integers(1, 10**6))
def test_flat_tiles_are_no_larger_than_square_ones_and_have_no_fewer_rows_than_96(size, width):
    rows, columns = flat_sides(size, width)
    assert rows * columns <= size**2
    assert 1 <= columns <= width
    assert rows >= min(size, 96)


def test_a_tile_may_have_more_columns_than_rows():
    tiles = tile_region(slice(0, 5), slice(2, 9), (5, 10), size=(3, 7), halo=0)
    assert [(tile.rows, tile.columns) for tile in tiles] == [
        (slice(0, 2), slice(2, 9)),
        (slice(2, 5), slice(2, 9)),
    ]


@given(sides, st.data(), halos)
def test_what_lies_around_a_side_is_clipped_and_holds_it(length, data, halo):
    start = data.draw(st.integers(0, length - 1))
    side = slice(start, data.draw(st.integers(start + 1, length)))
    outer = grown(side, length, halo)
    assert (outer.start, outer.stop) == (max(0, start - halo), min(length, side.stop + halo))
    axis = np.arange(length)
    np.testing.assert_array_equal(axis[outer][within(side, outer)], axis[side])


def test_sides_by_hand():
    assert grown(slice(3, 5), 10, 2) == slice(1, 7)
    assert grown(slice(0, 1), 1, 7) == slice(0, 1)
    assert grown(slice(1, 9), 10, 4) == slice(0, 10)
    assert within(slice(3, 5), slice(1, 7)) == slice(2, 4)


def test_the_tiles_of_a_huge_plane_are_made_one_by_one():
    tiles = tile_plane(100_000, 100_000, size=160, halo=7)
    assert len(tiles) == 625 * 625
    assert tiles[-1].rows == tiles[-1].columns == slice(99_840, 100_000)
    assert tiles[625] == tiles[624:626][1]
    assert tiles[625].rows == slice(160, 320)
    assert tiles[625].outer_columns == slice(0, 167)
    with pytest.raises(IndexError):
        tiles[625 * 625]
