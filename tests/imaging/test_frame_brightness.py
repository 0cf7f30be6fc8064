"""The brightness of frames: means by hand, parts, colours, NaN, few samples of large frames."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.errors import Cancelled
from napari_zerodce.imaging.frame_brightness import frame_brightness
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.scope import Scope


def brightness(array, axis=0, *, channels="mono", part="", **options):
    layout = layout_of(array, channels=channels)
    return frame_brightness(array, layout, axis, part=Scope.written(part, layout), **options)


def test_each_frame_has_its_mean():
    series = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    assert brightness(series).tolist() == series.mean((1, 2, 3)).tolist()
    assert brightness(series, 1).tolist() == series.mean((0, 2, 3)).tolist()
    part = brightness(series, 1, part="1,1:3,:,2:4")
    assert part.tolist() == series[1, 1:3, :, 2:4].mean((1, 2)).tolist()


def test_alpha_does_not_count():
    series = np.zeros((2, 4, 5, 4), np.uint8)
    series[1, ..., :3], series[..., 3] = 30, 255
    assert brightness(series, channels="rgba").tolist() == [0, 30]


def test_nan_does_not_count():
    series = np.array([[[1.0, np.nan], [3.0, np.inf]], [[np.nan] * 2] * 2])
    np.testing.assert_array_equal(brightness(series), [2, np.nan])


def test_large_frames_are_sampled():
    class Counting:
        shape, dtype, read = (2, 3000, 2000), np.dtype(np.uint8), 0

        def __getitem__(self, key):
            assert key[0] in (0, 1)
            found = np.broadcast_to(np.uint8(7), self.shape)[key]
            self.read += found.size
            return found

    series = Counting()
    assert brightness(series).tolist() == [7, 7]
    assert series.read < 2 * 70_000


def test_it_can_be_followed_and_stopped():
    told = []
    series = np.zeros((3, 2, 2), np.uint8)
    brightness(series, on_frame=lambda done, total: told.append((done, total)))
    assert told == [(0, 3), (1, 3), (2, 3)]
    with pytest.raises(Cancelled):
        brightness(series, should_stop=lambda: True)
