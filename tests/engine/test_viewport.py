"""The part for the screen is the whole plane if there is room, else what is visible of it."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_zerodce.engine.viewport import LARGEST_VIEW, Viewport, viewport_for_screen

lengths = st.integers(1, 5000)
places = st.integers(-3000, 8000)
parts = st.builds(
    lambda top, height, left, width, step: Viewport(
        slice(top, top + height), slice(left, left + width), step
    ),
    st.integers(0, 50),
    st.integers(1, 60),
    st.integers(0, 50),
    st.integers(1, 60),
    st.integers(1, 9),
)


@pytest.mark.parametrize(
    ("shape", "colours", "visible", "largest", "expected"),
    [
        ((10, 20), 1, ((3, 5), (3, 5)), 200, Viewport(slice(0, 10), slice(0, 20))),  # all has room
        ((10, 20), 3, ((3, 5), (4, 7)), 200, Viewport(slice(3, 5), slice(4, 7))),
        ((10, 20), 1, ((-5, 4), (15, 99)), 199, Viewport(slice(0, 4), slice(15, 20))),
        ((100, 100), 1, ((0, 100), (0, 100)), 2500, Viewport(slice(0, 100), slice(0, 100), 2)),
        ((100, 100), 1, ((0, 100), (0, 100)), 2499, Viewport(slice(0, 100), slice(0, 100), 3)),
        ((100, 100), 1, ((200, 300), (-9, -5)), 50, Viewport(slice(99, 100), slice(0, 1))),
        # sqrt(5000 / 1000) would be 3, and keep 1667: there are no rows to leave out.
        ((1, 5000), 1, ((0, 1), (0, 5000)), 1000, Viewport(slice(0, 1), slice(0, 5000), 5)),
        (
            (2, 2),
            3,
            ((0, 2), (0, 2)),
            1,
            Viewport(slice(0, 2), slice(0, 2), 4),
        ),  # one pixel at least
    ],
)
def test_by_hand(shape, colours, visible, largest, expected):
    sides = tuple(slice(*side) for side in visible)
    assert viewport_for_screen(shape, colours, sides, largest=largest) == expected


@given(
    lengths, lengths, places, places, places, places, st.sampled_from([1, 3]),
    st.integers(3, 10_000),
)  # fmt: skip
def test_the_part_has_room_and_lies_in_the_plane(
    height, width, top, bottom, left, right, colours, largest
):
    visible = slice(top, bottom), slice(left, right)
    part = viewport_for_screen((height, width), colours, visible, largest=largest)
    for side, length in ((part.rows, height), (part.columns, width)):
        assert 0 <= side.start < side.stop <= length
    assert part.shape[0] * part.shape[1] * colours <= largest
    if height * width * colours <= largest:
        assert part == Viewport(slice(0, height), slice(0, width))
        return
    for seen, side, length in zip(visible, (part.rows, part.columns), (height, width), strict=True):
        on_plane = range(length)[max(0, seen.start) : max(0, seen.stop)]
        if on_plane:  # all that is visible, and no more
            assert (side.start, side.stop) == (on_plane.start, on_plane.stop)
    samples = math.prod(side.stop - side.start for side in (part.rows, part.columns)) * colours
    steps = itertools.count(math.ceil(math.sqrt(samples / largest)))  # less is too many samples
    shapes = ((step, Viewport(part.rows, part.columns, step).shape) for step in steps)
    assert part.step == next(step for step, kept in shapes if math.prod(kept) * colours <= largest)


def test_the_usual_limit():
    visible = slice(100, 900), slice(0, 1000)
    assert viewport_for_screen((2048, 2048), 1, visible).rows == slice(0, 2048)
    assert viewport_for_screen((2048, 2049), 1, visible).rows == slice(100, 900)
    assert viewport_for_screen((10**5, 10**5), 3, (slice(0, 10**5),) * 2).step == 85
    assert 3 * math.ceil(10**5 / 85) ** 2 <= LARGEST_VIEW


@given(parts)
def test_a_part_says_how_many_it_keeps(part):
    rows = range(part.rows.start, part.rows.stop, part.step)
    columns = range(part.columns.start, part.columns.stop, part.step)
    assert part.shape == (len(rows), len(columns))


@given(parts, st.data())
def test_every_place_has_a_kept_pixel_near_it(part, data):
    row = data.draw(st.integers(part.rows.start, part.rows.stop - 1))
    column = data.draw(st.integers(part.columns.start, part.columns.stop - 1))
    down, across = part.place_of(row, column)
    assert 0 <= down < part.shape[0]
    assert 0 <= across < part.shape[1]
    nearest = min(abs(row - kept) for kept in range(part.rows.start, part.rows.stop, part.step))
    assert abs(row - (part.rows.start + down * part.step)) == nearest
    assert abs(column - (part.columns.start + across * part.step)) < part.step


@given(parts)
def test_a_kept_pixel_shows_itself(part):
    for down in range(part.shape[0]):
        row = part.rows.start + down * part.step
        assert part.place_of(row + 0.4 / part.step, part.columns.start) == (down, 0)


@given(parts)
def test_outside_there_is_no_pixel(part):
    row, column = part.rows.start, part.columns.start
    for outside in (
        (part.rows.start - 0.6, column),
        (part.rows.stop - 0.4, column),
        (row, part.columns.start - 1),
        (row, part.columns.stop),
        (math.nan, column),
        (row, math.inf),
    ):
        assert part.place_of(*outside) is None
