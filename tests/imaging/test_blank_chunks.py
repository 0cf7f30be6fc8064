"""Chunks that cannot be read are blank and named; what is made of them stays blank, too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_zerodce.imaging.blank_chunks import BlankChunks, with_blank_chunks
from napari_zerodce.imaging.recent_chunks import RecentChunks

WHOLE = np.arange(1, 1 + 3 * 20 * 30, dtype=np.float32).reshape(3, 20, 30)


class Damaged:
    """An array of which one chunk is lost."""

    def __init__(self, array: np.ndarray) -> None:
        self._array, self.shape, self.dtype = array, array.shape, array.dtype
        self.tries = 0

    def __getitem__(self, key: Any) -> np.ndarray:
        if key == (slice(1, 2), slice(8, 16), slice(24, 30)):
            self.tries += 1
            raise OSError("bad sector")
        return self._array[key]


@pytest.mark.parametrize(("dtype", "blank"), [(np.float32, np.nan), (np.int16, 0)])
def test_lost_chunk_is_blank_tried_once_and_named(dtype: Any, blank: float) -> None:
    array = Damaged(WHOLE.astype(dtype))
    recent = RecentChunks(array, (1, 8, 8))
    image = BlankChunks(recent, 1)
    expected = WHOLE.astype(dtype)
    expected[1, 8:16, 24:30] = blank
    np.testing.assert_array_equal(image[...], expected)
    np.testing.assert_array_equal(image[1, 10, 20:], expected[1, 10, 20:])
    assert array.tries == 1
    ((sentence, place),) = image.unread_places()
    assert place == "Plane 1, rows 8 to 15, columns 24 to 29"
    assert sentence.startswith(f"{place} cannot be read: bad sector")
    with pytest.raises(OSError, match="bad sector"):
        recent[1]


class Striped(Damaged):
    """An array with chunks of 2x5, which are read together; those in some rows are lost."""

    chunks = (1, 2, 5)

    def __init__(self, array: np.ndarray, lost: range) -> None:
        super().__init__(array)
        self._lost = lost

    def __getitem__(self, key: Any) -> np.ndarray:
        self.tries += 1
        if any(row in self._lost for row in range(key[1].start, key[1].stop)):
            raise OSError("bad sector")
        return self._array[key]


def test_of_chunks_that_are_read_together_only_the_lost_ones_are_blank() -> None:
    array = Striped(WHOLE, range(4, 8))
    image = BlankChunks(RecentChunks(array, (1, 10, 30)), 1)
    expected = WHOLE.copy()
    expected[0, 4:8] = np.nan
    np.testing.assert_array_equal(image[0], expected[0])
    np.testing.assert_array_equal(image[0, 5:, 3:], expected[0, 5:, 3:])
    assert [place for _, place in image.unread_places()] == [
        f"Plane 0, rows {row} to {row + 1}, columns {column} to {column + 4}"
        for row in (4, 6)
        for column in range(0, 30, 5)
    ]


def test_if_the_first_chunks_are_lost_the_others_are_not_tried() -> None:
    array = Striped(WHOLE, range(20))
    image = BlankChunks(RecentChunks(array, (1, 10, 30)), 1)
    assert np.isnan(image[0, :10]).all()
    assert array.tries == 1 + 8
    image[0, :10]
    assert array.tries == 1 + 8
    ((_, place),) = image.unread_places()
    assert place == "Plane 0, rows 0 to 9, columns 0 to 29"


def test_only_what_was_lost_is_made_blank() -> None:
    image = BlankChunks(RecentChunks(Damaged(WHOLE), (1, 8, 8)), 1)
    image[1]
    made = np.ones((2, 10, 6), np.float32)
    image.put_blanks(made, (slice(1, 3), slice(10, 20), slice(20, 26)))
    expected = np.ones((2, 10, 6), np.float32)
    expected[0, :6, 4:] = np.nan
    np.testing.assert_array_equal(made, expected)
    image.put_blanks(made, (slice(0, 1), slice(0, 10), slice(0, 6)))
    np.testing.assert_array_equal(made, expected, "nothing was lost there")


class Lost(Damaged):
    """An array of which nothing can be read."""

    def __getitem__(self, key: Any) -> np.ndarray:
        raise OSError("no such server")


@pytest.mark.parametrize(
    ("array", "unit", "place"),
    [
        (WHOLE[0], (20, 30), "Rows 0 to 19, columns 0 to 29"),
        (WHOLE, (2, 20, 30), "Planes 0 to 1, rows 0 to 19, columns 0 to 29"),
        (WHOLE[None, :, 4:5], (1, 1, 1, 30), "Plane 0, 0, rows 0, columns 0 to 29"),
    ],
)
def test_places_in_words(array: np.ndarray, unit: tuple[int, ...], place: str) -> None:
    image = BlankChunks(RecentChunks(Lost(array), unit), array.ndim - 2)
    assert np.isnan(image[0]).all()
    assert image.unread_places()[0][1] == place


def test_other_arrays_are_returned_unchanged() -> None:
    assert with_blank_chunks(WHOLE, 1) is WHOLE
