"""A series that is enhanced frame by frame: the bits of `enhance`, but few frames at once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.engine import frame_by_frame
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.frame_by_frame import EnhancedFrames
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled
from napari_zerodce.imaging.scope import Scope

FRAMES = 14


def film() -> np.ndarray:
    random = np.random.default_rng(0)
    gains = random.uniform(0.7, 1.3, FRAMES)[:, None, None, None]
    return (gains * random.integers(10, 60, (FRAMES, 24, 32, 3))).astype(np.uint8)


def request_for(image, weights="zero-dce", time="smoothed", scope=None) -> EnhanceRequest:
    settings = EnhanceSettings(weights, device="cpu", precision="float32", time=time)
    return EnhanceRequest(image, "rgb", settings, time_axis=0, scope=scope)


@pytest.mark.parametrize("weights", ["zero-dce", "zero-dce-pp"])
@pytest.mark.parametrize("time", ["frames", "smoothed", "shared"])
def test_the_bits_are_those_of_the_whole_series(weights, time, monkeypatch) -> None:
    image = film()
    monkeypatch.setattr(frame_by_frame, "_AT_ONCE", 3 * 24 * 32)
    whole = enhance(request_for(image, weights, time)).image
    frames = list(EnhancedFrames(resolve(request_for(image, weights, time))))
    assert np.array_equal(np.stack(frames), whole)


def test_a_part_is_that_of_the_whole(monkeypatch) -> None:
    image, part = film(), Scope(((3, 9),), (4, 20), (0, 30))
    whole = enhance(request_for(image, scope=part)).image
    frames = list(EnhancedFrames(resolve(request_for(image, scope=part))))
    assert np.array_equal(np.stack(frames), whole)


class _Lazy:
    """An array that counts how far it was read."""

    def __init__(self, image: np.ndarray) -> None:
        self.image, self.shape, self.dtype = image, image.shape, image.dtype
        self.chunks = (1, *image.shape[1:])
        self.furthest = 0

    def __getitem__(self, key):
        first = key[0] if isinstance(key, tuple) else key
        self.furthest = max(self.furthest, first.stop - 1 if isinstance(first, slice) else first)
        return self.image[key]


def test_no_more_is_read_than_the_frames_around(monkeypatch) -> None:
    lazy = _Lazy(film())
    monkeypatch.setattr(frame_by_frame, "_AT_ONCE", 1)
    resolved = resolve(request_for(lazy))
    lazy.furthest = 0
    for number, _ in enumerate(EnhancedFrames(resolved)):
        # the first frames have the 11 at the beginning around them, later ones five after them
        assert lazy.furthest <= max(10, number + 5)


def test_it_stops_when_asked() -> None:
    asked = []
    frames = EnhancedFrames(resolve(request_for(film())), should_stop=lambda: bool(asked))
    made = iter(frames)
    next(made)
    asked.append(1)
    with pytest.raises(Cancelled):
        next(made)


def test_progress_counts_frames() -> None:
    told = []
    list(EnhancedFrames(resolve(request_for(film())), report=told.append))
    assert told
    assert all(each.message.startswith("Frame") for each in told)
    assert [each.fraction for each in told] == sorted(each.fraction for each in told)
