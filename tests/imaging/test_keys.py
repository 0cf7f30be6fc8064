"""Keys that are read in two steps, a span and then the places in it, give what NumPy gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.imaging.keys import complete_key, picked, span_of, without_integers


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
