"""Keys that are read in two steps give what NumPy gives, and so do tiles of an axis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.imaging.keys import (
    complete_key,
    picked,
    pieces_of,
    span_of,
    without_integers,
)


@given(st.integers(1, 9), st.data())
def test_a_span_and_the_places_in_it_give_what_numpy_gives(length, data):
    ends = st.none() | st.integers(-12, 12)
    key = slice(data.draw(ends), data.draw(ends), data.draw(st.sampled_from([None, 1, 2, -1, -3])))
    values = np.arange(length)
    span, within = span_of(picked([key], [length])[0])
    np.testing.assert_array_equal(values[span][within], values[key])


def test_integers_pick_one_place_and_drop_their_axis():
    values = np.arange(24).reshape(2, 3, 4)
    key = complete_key((-1, ..., slice(1, 3)), 3)
    places = picked(key, values.shape)
    assert [list(each) for each in places] == [[1], [0, 1, 2], [1, 2]]
    block = values[np.ix_(*places)]
    np.testing.assert_array_equal(block[without_integers(key)], values[-1, :, 1:3])


@pytest.mark.parametrize("key", [(0, 0, 0), ([0, 1],), None, np.array([True, False])])
def test_other_keys_are_refused(key):
    with pytest.raises(IndexError):
        complete_key(key, 2)


def test_an_integer_outside_is_refused():
    with pytest.raises(IndexError):
        picked(complete_key(3, 2), (3, 4))


def test_pieces_by_hand() -> None:
    assert pieces_of(range(3, 10), 4) == [
        (0, slice(0, 1), slice(3, 4, 1)),
        (1, slice(1, 5), slice(0, 4, 1)),
        (2, slice(5, 7), slice(0, 2, 1)),
    ]
    assert pieces_of(range(5, 5), 4) == []


@pytest.mark.parametrize(
    "key", [slice(None), slice(3, 17), slice(2, 19, 5), slice(None, None, -3), slice(18, 4, -1)]
)
@pytest.mark.parametrize("side", [1, 4, 7, 50])
def test_pieces_join_to_what_is_picked(key: slice, side: int) -> None:
    axis = np.arange(19)
    places = range(19)[key]
    made = np.full(len(places), -1)
    for number, which, within in pieces_of(places, side):
        made[which] = axis[number * side : (number + 1) * side][within]
    np.testing.assert_array_equal(made, axis[key])
