"""A pixel of a reduced level is the average of those that it covers; any region can be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_zerodce.imaging import reduced_level
from napari_zerodce.imaging.reduced_level import ReducedLevel, draft_level, reduced_levels

WHOLE = np.random.default_rng(0).integers(0, 60000, (2, 21, 34)).astype(np.uint16)
CELLS = WHOLE[:, :20, :32].reshape(2, 5, 4, 8, 4).mean((2, 4))


@pytest.mark.parametrize(
    "key", [(), 1, (0, slice(1, 4), slice(2, 7)), (1, 3, slice(None, None, -2))]
)
def test_pixel_is_the_average_of_what_it_covers(key: Any) -> None:
    level = ReducedLevel(WHOLE, 4, 1)
    assert level.shape == (2, 5, 8)
    np.testing.assert_array_equal(level[key], np.rint(CELLS)[key].astype(np.uint16))


def test_bands_do_not_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ReducedLevel(WHOLE, 4, 1)[0]
    monkeypatch.setattr(reduced_level, "_AT_ONCE", 1)
    np.testing.assert_array_equal(ReducedLevel(WHOLE, 4, 1)[0], whole)


def test_large_factor_takes_evenly_spaced_samples() -> None:
    array = np.arange(64.0).reshape(1, 64) * np.ones((64, 1))
    (pixel,) = ReducedLevel(array, 64, 0)[0]
    assert pixel == np.mean([0, 16, 32, 48])


def test_colours_stay_apart() -> None:
    array = np.stack([np.full((8, 8), value) for value in (10, 20, 30)], axis=-1).astype(np.uint8)
    level = ReducedLevel(array, 4, 0)
    assert level.shape == (2, 2, 3)
    np.testing.assert_array_equal(level[0, 1], (10, 20, 30))


def test_thin_plane_has_a_pixel() -> None:
    level = ReducedLevel(np.full((3, 40), 7, np.uint8), 16, 0)
    assert level.shape == (1, 2)
    np.testing.assert_array_equal(level[...], [[7, 7]])


def test_only_large_planes_are_reduced() -> None:
    huge = np.broadcast_to(np.uint8(0), (20_000, 9_000))
    assert reduced_levels(huge, 0, (4096, 4096)) == []
    assert [level.shape for level in reduced_levels(huge, 0, huge.shape)] == [
        (5000, 2250),
        (1250, 562),
    ]


def test_draft_has_few_pixels_and_small_planes_need_none() -> None:
    stack = np.broadcast_to(np.uint8(0), (3, 2048, 2048))
    draft = draft_level(stack, 1, (2048, 2048))
    assert draft is not None
    assert draft.shape == (3, 341, 341), "every 6 pixels become one, so that 2^17 are left at most"
    assert draft_level(stack, 1, (512, 512)) is None
