"""Two versions may round differently; other pixels are other pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_zerodce.gui.docks.adjust.rounding import samples_off_by_rounding
from napari_zerodce.imaging.windows import Window


def off(made: Any, changed: int, by: float, width: float) -> int | None:
    known = made.copy()
    known.reshape(-1)[:changed] += np.asarray(by).astype(made.dtype)
    back = samples_off_by_rounding(known, made, Window(0, width))
    assert samples_off_by_rounding(made, known, Window(0, width)) == back
    return back


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
@pytest.mark.parametrize(
    ("changed", "by", "answer"),
    [(0, 0, 0), (1, 1, 1), (2, 1, 2), (3, 1, None), (1, 2, None)],
)
def test_few_integers_may_be_one_level_apart(
    dtype: Any, changed: int, by: int, answer: int | None
) -> None:
    made = np.full((100, 200), 7, dtype)
    assert off(made, changed, by, 250) == answer


@pytest.mark.parametrize(("by", "answer"), [(1e-4, 600), (4e-3, None)])
def test_all_floats_may_be_a_millionth_of_the_window_apart(by: float, answer: int | None) -> None:
    made = np.full((20, 30), 0.5, np.float32)
    assert off(made, 600, by, 1000) == answer


def test_wide_integers_are_rounded_as_floats() -> None:
    made = np.full((20, 30), 70_000, np.int32)
    assert off(made, 600, 9, 1e7) == 600
    assert off(made, 1, 11, 1e7) is None


def test_nan_equals_nan_only() -> None:
    made = np.array([np.nan, 0.5, np.inf], np.float32)
    assert off(made, 0, 0, 1) == 0
    assert samples_off_by_rounding(made, made[::-1].copy(), Window(0, 1)) is None


def test_one_sample_of_a_small_image_may_be_one_level_apart() -> None:
    assert off(np.zeros((3, 4), np.uint8), 1, 1, 255) == 1
    assert off(np.zeros((3, 4), np.uint8), 2, 1, 255) is None
