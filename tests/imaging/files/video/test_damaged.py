"""Damaged videos, and files that are none: one sentence, or the frames that are there."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import read_image
from napari_zerodce.imaging.files.video.survey import survey

av = pytest.importorskip("av", reason="videos need PyAV")


def test_a_video_that_is_cut_off_has_its_first_frames_and_a_notice(tmp_path, make_video) -> None:
    options = {"movflags": "faststart"}
    path = make_video(
        tmp_path / "a.mov", codec="mjpeg", pixels="yuvj420p", frames=40, options=options
    )
    whole = np.asarray(read_image(path).array)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    facts = survey(path)
    assert 5 < facts.count < 40
    assert f"{facts.count} of 40 frames" in facts.notices[0]
    rest = np.asarray(read_image(path).array)
    assert np.array_equal(rest[:5], whole[:5])


def test_a_cut_matroska_says_where_its_pictures_end(tmp_path, make_video) -> None:
    path = make_video(tmp_path / "a.mkv", frames=100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "The file says 4.0 s, and its pictures end after" in survey(path).notices[-1]


def test_whole_videos_have_no_notice(tmp_path, make_video) -> None:
    for name, codec in (("a.mp4", "libx264"), ("a.mkv", "ffv1"), ("a.avi", "mpeg4")):
        assert survey(make_video(tmp_path / name, codec=codec)).notices == ()


def _picture(path) -> None:
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(path, "jpeg")


def _playlist(path) -> None:
    path.write_text("#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n")


@pytest.mark.parametrize(
    "make", [_picture, _playlist, lambda path: path.write_bytes(b"")], ids=["jpeg", "list", "empty"]
)
def test_another_file_with_the_suffix_of_a_video_is_told(make, tmp_path) -> None:
    make(tmp_path / "a.mp4")
    with pytest.raises(ImageError, match=r"^a\.mp4 is no whole video"):
        survey(tmp_path / "a.mp4")
    with pytest.raises(ImageError, match=r"^a\.mp4 is an? (JPEG|text|empty file)"):
        read_image(tmp_path / "a.mp4")


def test_a_file_of_sound_is_told(tmp_path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        tone = container.add_stream("aac", rate=48000)
        silence = np.zeros((2, 1024), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, "fltp", "stereo")
        frame.sample_rate, frame.pts = 48000, 0
        container.mux(tone.encode(frame))
        container.mux(tone.encode())
    with pytest.raises(ImageError, match=r"a\.mp4 holds no pictures, but audio"):
        read_image(tmp_path / "a.mp4")


def test_frames_that_change_their_size_are_told(tmp_path, make_video) -> None:
    parts = [
        make_video(tmp_path / f"{n}.mpg", codec="mpeg2video", size=size, frames=8)
        for n, size in enumerate([(48, 64), (96, 128)])
    ]
    both = tmp_path / "both.mpg"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    with pytest.raises(ImageError, match=r"changes from 64x48 to 128x96 pixels at frame \d"):
        read_image(both)
