"""A part of a permuted array is that part of NumPy's transposed one, and nothing else is read."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.imaging.permuted import Permuted, as_stored, permuted, planes_last

IMAGE = np.arange(3 * 4 * 5 * 6).reshape(3, 4, 5, 6)
SIDE = st.tuples(st.integers(0, 3), st.integers(0, 6)).map(lambda ends: slice(*ends))


class Lazy:
    """An array that is not NumPy's, and counts what is read of it."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype, self.read = array, array.shape, array.dtype, 0

    def __getitem__(self, key):
        block = self.array[key]
        self.read += block.size
        return block


@given(
    st.permutations(range(4)),
    st.lists(st.one_of(st.integers(0, 2), SIDE), min_size=1, max_size=4),
)
def test_a_part_is_that_of_the_transposed_array(order, key) -> None:
    lazy = Lazy(IMAGE)
    part = Permuted(lazy, order)[tuple(key)]
    expected = IMAGE.transpose(order)[tuple(key)]
    np.testing.assert_array_equal(part, expected)
    assert part.shape == expected.shape
    assert lazy.read == expected.size


def test_one_number_is_a_key_as_well() -> None:
    np.testing.assert_array_equal(Permuted(Lazy(IMAGE), (2, 0, 1, 3))[4], IMAGE[:, :, 4])


def test_chunks_move_with_the_axes() -> None:
    image = permuted(da.from_array(IMAGE, chunks=(1, 2, 5, 6)), (3, 0, 2, 1))
    assert image.shape == (6, 3, 5, 4)
    assert image.chunks == ((6,), (1, 1, 1), (5,), (2, 2))


def test_the_same_order_is_the_array_itself() -> None:
    assert permuted(IMAGE, (0, 1, 2, 3)) is IMAGE


@pytest.mark.parametrize("lazily", [False, True])
def test_stored_order_undoes_planes_last(lazily: bool) -> None:
    image = Lazy(IMAGE) if lazily else IMAGE
    planes = planes_last(image, "XZY")  # and an axis of colours
    assert planes.shape == (4, 5, 3, 6)
    np.testing.assert_array_equal(as_stored(planes, "XZY")[:], IMAGE)
