"""Interlaced videos: their fields keep their order, and each has the colours of its own rows."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from napari_zerodce.imaging.files import read_image, write_image
from napari_zerodce.imaging.files.video import fields
from napari_zerodce.imaging.files.video.samples import Colour, SampleKind, frame_of
from napari_zerodce.imaging.files.video.survey import survey
from napari_zerodce.imaging.files.video.writing import VideoWriter
from napari_zerodce.imaging.scope import Scope

av = pytest.importorskip("av", reason="videos need PyAV")

SIZE = 48, 64
KIND, COLOUR = SampleKind("rgb", 8), Colour(1, space=1)
TWO = np.zeros((*SIZE, 3), np.uint8)
TWO[0::2], TWO[1::2] = (120, 20, 20), (20, 20, 120)


def interlaced(path, codec: str, order: fields.Fields, pixels: str = "yuv420p"):
    """Write frames whose upper rows are red and the others blue."""
    with av.open(str(path), "w") as container:
        options = {"x264-params": f"{order}=1"} if codec == "libx264" else {}
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = SIZE
        stream.pix_fmt = pixels
        COLOUR.mark(stream.codec_context)
        fields.prepare(stream, codec, order)
        for number in range(6):
            frame = frame_of(TWO, KIND, pixels, COLOUR, order)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


KINDS = [
    ("a.mpg", "mpeg2video"),
    ("a.mp4", "libx264"),
    ("a.mkv", "ffv1"),
    ("a.avi", "mpeg4"),
    ("a.mov", "prores_ks"),
]


@pytest.mark.parametrize("order", ["tff", "bff"])
@pytest.mark.parametrize(("name", "codec"), KINDS)
def test_the_order_and_the_colours_of_fields_come_back(name, codec, order, tmp_path) -> None:
    pixels = "yuv422p10le" if codec == "prores_ks" else "yuv420p"
    path = interlaced(tmp_path / name, codec, order, pixels)
    copy = write_image(tmp_path / f"copy{path.suffix}", read_image(path))
    for each in (path, copy):
        facts = survey(each)
        assert facts.fields == order
        shown = np.asarray(read_image(each).array)[2].astype(float)
        shown *= 255 / (2 ** (facts.kind.bits or 8) - 1)
        assert np.abs(shown - TWO).max() < 20  # mixed fields are 50 off
        with av.open(str(each)) as container:
            assert all(frame.interlaced_frame for frame in container.decode(video=0))


def test_a_part_that_begins_between_fields_has_the_other_order(tmp_path) -> None:
    facts = survey(interlaced(tmp_path / "a.mkv", "ffv1", "tff"))
    part = Scope(((0, 6),), (1, 41), (0, 64))
    assert facts.cut(part).fields == "bff"
    assert facts.cut(Scope(((0, 6),), (2, 42), (0, 64))).fields == "tff"


def test_what_holds_no_fields_says_so(tmp_path) -> None:
    facts = survey(interlaced(tmp_path / "a.mkv", "ffv1", "tff"))
    with VideoWriter(tmp_path / "b.webm", facts) as writer:
        assert any("the mark that a frame is two fields" in each for each in writer.notices)
        for _ in range(6):
            writer.write(TWO)
    assert survey(tmp_path / "b.webm").fields == ""


def test_progressive_videos_have_no_fields(tmp_path, make_video) -> None:
    assert survey(make_video(tmp_path / "a.mp4")).fields == ""
