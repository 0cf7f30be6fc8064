"""Tiles of an axis hold each of its places once, where the key picks it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.imaging.keys import pieces_of


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
