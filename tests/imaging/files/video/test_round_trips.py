"""A table of round trips: what a video says is there again after its frames are encoded again."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import ImageFile, read_image, write_image
from napari_zerodce.imaging.files.video.survey import survey

av = pytest.importorskip("av", reason="videos need PyAV")
Disposition = pytest.importorskip("av.stream").Disposition


def copied(path, suffix=None):
    """Return the path of a copy that is decoded and encoded."""
    target = path.with_name(f"copy{suffix or path.suffix}")
    return write_image(target, read_image(path), overwrite=True)


def times(path) -> list[Fraction]:
    with av.open(str(path)) as container:
        return [each.pts * each.time_base for each in container.decode(video=0)]


def packets(path, kind: str) -> list[bytes]:
    with av.open(str(path)) as container:
        stream = next(each for each in container.streams if each.type == kind)
        return [bytes(each) for each in container.demux(stream) if each.size]


def facts(path) -> dict[str, Any]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return {
            "codec": stream.codec_context.codec.canonical_name,
            "pixels": stream.pix_fmt,
            "rate": stream.average_rate,
            "unit": stream.time_base,
            "aspect": stream.sample_aspect_ratio,
            "colours": (stream.color_range, stream.color_primaries, stream.color_trc),
            "space": stream.colorspace,
            "tags": {**container.metadata, **stream.metadata},
            "chapters": [(c["start"], c["end"], c["metadata"]) for c in container.chapters()],
            "turned": next(container.decode(stream)).rotation,
            "streams": [(each.type, each.name, each.language) for each in container.streams],
        }


KINDS = {
    "h264.mp4": {"sound": "aac"},
    "h264_10.mkv": {"pixels": "yuv420p10le"},
    "grey.mp4": {"pixels": "gray"},
    "hevc.mov": {"codec": "libx265", "pixels": "yuv420p10le", "sound": "aac"},
    "mpeg4.avi": {"codec": "mpeg4", "sound": "libmp3lame"},
    "mjpeg.avi": {"codec": "mjpeg", "pixels": "yuvj420p"},
    "vp9.webm": {"codec": "libvpx-vp9", "sound": "libopus"},
    "av1.mp4": {"codec": "libsvtav1", "size": (64, 96)},
    "ffv1.mkv": {"codec": "ffv1", "sound": "flac", "size": (49, 65)},
    "grey16.mkv": {"codec": "ffv1", "pixels": "gray16le"},
    "rgb.mkv": {"codec": "ffv1", "pixels": "bgr0"},
    "alpha.mov": {"codec": "prores_ks", "pixels": "yuva444p10le"},
    "mpeg2.mpg": {"codec": "mpeg2video", "sound": "mp2"},
    "wmv2.wmv": {"codec": "wmv2"},
    "film.mp4": {"rate": Fraction(24000, 1001), "sound": "aac"},
}


@pytest.mark.parametrize("name", KINDS)
def test_frames_their_times_the_sound_and_the_facts_come_back(name, tmp_path, make_video) -> None:
    path = make_video(tmp_path / name, **KINDS[name])
    copy = copied(path)
    assert facts(copy) == facts(path)
    assert times(copy) == times(path)
    if "sound" in KINDS[name]:
        assert packets(copy, "audio") == packets(path, "audio")
    before, after = (np.asarray(read_image(each).array).astype(int) for each in (path, copy))
    off = np.abs(after - before)
    scale = 2 ** (read_image(path).bits or 8 * read_image(path).array.dtype.itemsize)
    assert off.mean() < 0.01 * scale
    if name in {"grey16.mkv", "rgb.mkv"}:
        assert not off.any()


def test_times_that_are_not_even_come_back(tmp_path, make_video) -> None:
    shown = [3600 * number + 500 * (number % 3) for number in range(20)]
    path = make_video(tmp_path / "a.mp4", unit=Fraction(1, 90000), times=shown)
    assert times(path) == [Fraction(each, 90000) for each in shown]
    assert times(copied(path)) == times(path)


def test_tags_colours_pixels_and_rotation_come_back(tmp_path, make_video) -> None:
    def describe(container, stream) -> None:
        container.metadata.update(title="Night", comment="a moth")
        stream.metadata["language"] = "deu"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = 9, 18, 9
        stream.sample_aspect_ratio = Fraction(4, 3)
        stream.set_display_rotation(90, hflip=True)
        one = {"id": 1, "start": 0, "end": 500, "metadata": {"title": "one"}}
        container.set_chapters([one | {"time_base": Fraction(1, 1000)}])

    path = make_video(tmp_path / "a.mp4", describe=describe)
    told = facts(path)
    assert (told["tags"]["title"], told["tags"]["language"], told["aspect"]) == (
        *("Night", "deu"),
        Fraction(4, 3),
    )
    assert (told["colours"], told["space"], told["turned"]) == ((1, 9, 18), 9, 90)
    assert len(told["chapters"]) == 1
    copy = copied(path)
    assert facts(copy) == told
    assert _matrix(copy) == _matrix(path)


def _matrix(path) -> tuple[int, ...]:
    from av.sidedata.sidedata import Type

    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        found = [bytes(each) for each in frame.side_data if each.type == Type.DISPLAYMATRIX]
    return struct.unpack("=9i", found[0])


def test_subtitles_are_copied(tmp_path, make_video) -> None:
    source = make_video(tmp_path / "plain.mkv")
    (tmp_path / "a.srt").write_text("1\n00:00:00,100 --> 00:00:00,400\nHush\n")
    path = tmp_path / "a.mkv"
    with (
        av.open(str(source)) as pictures,
        av.open(str(tmp_path / "a.srt")) as lines,
        av.open(str(path), "w") as made,
    ):
        streams = [container.streams[0] for container in (pictures, lines)]
        copies = [made.add_stream_from_template(each, opaque=True) for each in streams]
        for stream, copy in zip(streams, copies, strict=True):
            for packet in stream.container.demux(stream):
                if packet.size:
                    packet.stream = copy
                    made.mux(packet)
    assert b"Hush" in packets(path, "subtitle")[0]
    assert packets(copied(path), "subtitle") == packets(path, "subtitle")


def test_a_clock_that_begins_anywhere_begins_at_0_in_another_container(
    tmp_path, make_video
) -> None:
    path = make_video(tmp_path / "a.mpg", codec="mpeg2video", sound="mp2")
    assert times(path)[0] > Fraction(1, 2)
    copy = copied(path, ".mp4")
    assert times(copy)[0] == 0
    assert packets(copy, "audio") == packets(path, "audio")


def test_a_series_becomes_a_video_that_most_programs_play(tmp_path) -> None:
    series = np.random.default_rng(0).integers(0, 256, (5, 32, 48), dtype=np.uint8)
    image = ImageFile(series, "mono", {"axes": "TYX"})
    told = facts(write_image(tmp_path / "a.mp4", image))
    assert (told["codec"], told["pixels"], told["rate"]) == ("h264", "yuv420p", 10)


@pytest.mark.parametrize("shape", [(32, 48), (3, 5, 32, 48)])
def test_what_is_no_series_is_refused(shape, tmp_path) -> None:
    with pytest.raises(ImageError, match=r"A \.mp4 file cannot hold a"):
        write_image(tmp_path / "a.mp4", ImageFile(np.zeros(shape, np.uint8), "mono"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("codec", "pixels", "name", "held_as", "space"),
    [
        ("libx264rgb", "bgr0", "a.mkv", "gbrp", 0),
        ("png", "rgb24", "a.mov", "yuv444p", 1),
        ("qtrle", "rgb24", "a.mov", "yuv444p", 1),
    ],
)
def test_red_green_and_blue_are_marked_as_what_they_become(
    codec, pixels, name, held_as, space, tmp_path, make_video
) -> None:
    """A mark of RGB on luma and chroma is shown as green and purple."""
    path = make_video(tmp_path / name, codec=codec, pixels=pixels)
    copy = copied(path, ".mp4" if codec == "libx264rgb" else ".mkv")
    assert (facts(copy)["pixels"], facts(copy)["space"]) == (held_as, space)
    before, after = (np.asarray(read_image(each).array).astype(int) for each in (path, copy))
    assert np.abs(after - before).mean() < 2.5


VARIABLE = [0, 30, 45, 46, 90, 200, 201, 300, 305, 400, 401, 1000]


@pytest.mark.parametrize("suffix", [".avi", ".mpg", ".wmv"])
def test_a_variable_rate_becomes_even_and_as_long(suffix, tmp_path, make_video) -> None:
    path = make_video(tmp_path / "a.mp4", unit=Fraction(1, 600), times=VARIABLE, frames=12)
    shown = times(copied(path, suffix))
    steps = np.diff([float(time) for time in shown])
    assert steps.max() - steps.min() < 0.002
    assert float(shown[-1] - shown[0]) == pytest.approx(1000 / 600, abs=0.03)


@pytest.mark.parametrize(("rate", "shown"), [(Fraction(8000, 269), 30000 / 1001), (10, 30)])
def test_an_mpeg_has_a_rate_that_it_can_have(rate, shown, tmp_path, make_video) -> None:
    path = make_video(tmp_path / "a.mp4", rate=Fraction(rate))
    copy = copied(path, ".mpg")
    assert float(facts(copy)["rate"]) == pytest.approx(shown)
    length = times(copy)[-1] - times(copy)[0]
    assert float(length) == pytest.approx(19 / float(rate), abs=0.08)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_video_that_is_turned_is_read_upright_and_written_as_it_was(
    degrees, tmp_path, make_video
) -> None:
    path = make_video(
        tmp_path / "a.mp4", describe=lambda _, stream: stream.set_display_rotation(degrees)
    )
    with av.open(str(path)) as container:
        stored = next(container.decode(video=0)).to_ndarray(format="rgb24")
    image = read_image(path)
    turned = np.rot90(stored, degrees // 90).astype(int)  # both count against the clock
    assert np.abs(image.array[0].astype(int) - turned).mean() < 3
    copy = copied(path)
    assert facts(copy) == facts(path)
    assert np.abs(read_image(copy).array[0].astype(int) - image.array[0]).mean() < 3


def _png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((16, 16, 3), 90, np.uint8)).save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_cover_stays_where_a_file_has_room_for_one(suffix, tmp_path, make_video) -> None:
    def add_cover(container, _stream) -> None:
        container.add_attachment("cover.png", "image/png", _png())

    path = make_video(tmp_path / "a.mkv", describe=add_cover, sound="aac")
    copy = copied(path, suffix)
    with av.open(str(copy)) as container:
        assert len(container.streams.video) == 2
        cover = container.streams.video[1]
        assert cover.disposition & Disposition.attached_pic
        assert bytes(next(container.demux(cover))) == _png()
    assert packets(copy, "audio") == packets(path, "audio")
    again = copy.rename(tmp_path / f"again{suffix}")
    assert len(facts(copied(again, ".mkv"))["streams"]) == 3


def test_a_second_track_of_pictures_is_copied(tmp_path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream(name, rate=25) for name in ("libx264", "mpeg4")]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(9):
            shade = np.full((48, 64, 3), 10 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(shade, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux([each for stream in streams for each in stream.encode(frame)])
        container.mux([each for stream in streams for each in stream.encode()])

    def second(path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(each) for each in container.demux(video=1) if each.size]

    assert len(second(path)) == 9
    assert second(copied(path)) == second(path)


DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
HDR = {
    "libx264": {"x264-params": f"mastering-display={DISPLAY}:cll=1000,400"},
    "libx265": {"x265-params": f"log-level=none:master-display={DISPLAY}:max-cll=1000,400"},
}


@pytest.mark.parametrize("codec", HDR)
def test_the_display_and_light_of_hdr_come_back(codec, tmp_path, make_video) -> None:
    def describe(_container, stream) -> None:
        stream.options = HDR[codec]

    path = make_video(tmp_path / "a.mp4", codec=codec, pixels="yuv420p10le", describe=describe)
    told = survey(path).hdr
    assert told.light == (1000, 400)
    assert told.display[:2] == (Fraction(34000, 50000), Fraction(16000, 50000))
    assert told.display[-2:] == (Fraction(50, 10000), 1000)
    assert survey(copied(path)).hdr == told
    assert told.lost_in("libvpx-vp9") == ("the display and light of HDR",)
    assert told.lost_in("libsvtav1") == ()
