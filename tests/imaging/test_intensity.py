"""Intensities go to [0, 1] and come back: exactly, in order, and untouched outside the window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from napari_zerodce.imaging.intensity import Window, normalise, outside_of, restore

INTEGERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]
FLOATS = ["f2", "f4", "f8"]

dtypes = st.sampled_from([*INTEGERS, *FLOATS, ">u2", ">i8", ">f4"]).map(np.dtype)
arrays = dtypes.flatmap(lambda dtype: st_numpy.arrays(dtype, st.integers(1, 20)))
ends = st.one_of(st.floats(-1e300, 1e300), st.integers(-(2**70), 2**70), st.integers(-300, 300))


def ordered_pairs(numbers):
    return st.lists(numbers, min_size=2, max_size=2, unique=True).map(sorted)


windows = ordered_pairs(ends).map(lambda pair: Window(*pair))
units = st.floats(0, 1, width=32)

UINT8 = np.arange(256, dtype=np.uint8)
UINT16 = np.arange(65536, dtype=np.uint16)


def test_a_window_by_hand():
    block = np.array([90, 100, 150, 200, 210], np.uint8)
    unit = normalise(block, Window(100, 200))
    assert unit.dtype == np.float32
    assert unit.tolist() == [0, 0, 0.5, 1, 1]
    brighter = np.array([0, 0, 0.75, 1, 1], np.float32)
    assert restore(brighter, block, Window(100, 200)).tolist() == [90, 100, 175, 200, 210]


def test_integers_are_rounded_half_up():
    unit = np.array([0, 0.125, 0.375, 0.625, 0.875, 1], np.float32)
    for dtype in ("i1", "i2", "i4", "i8"):
        original = np.zeros(6, dtype)
        assert restore(unit, original, Window(-2, 2)).tolist() == [-2, -1, 0, 1, 2, 2]
        assert restore(unit, original, Window(0, 4)).tolist() == [0, 1, 2, 3, 4, 4]


@pytest.mark.parametrize("dtype", FLOATS)
def test_what_is_not_finite_comes_through_and_does_not_spread(dtype):
    block = np.array([np.nan, np.inf, -np.inf, 0.25], dtype)
    unit = normalise(block, Window(0, 1))
    assert unit.tolist() == [0, 1, 0, 0.25]
    restored = restore(np.full(4, 0.5, np.float32), block, Window(0, 1))
    np.testing.assert_array_equal(restored, np.array([np.nan, np.inf, -np.inf, 0.5], dtype))


def test_a_nan_keeps_its_bits():
    bits = np.array([0x7FA00001, 0xFFC12345, 0x7F800001], np.uint32)
    restored = restore(np.ones(3, np.float32), bits.view(np.float32), Window(0, 1))
    assert restored.view(np.uint32).tolist() == bits.tolist()


@pytest.mark.parametrize(
    ("values", "window"),
    [
        (UINT8, Window(0, 255)),
        (UINT8, Window(10, 200)),
        (UINT8, Window(0.3, 99.7)),
        (UINT8, Window(-1000, 1000)),
        (UINT8.view(np.int8), Window(-128, 127)),
        (UINT8.view(np.int8), Window(-100, 3)),
        (UINT16, Window(0, 65535)),
        (UINT16, Window(117, 4093)),
        (UINT16, Window(3.7, 60000.2)),
        (UINT16, Window(-100000, 1000000)),
        (UINT16, Window(65534, 65535)),
        (UINT16, Window(2**22, 2**23)),
        (UINT16.view(np.int16), Window(-32768, 32767)),
        (UINT16.view(np.int16), Window(-17, 30000)),
        (UINT16.astype(">u2"), Window(100, 65535)),
        (UINT16.astype(np.int32) * 100 - 2**22, Window(-(2**22), 2**22)),
        (UINT16.astype(np.uint32) + (2**32 - 65536), Window(2**32 - 50000, 2**32 - 1)),
        (UINT16.astype(np.int64) + 2**62, Window(2**62 + 1, 2**62 + 65535)),
        (UINT16.astype(np.uint64) + (2**64 - 65536), Window(2**64 - 65535, 2**64 - 1)),
    ],
)
def test_every_integer_comes_back(values, window):
    restored = restore(normalise(values, window), values, window)
    assert restored.dtype == values.dtype
    np.testing.assert_array_equal(restored, values)


@given(arrays, windows)
def test_what_is_outside_the_window_keeps_its_bits(values, window):
    outside = np.array(
        [not window.low <= _exact(value) <= window.high for value in values.tolist()]
    )
    if values.dtype.kind == "f":  # the window of float32 has float32 ends
        with np.errstate(over="ignore"):
            outside &= ~np.isin(values, np.float32([window.low, window.high]))
    restored = restore(np.full(values.shape, 0.5, np.float32), values, window)
    assert restored.dtype == values.dtype
    assert restored[outside].tobytes() == values[outside].tobytes()


@given(arrays, windows)
@example(np.array([2**63 - 1, -(2**63)]), Window(-(2**63), 2**63 - 1))
@example(np.array([-3.0e38, 3.0e38], np.float32), Window(-3.4e38, 3.4e38))
@example(np.array([-1.7e308, 1.7e308]), Window(-1.75e308, 1.75e308))
@example(np.array([1e-310, 2e-310]), Window(0, 3e-310))
@example(np.array([0, 65504, -65504], np.float16), Window(-65521, -65520))
@example(np.array([0, 3e38], np.float32), Window(4e38, 5e38))
@example(np.array([1e-42, 2e-42], np.float32), Window(0, 3e-42))
def test_any_window_of_any_dtype_gives_numbers_between_0_and_1_and_comes_back(values, window):
    unit = normalise(values, window)
    assert unit.dtype == np.float32
    assert unit.dtype.isnative
    assert ((unit >= 0) & (unit <= 1)).all()
    restored = restore(unit, values, window)
    assert restored.dtype == values.dtype
    _assert_close(restored, values, window)


@given(arrays, windows, st.lists(units, min_size=2, max_size=2))
def test_greater_units_give_greater_intensities(values, window, pair):
    darker, brighter = (
        restore(np.full(values.shape, unit, np.float32), values, window) for unit in sorted(pair)
    )
    assert (~np.isfinite(values) | (darker <= brighter)).all()


@given(arrays.filter(lambda values: values.dtype.kind in "iu"), st.data())
def test_0_and_1_are_exactly_the_ends_for_integers(values, data):
    limits = np.iinfo(values.dtype)
    low, high = data.draw(ordered_pairs(st.integers(limits.min, limits.max)))
    window = Window(low, high)
    for unit, end in ((0, low), (1, high)):
        inside = np.full(3, low, values.dtype)
        assert restore(np.full(3, unit, np.float32), inside, window).tolist() == [end] * 3


@given(st.sampled_from(FLOATS), st.data())
def test_0_and_1_are_exactly_the_ends_for_floats(dtype, data):
    number = st_numpy.from_dtype(np.dtype(dtype), allow_nan=False, allow_infinity=False)
    low, high = data.draw(ordered_pairs(number))
    window = Window(low.item(), high.item())
    for unit, end in ((0, low), (1, high)):
        inside = np.full(3, low, dtype)
        assert (restore(np.full(3, unit, np.float32), inside, window) == end).all()


def test_a_window_beyond_the_dtype_leaves_all_as_it_is():
    for window in (Window(300, 400), Window(-9, -1), Window(7.2, 7.8)):
        unit = np.full(256, 0.5, np.float32)
        np.testing.assert_array_equal(restore(unit, UINT8, window), UINT8)


def test_a_window_wider_than_the_dtype_saturates():
    unit = np.array([0, 0.25, 0.5, 1], np.float32)
    assert restore(unit, np.zeros(4, np.uint8), Window(-100, 500)).tolist() == [0, 50, 200, 255]
    halves = restore(unit, np.zeros(4, np.float16), Window(-1e6, 1e6))
    assert halves.tolist() == [-65504, -65504, 0, 65504]


def test_units_slightly_off_are_held_in_the_window():
    unit = np.array([-1e-6, 1 + 1e-6], np.float32)
    for dtype in (np.uint8, np.int64, np.float32, np.float64):
        assert restore(unit, np.full(2, 50, dtype), Window(10, 90)).tolist() == [10, 90]


@pytest.mark.parametrize("dtype", ["u1", "u2", "i8", "f4", ">f4", "f8"])
def test_blocks_in_any_memory_order_are_read_and_not_written(dtype):
    image = (np.arange(60).reshape(4, 5, 3) * 3).astype(dtype)
    image.flags.writeable = False
    for block in (np.moveaxis(image, -1, 0), image[::2, ::-1], np.asfortranarray(image)):
        unit = normalise(block, Window(20, 150))
        np.testing.assert_array_equal(unit, normalise(np.ascontiguousarray(block), Window(20, 150)))
        restored = restore(unit, block, Window(20, 150))
        np.testing.assert_allclose(restored, block, rtol=1e-6)
        assert restored.flags.writeable
        assert unit.flags.writeable


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_an_empty_block_stays_empty(dtype):
    block = np.zeros((1, 0, 4), dtype)
    assert restore(normalise(block, Window(5, 9)), block, Window(5, 9)).shape == (1, 0, 4)


def _exact(value):
    return value if isinstance(value, int) else float(value)


def _assert_close(restored, values, window):
    """The bound that `restore` promises; in Python's numbers, which do not overflow."""
    for after, before in zip(restored.tolist(), values.tolist(), strict=True):
        if not window.low <= before <= window.high:
            continue
        size = max(abs(window.low), abs(window.high), abs(window.high / 2 - window.low / 2) * 2)
        assert abs(after / 2 - before / 2) <= size * 2.0**-24 + 0.5 * (values.dtype.kind != "f")


# ---- what lies outside


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS])
def test_what_lies_outside_by_hand(dtype):
    block = np.array([[9, 10, 11], [19, 20, 21]], dtype)
    expected = [[True, False, False], [False, False, True]]
    found = outside_of(block, Window(10, 20))
    assert found.dtype == np.bool_
    assert found.tolist() == expected
    # The ends need not be numbers of the dtype.
    if block.dtype.kind in "iu":
        assert outside_of(block, Window(9.5, 20.5)).tolist() == expected
    assert not outside_of(block, Window(-1e300, 1e300)).any()


@pytest.mark.parametrize("dtype", FLOATS)
def test_what_is_no_number_lies_outside(dtype):
    block = np.array([np.nan, np.inf, -np.inf, 0, 1, 0.5], dtype)
    assert outside_of(block, Window(0, 1)).tolist() == [True, True, True, False, False, False]


def test_integers_that_are_no_floats_lie_where_they_lie():
    block = np.array([2**53, 2**53 + 1, 2**53 + 2], np.int64)
    assert outside_of(block, Window(2**53 + 1, 2**53 + 2)).tolist() == [True, False, False]
    assert outside_of(block, Window(2**53, 2**53 + 1)).tolist() == [False, False, True]


@given(arrays, windows)
def test_exactly_what_lies_outside_comes_through_unchanged(block, window):
    outside = outside_of(block, window)
    assert outside.shape == block.shape
    restored = restore(np.full(block.shape, 0.5, np.float32), block, window)
    assert restored[outside].tobytes() == block[outside].tobytes()
    # Inside, two pixels that were given other units come out in order.
    black = restore(np.zeros(block.shape, np.float32), block, window)[~outside]
    white = restore(np.ones(block.shape, np.float32), block, window)[~outside]
    assert (black <= white).all()
    if black.size and block.dtype.kind == "f":
        assert (black == black[0]).all()  # all of them are mapped, none is kept
