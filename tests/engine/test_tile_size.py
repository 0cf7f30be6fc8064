"""The side of tiles: all threads have one, none is mostly halo, and two threads halve it once."""

from __future__ import annotations

import threading

import pytest

from napari_zerodce.device import Device, OutOfDeviceMemory
from napari_zerodce.engine.tile_size import TileSize, count_of_tiles, side_for_all


@pytest.mark.parametrize(
    ("shape", "planes", "workers", "expected"),
    [
        ((2048, 2048), 1, 2, 160),  # many tiles
        ((160, 160), 1, 1, 160),
        ((160, 160), 1, 2, 80),
        ((160, 160), 2, 2, 160),  # a plane for each
        ((160, 160), 1, 5, 64),
        ((30, 40), 1, 2, 64),  # smaller tiles would be mostly halo
        ((1, 100_000), 1, 16, 160),
    ],
)
def test_every_thread_has_a_tile_if_tiles_stay_large_enough(shape, planes, workers, expected):
    assert side_for_all(160, shape, planes=planes, workers=workers) == expected


def test_a_side_that_is_small_already_stays():
    assert side_for_all(10, (30, 40), planes=1, workers=99) == 10


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
