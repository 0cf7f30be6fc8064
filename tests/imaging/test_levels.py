"""Coarser levels: averages by hand, at any factor, dtype and number of axes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from napari_zerodce.errors import Cancelled
from napari_zerodce.imaging import levels
from napari_zerodce.imaging.levels import coarser_levels, shapes_for_part


def _level(image: Any, *shape: int) -> np.ndarray:
    (level,) = coarser_levels(np.asarray(image), [shape])
    return level


def test_noise_becomes_weaker_from_level_to_level() -> None:
    noise = np.random.default_rng(0).normal(100, 10, (256, 256)).round().astype(np.uint8)
    found = coarser_levels(noise, [(128, 128), (64, 64), (32, 32)])
    deviations = [level.std() for level in found]
    np.testing.assert_allclose(deviations, [5, 2.5, 1.25], rtol=0.1)


def test_each_pixel_is_the_average_of_its_block() -> None:
    image = [[1, 3, 5, 7], [1, 3, 6, 6], [0, 0, 9, 9], [0, 4, 9, 9]]
    np.testing.assert_array_equal(_level(np.array(image, np.uint8), 2, 2), [[2, 6], [1, 9]])
    np.testing.assert_array_equal(_level(np.array(image, float), 4, 1)[:, 0], [4, 4, 4.5, 5.5])


def test_lengths_that_do_not_divide_share_the_pixels_between() -> None:
    # 5 columns in 2: each is 2.5 wide, so the middle column belongs to both in halves.
    found = _level(np.array([[1.0, 2.0, 4.0, 8.0, 16.0]]), 1, 2)
    np.testing.assert_allclose(found, [[(1 + 2 + 2) / 2.5, (2 + 8 + 16) / 2.5]])


@pytest.mark.parametrize(
    ("shape", "coarse"),
    [((7, 9), (4, 5)), ((7, 9), (3, 4)), ((7, 9), (1, 1)), ((7, 9), (7, 4)), ((1, 1), (1, 1)),
     ((5, 6, 8), (2, 3, 4)), ((3, 5, 6, 8), (3, 3, 3, 3)), ((9, 11, 4), (5, 4, 4))],
)  # fmt: skip
@pytest.mark.parametrize("at_once", [1, 20, 2**22])
def test_whatever_is_averaged_together_the_mean_stays(
    shape: Any, coarse: Any, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels, "_AT_ONCE", at_once)
    image = np.random.default_rng(1).random(shape)
    found = _level(image, *coarse)
    assert found.shape == coarse
    assert found.mean() == pytest.approx(image.mean())
    np.testing.assert_allclose(_level(np.full(shape, 0.7), *coarse), 0.7)


def test_colours_are_not_mixed() -> None:
    image = np.zeros((4, 6, 4), np.uint8)
    image[..., 1], image[..., 3] = 10, 255
    np.testing.assert_array_equal(_level(image, 2, 3, 4), np.full((2, 3, 4), (0, 10, 0, 255)))


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", ">u2", ">i8"])
def test_integers_keep_their_dtype_and_their_ends(dtype: str) -> None:
    limits = np.iinfo(dtype)
    ends = np.array([[limits.min, limits.min, limits.max, limits.max]], dtype)
    found = _level(ends, 1, 2)
    assert found.dtype == np.dtype(dtype)
    assert found[0, 0] == limits.min
    assert limits.max - int(found[0, 1]) <= limits.max // 2**52
    middle = int(_level(ends, 1, 1)[0, 0])
    assert abs(middle - Fraction(limits.min + limits.max, 2)) <= max(1, limits.max // 2**52)


@pytest.mark.parametrize(("dtype", "base"), [("u8", 2**63), ("u8", 2**64 - 9), ("i8", -(2**63))])
def test_large_integers_that_are_close_are_averaged_exactly(dtype: str, base: int) -> None:
    image = np.array([[base, base + 2, base + 4, base + 8]], dtype)
    assert _level(image, 1, 2).tolist() == [[base + 1, base + 6]]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_nan_counts_for_nothing(dtype: Any) -> None:
    image = np.array([[np.nan, 4, np.nan, np.nan], [2, 6, np.nan, np.nan]], dtype)
    found = _level(image, 1, 2)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, [[4, np.nan]])


def test_infinity_stays_in_the_pixels_that_cover_it() -> None:
    found = _level(np.array([[np.inf, 1, 2, 4]], np.float32), 1, 2)
    np.testing.assert_array_equal(found, [[np.inf, 3]])
    largest = np.full((2, 2), np.finfo(np.float16).max, np.float16)
    assert _level(largest, 1, 1)[0, 0] == largest[0, 0]


def test_level_stops_when_asked() -> None:
    with pytest.raises(Cancelled):
        coarser_levels(np.zeros((4, 4)), [(2, 2)], should_stop=lambda: True)


def test_finest_is_only_read() -> None:
    image = np.arange(16.0).reshape(4, 4)
    image.flags.writeable = False
    assert coarser_levels(image, []) == []
    _level(image, 2, 2)


@pytest.mark.parametrize(
    ("part", "shapes", "expected"),
    [
        ((10, 64, 64), [(10, 64, 64), (10, 32, 32), (5, 16, 16)], [(10, 32, 32), (5, 16, 16)]),
        ((3, 64, 64), [(10, 64, 64), (10, 32, 32), (5, 16, 16)], [(3, 32, 32), (2, 16, 16)]),
        ((64, 64), [(64, 64)], []),
        ((1, 3), [(64, 64), (32, 32), (8, 8), (4, 4)], [(1, 2), (1, 1)]),
        ((7, 9, 3), [(14, 18, 3), (7, 9, 3)], [(4, 4, 3)]),
    ],
)
def test_levels_of_a_part_have_the_factors_of_the_whole(
    part: Any, shapes: Any, expected: Any
) -> None:
    assert shapes_for_part(part, shapes) == expected
