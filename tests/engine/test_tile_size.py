"""The side of tiles: all threads have one, none is mostly halo, and two threads halve it once."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.device import Device, OutOfDeviceMemory
from napari_zerodce.engine.tile_size import TileSize, count_of_tiles, side_for_all
from napari_zerodce.imaging.tiling import tile_plane


@pytest.mark.parametrize(
    ("shape", "planes", "workers", "expected"),
    [
        ((160, 160), 1, 1, 160),
        ((160, 160), 1, 2, 144),  # four tiles of 80 pixels
        ((160, 160), 2, 2, 160),  # a plane for each
        ((200, 160), 1, 2, 160),  # two tiles of 100x160 pixels
        ((30, 40), 1, 2, 160),  # half of it would be mostly halo
        ((480, 480), 1, 9, 160),
        ((480, 480), 1, 16, 144),
    ],
)
def test_tiles_are_as_large_as_keeps_every_thread_busy(shape, planes, workers, expected):
    found = side_for_all(160, shape, planes=planes, workers=workers, halo=7)
    assert count_of_tiles(shape, found) == count_of_tiles(shape, expected)


@given(
    shape=st.tuples(st.integers(1, 600), st.integers(1, 600)),
    planes=st.integers(1, 3),
    workers=st.integers(1, 9),
)
def test_no_side_makes_the_busiest_thread_do_less(shape, planes, workers):
    def most(side):
        tiles = tile_plane(*shape, size=side, halo=7)
        largest = max(area(tile) for tile in tiles)
        return -(-planes * len(tiles) // workers) * largest

    def area(tile):
        rows, columns = tile.rows, tile.columns
        return (rows.stop - rows.start + 14) * (columns.stop - columns.start + 14)

    found = side_for_all(160, shape, planes=planes, workers=workers, halo=7)
    assert most(found) == min(most(side) for side in range(64, 161, 16))


def test_a_side_that_is_small_already_stays():
    assert side_for_all(10, (30, 40), planes=1, workers=99, halo=7) == 10


@pytest.mark.parametrize(("shape", "expected"), [((1, 1), 1), ((16, 17), 2), ((33, 33), 9)])
def test_the_count_of_tiles_rounds_up(shape, expected):
    assert count_of_tiles(shape, 16) == expected


def test_two_threads_that_run_out_of_memory_halve_the_side_once():
    sizes = TileSize(Device("cpu", ""), 256)
    both = threading.Barrier(2, timeout=120)
    tried = []

    def attempt(side):
        tried.append(side)
        if side == 256:
            both.wait()
            raise OutOfDeviceMemory

    threads = [
        threading.Thread(target=sizes.shrink_until_it_fits, args=(attempt,)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tried) == [128, 128, 256, 256]
    assert sizes.side == 128
    assert len(sizes.notices) == 1
