"""A region of a plane that is read in blocks is that region; no chunk is read twice in a row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.imaging import blocks
from napari_zerodce.imaging.blocks import BlockwisePlane


class Counting:
    """A lazy plane that counts how often each sample is read."""

    def __init__(self, array: np.ndarray, chunks: tuple[int, ...] | None) -> None:
        self.array, self.chunks = array, chunks
        self.shape, self.dtype = array.shape, array.dtype
        self.read = np.zeros(array.shape, int)

    def __getitem__(self, key):
        self.read[key] += 1
        return self.array[key]


PLANE = np.arange(23 * 31 * 3).reshape(23, 31, 3)


@given(
    st.tuples(st.integers(0, 23), st.integers(0, 23)).map(sorted),
    st.tuples(st.integers(0, 31), st.integers(0, 31)).map(sorted),
    st.sampled_from([(5, 7), (1, 31), (23, 31), (4, 4)]),
    st.booleans(),
)
def test_a_region_is_that_of_the_plane(rows, columns, chunks, colour) -> None:
    plane = PLANE if colour else PLANE[..., 0]
    chunks = (*chunks, 3) if colour else chunks
    key = (slice(*rows), slice(*columns), *([slice(0, 3)] if colour else []))
    np.testing.assert_array_equal(BlockwisePlane(Counting(plane, chunks))[key], plane[key])


def test_overlapping_tiles_read_each_sample_once(monkeypatch) -> None:
    monkeypatch.setattr(blocks, "_SAMPLES_OF_BLOCK", 1)
    plane = Counting(PLANE[..., 0], (5, 7))
    blockwise = BlockwisePlane(plane)
    for row in range(0, 23, 4):
        for column in range(0, 31, 4):
            blockwise[max(0, row - 2) : row + 6, max(0, column - 2) : column + 6]
    assert (plane.read == 1).all()


def test_no_more_blocks_stay_than_there_is_room_for(monkeypatch) -> None:
    monkeypatch.setattr(blocks, "_SAMPLES_OF_BLOCK", 1)
    monkeypatch.setattr(blocks, "_ROOM", 3 * 5 * 7 * 8)
    blockwise = BlockwisePlane(Counting(PLANE[..., 0], (5, 7)))
    blockwise[:, :]
    assert len(blockwise._blocks) == 3


def test_only_what_is_asked_for_is_read_of_a_plane_without_chunks() -> None:
    plane = Counting(np.zeros((3000, 2000), np.uint8), None)
    BlockwisePlane(plane)[10:20, 5:9]
    assert plane.read.sum() == 1024**2
    with pytest.raises(OSError, match="gone"):
        BlockwisePlane(Gone())[0:1, 0:1]


class Gone:
    shape, dtype, chunks = (10, 10), np.dtype(np.uint8), (5, 5)

    def __getitem__(self, _key):
        raise OSError("gone")
