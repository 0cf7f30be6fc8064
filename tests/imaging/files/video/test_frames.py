"""The array of frames: any key gives what NumPy gives, in any order, also of damaged files."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from napari_zerodce.errors import Cancelled, UnreadableError
from napari_zerodce.imaging.files import read_image
from napari_zerodce.imaging.files.video import frames as frames_module
from napari_zerodce.imaging.files.video.frames import VideoFrames
from napari_zerodce.imaging.files.video.samples import samples_of
from napari_zerodce.imaging.files.video.survey import survey

av = pytest.importorskip("av", reason="videos need PyAV")

FRAMES = 40


@pytest.fixture(params=["a.mp4", "a.mkv", "a.avi", "a.mpg"])
def path(request, tmp_path, make_video):
    codec = {"a.avi": "mpeg4", "a.mpg": "mpeg2video"}.get(request.param, "libx264")

    def often(_container, stream) -> None:
        stream.codec_context.gop_size = 12

    return make_video(tmp_path / request.param, codec=codec, frames=FRAMES, describe=often)


def decoded(path) -> np.ndarray:
    """Return all frames, decoded one after the other."""
    facts = survey(path)
    with av.open(str(path)) as container:
        shown = [samples_of(each, facts.kind, facts.colour) for each in container.decode(video=0)]
    return np.stack(shown)


def test_each_key_gives_what_an_array_gives(path) -> None:
    video, whole = read_image(path).array, decoded(path)
    assert (video.shape, video.dtype, len(video)) == (whole.shape, whole.dtype, FRAMES)
    keys = [3, -1, slice(5, 30, 6), slice(None, None, -7), (slice(2, 4), 5, slice(1, 9), 0)]
    for key in [*keys, (..., 1), (17, slice(None, None, 2)), slice(4, 4)]:
        assert np.array_equal(video[key], whole[key])
    assert np.array_equal(np.asarray(video), whole)


def test_frames_in_any_order_are_those_in_a_row(path) -> None:
    video, whole = VideoFrames(survey(path)), decoded(path)
    for number in np.random.default_rng(1).permutation(FRAMES):
        assert np.array_equal(video[int(number)], whole[number])


def test_threads_read_the_same_frames(path) -> None:
    video, whole = VideoFrames(survey(path)), decoded(path)
    order = np.random.default_rng(2).permutation(FRAMES).tolist()
    with ThreadPoolExecutor(4) as pool:
        for number, frame in zip(order, pool.map(video.frame, order), strict=True):
            assert np.array_equal(frame, whole[number])


def test_another_process_gets_the_same_array(path) -> None:
    video = VideoFrames(survey(path))
    copy = pickle.loads(pickle.dumps(video))
    assert np.array_equal(copy[7], video[7])


@pytest.mark.parametrize("kept", [1, 2**30])
def test_two_places_are_read_by_turns_and_each_frame_is_decoded_once_for_each(
    path, monkeypatch, kept
) -> None:
    """The enhancement reads a frame, and the exposure one ahead, also if few frames are kept."""
    decodings = []
    monkeypatch.setattr(frames_module, "_MOST_BYTES", kept)
    monkeypatch.setattr(frames_module, "_ON_THE_WAY", 1)
    real = frames_module.samples_of
    monkeypatch.setattr(
        frames_module, "samples_of", lambda *all_: decodings.append(1) or real(*all_)
    )
    video = VideoFrames(survey(path))
    for number in range(FRAMES):
        video.frame(number)
        video.frame(min(number + 15, FRAMES - 1))
    assert len(decodings) <= FRAMES * (2 if kept == 1 else 1) + 15


def test_a_file_that_became_shorter_is_told(path, make_video) -> None:
    video = VideoFrames(survey(path))
    codec = {".avi": "mpeg4", ".mpg": "mpeg2video"}.get(path.suffix, "libx264")
    make_video(path, codec=codec, frames=5)
    with pytest.raises(UnreadableError, match=r"Frame 30 of .* cannot be decoded a second time"):
        video.frame(30)


def test_a_survey_stops_when_asked(path) -> None:
    with pytest.raises(Cancelled):
        survey(path, should_stop=lambda: True)
