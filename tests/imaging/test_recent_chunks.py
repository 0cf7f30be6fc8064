"""Recent chunks are read once, whole and aligned; tiles suit the chunks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_zerodce.imaging.recent_chunks import (
    RecentChunks,
    reading_unit,
    tile_sides,
    with_recent_chunks,
)

WHOLE = np.arange(3 * 20 * 30, dtype=np.uint16).reshape(3, 20, 30)


class Counted:
    """An array with chunks that notes each region that is read of it."""

    def __init__(self, array: np.ndarray, chunks: Any) -> None:
        self._array, self.chunks = array, chunks
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim
        self.read: list[Any] = []

    def __getitem__(self, key: Any) -> np.ndarray:
        self.read.append(key)
        return self._array[key]


@pytest.mark.parametrize(
    "key",
    [
        (1, slice(3, 17), slice(5, 29)),
        (slice(None), 4, slice(None, None, 3)),
        (slice(2, 0, -1), slice(15, 2, -4), slice(None, None, -1)),
        (Ellipsis, 7),
        (0, slice(5, 5)),
        2,
    ],
    ids=str,
)
def test_every_key_reads_what_the_array_has(key: Any) -> None:
    recent = RecentChunks(Counted(WHOLE, (1, 8, 8)), (1, 8, 8))
    np.testing.assert_array_equal(recent[key], WHOLE[key])


def test_overlapping_regions_read_each_chunk_once() -> None:
    counted = Counted(WHOLE, (1, 8, 8))
    recent = RecentChunks(counted, (1, 8, 8))
    recent[0, 0:12, 0:12]
    assert len(counted.read) == 4, "2x2 chunks"
    recent[0, 4:16, 4:16]
    assert len(counted.read) == 4, "the same ones"
    recent[1, 0:8, 0:8]
    assert counted.read[-1] == (slice(1, 2), slice(0, 8), slice(0, 8))


def test_chunks_that_were_read_longest_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_zerodce.imaging.recent_chunks._MOST_BYTES", 2 * 8 * 8 * 2)
    counted = Counted(WHOLE, (1, 8, 8))
    recent = RecentChunks(counted, (1, 8, 8))
    for column in (0, 8, 0, 16, 0, 8):
        recent[0, 0, column]
    assert len(counted.read) == 4, "the first stays in use, the second is read twice"


def test_only_lazy_arrays_with_regular_chunks_of_suitable_size_have_a_unit() -> None:
    assert reading_unit(WHOLE) is None
    assert reading_unit(Counted(WHOLE, None)) is None
    assert reading_unit(Counted(WHOLE, ((1, 1, 1), (8, 12), (30,)))) is None, "irregular"
    assert reading_unit(Counted(WHOLE, ((1, 1, 1), (8, 8, 4), (30,)))) == (1, 20, 30)
    huge = np.broadcast_to(np.uint16(0), (50, 9000, 9000))
    assert reading_unit(Counted(huge, (1, 256, 300))) == (1, 512, 600)
    assert reading_unit(Counted(huge, (1, 9000, 9000))) is None, "a chunk of 154 MiB"
    assert with_recent_chunks(WHOLE) is WHOLE
    assert isinstance(with_recent_chunks(Counted(WHOLE, (1, 8, 8))), RecentChunks)


@pytest.mark.parametrize(
    ("chunks", "sides"),
    [
        (None, (512, 512)),
        ((1, 64, 300), (512, 600)),
        ((1, 2048, 1000), (512, 1000)),
        ((1, 4096, 4096), (512, 512)),
    ],
)
def test_tiles_are_whole_chunks_if_those_are_small(chunks: Any, sides: Any) -> None:
    huge = np.broadcast_to(np.uint16(0), (50, 9000, 9000))
    assert tile_sides(Counted(huge, chunks), 1) == sides
    assert tile_sides(Counted(WHOLE, chunks), 1) == (20, 30), "never larger than the plane"
