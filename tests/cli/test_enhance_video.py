"""Videos on the command line: in, out, and from and to other kinds of files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_zerodce.cli import main, video_output
from napari_zerodce.engine.enhance import enhance as enhance_request
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.files import read_image

av = pytest.importorskip("av", reason="videos need PyAV")


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def enhance(*words: str | Path) -> int:
    return main(["enhance", "--device", "cpu", "--precision", "float32", *map(str, words)])


def pixels(path: str | Path) -> np.ndarray:
    return np.asarray(read_image(Path(path)).array)


def lossless(make_video, name="dark.mkv", **options) -> Path:
    return make_video(Path(name), codec="ffv1", pixels="bgr0", **options)


def flicker(frames: np.ndarray) -> float:
    means = frames.mean((1, 2, 3), dtype=np.float64)
    return float(np.diff(means).std() / means.mean())


@pytest.mark.parametrize("weights", ["zero-dce", "zero-dce-pp"])
def test_the_frames_are_those_of_the_decoded_series(weights, make_video, capsys) -> None:
    path = lossless(make_video, flicker=0.2)
    assert enhance(path, "--output", "bright.mkv", "--checkpoint", weights) == 0
    settings = EnhanceSettings(
        weights, device="cpu", precision="float32", time="smoothed", look=DEFAULT_LOOK
    )
    wanted = enhance_request(EnhanceRequest(pixels(path), "rgb", settings, time_axis=0)).image
    assert np.array_equal(pixels("bright.mkv"), wanted)
    out, err = capsys.readouterr()
    assert out.startswith("dark.mkv -> bright.mkv (cpu, ONNX Runtime, float32, window 0 to 255")
    assert not err


def test_the_exposure_is_smoothed_unless_the_user_says_more(make_video) -> None:
    path = lossless(make_video, flicker=0.2)
    assert enhance(path, "--output", "a.mkv") == 0
    assert enhance(path, "--output", "b.mkv", "--time", "frames") == 0
    assert flicker(pixels("a.mkv")) < flicker(pixels("b.mkv")) / 3


def test_times_and_sound_stay(make_video) -> None:
    path = make_video(Path("dark.mp4"), sound="aac", rate=Fraction(30000, 1001))
    assert enhance(path, "--output", "bright.mp4") == 0

    def facts(name: str):
        with av.open(name) as container:
            sound = [bytes(each) for each in container.demux(audio=0) if each.size]
        with av.open(name) as container:
            return sound, [each.pts for each in container.decode(video=0)]

    assert facts("bright.mp4") == facts("dark.mp4")
    assert pixels("bright.mp4").mean() > pixels("dark.mp4").mean() + 20


def test_a_part_begins_at_0_with_its_own_sound(make_video) -> None:
    path = make_video(Path("dark.mkv"), codec="ffv1", pixels="bgr0", sound="flac", frames=50)
    assert enhance(path, "--output", "whole.mkv") == 0
    assert enhance(path, "--output", "part.mkv", "--part", "25:40,8:40,0:61") == 0
    part = pixels("part.mkv")
    assert np.array_equal(part, pixels("whole.mkv")[25:40, 8:40, :61])
    with av.open("part.mkv") as container:
        assert next(container.decode(video=0)).pts == 0
    with av.open("dark.mkv") as container:
        sound = [
            (each.pts * each.time_base, bytes(each))
            for each in container.demux(audio=0)
            if each.size
        ]
    with av.open("part.mkv") as container:
        kept = [bytes(each) for each in container.demux(audio=0) if each.size]
    assert kept == [data for time, data in sound if 1 <= time < Fraction(8, 5)]


def test_a_video_becomes_a_stack_and_a_stack_a_video(make_video, capsys) -> None:
    path = lossless(make_video, rate=Fraction(20))
    assert enhance(path, "--output", "bright.mkv") == 0
    assert enhance(path, "--output", "bright.tif") == 0
    assert np.array_equal(tifffile.imread("bright.tif"), pixels("bright.mkv"))
    assert enhance("bright.tif", "--output", "again.mp4") == 0
    with av.open("again.mp4") as container:
        stream = container.streams.video[0]
        assert (stream.average_rate, stream.frames, stream.pix_fmt) == (20, 20, "yuv420p")
    assert not capsys.readouterr().err


def test_a_video_becomes_an_ome_zarr(make_video) -> None:
    path = lossless(make_video, flicker=0.2)
    assert enhance(path, "--output", "bright.mkv") == 0
    assert enhance(path, "--output", "bright.ome.zarr") == 0
    assert enhance("bright.ome.zarr", "--output", "b.npy", "--strength", "0") == 0
    assert np.array_equal(np.load("b.npy"), pixels("bright.mkv"))


def test_sixteen_bits_become_eight_and_the_window_all_of_them(capsys) -> None:
    stack = np.tile(np.linspace(0, 6000, 64).astype(np.uint16), (5, 48, 1))
    tifffile.imwrite("dark.tif", stack, metadata={"axes": "TYX"})
    words = ("--output", "a.mp4", "--window", "1000,5000", "--strength", "0")
    assert enhance("dark.tif", *words, "--frame-rate", "30000/1001") == 0
    row = pixels("a.mp4")[0, 24, :, 0].astype(int)
    wanted = np.clip((stack[0, 24].astype(float) - 1000) / 4000, 0, 1) * 255
    assert np.abs(row - wanted).max() <= 6
    with av.open("a.mp4") as container:
        assert container.streams.video[0].average_rate == Fraction(30000, 1001)
    assert enhance("dark.tif", "--output", "b.mp4") == 0
    assert "shows 10 images in a second; --frame-rate" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0", "-1", "x", "1/0", "nan", "1e9"])
def test_a_frame_rate_is_a_number_above_0(text, capsys) -> None:
    with pytest.raises(SystemExit):
        enhance("a.tif", "--output", "a.mp4", f"--frame-rate={text}")
    assert "is no number of images in a second" in capsys.readouterr().err


def test_what_is_left_out_is_told(make_video, capsys) -> None:
    path = make_video(Path("dark.mp4"), sound="aac")
    assert enhance(path, "--output", "a.webm") == 0
    assert "A .webm file cannot hold sound (aac); it is left out." in capsys.readouterr().err


def test_a_picture_is_no_video(dark, capsys) -> None:
    assert enhance(dark, "--output", "a.mp4") == 1
    assert "A video is made of a series of images, but" in capsys.readouterr().err


def test_a_photo_with_the_suffix_of_a_video_is_told(dark, capsys) -> None:
    Path("a.mp4").write_bytes(dark.read_bytes())
    assert enhance("a.mp4", "--output", "b.mp4") == 1
    assert "but its suffix is '.mp4'; rename it to a.png" in capsys.readouterr().err


def test_a_missing_video_is_told(capsys) -> None:
    assert enhance("a.mp4", "--output", "b.mp4") == 1
    assert "There is no file a.mp4" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing_and_is_told(make_video, tmp_path, monkeypatch, capsys) -> None:
    path = lossless(make_video)
    real, written = video_output.VideoWriter._mux, []

    def fails(self, packets) -> None:
        if len(written) == 7:
            av.error.err_check(-28)
        written.append(1)
        real(self, packets)

    monkeypatch.setattr(video_output.VideoWriter, "_mux", fails)
    assert enhance(path, "--output", "bright.mkv") == 1
    assert len(written) == 7
    told = capsys.readouterr().err
    assert "cannot be written: No space left on device; check that the disk has room" in told
    assert len(told.splitlines()) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["dark.mkv"]


def test_an_output_that_exists_is_replaced_only_if_asked(make_video, capsys) -> None:
    path = lossless(make_video)
    Path("a.mkv").write_bytes(b"mine")
    assert enhance(path, "--output", "a.mkv") == 1
    assert Path("a.mkv").read_bytes() == b"mine"
    assert enhance(path, "--output", "a.mkv", "--overwrite") == 0
    assert len(pixels("a.mkv")) == 20


def test_a_lower_quality_is_a_smaller_file(make_video) -> None:
    path = make_video(Path("dark.mp4"))
    for quality in ("95", "30"):
        assert enhance(path, "--output", f"{quality}.mp4", "--quality", quality) == 0
    assert Path("30.mp4").stat().st_size < Path("95.mp4").stat().st_size / 1.5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file, and no .mp4 video"),
        (b"some words", "a text, and no .mp4 video"),
        (b"\xff\xd8\xff\xe0 no whole photo", "a JPEG image, but its suffix is '.mp4'"),
    ],
)
def test_what_is_no_video_is_told(content, said, capsys) -> None:
    Path("a.mp4").write_bytes(content)
    assert enhance("a.mp4", "--output", "b.mp4") == 1
    assert said in capsys.readouterr().err


def test_a_transport_stream_becomes_an_mp4(make_video, capsys) -> None:
    Path("in").mkdir()
    make_video(Path("in/a.ts"))
    Path("in/b.ts").write_text("const frames = 1;")
    assert enhance("in", "--output", "out") == 1
    assert "b.ts is a text, and no .ts video" in capsys.readouterr().err
    assert pixels("out/a.mp4").shape == pixels("in/a.ts").shape


def times_of(path: str) -> list[float]:
    with av.open(path) as container:
        return [float(each.pts * each.time_base) for each in container.decode(video=0)]


def test_a_step_in_milliseconds_is_the_rate(capsys) -> None:
    step = {"axes": "TYX", "TimeIncrement": 40.0, "TimeIncrementUnit": "ms"}
    tifffile.imwrite("dark.ome.tif", np.zeros((5, 32, 48), np.uint8) + 9, metadata=step)
    assert enhance("dark.ome.tif", "--output", "a.mp4") == 0
    assert times_of("a.mp4") == [0, 0.04, 0.08, 0.12, 0.16]
    assert "images in a second" not in capsys.readouterr().err


@pytest.mark.parametrize("durations", [[40] * 4, [40, 200, 40, 80]])
def test_the_times_of_an_animation_stay_there_and_back(durations) -> None:
    shades = [np.full((32, 48), 20 + 20 * number, np.uint8) for number in range(4)]
    first, *others = (Image.fromarray(each) for each in shades)
    first.save("dark.gif", save_all=True, append_images=others, duration=durations, loop=0)
    assert enhance("dark.gif", "--output", "a.mkv") == 0
    assert times_of("a.mkv") == pytest.approx(np.cumsum([0, *durations[:3]]) / 1000)
    assert enhance("a.mkv", "--output", "again.webp") == 0
    assert read_image("again.webp").details["animation"]["durations"] == tuple(durations)


def test_a_stack_lacks_sound_and_chapters_and_says_so(make_video, capsys) -> None:
    def describe(container, _stream) -> None:
        chapter = {"id": 1, "start": 0, "end": 500, "metadata": {"title": "one"}}
        container.set_chapters([chapter | {"time_base": Fraction(1, 1000)}])

    path = make_video(Path("dark.mp4"), sound="aac", describe=describe)
    for output in ("a.tif", "a.ome.zarr"):
        assert enhance(path, "--output", output) == 0
        told = capsys.readouterr().err
        assert f"{output[1:]} file cannot hold sound, chapters; they are left out." in told


def test_a_series_that_a_video_lacks_is_told(make_video, capsys) -> None:
    path = make_video(Path("dark.mp4"))
    for output in ("a.mp4", "a.tif"):
        assert enhance(path, "--output", output, "--series", "1") == 1
        assert "dark.mp4 holds 1 image, and the series 1 is none" in capsys.readouterr().err
    assert enhance(path, "--output", "a.mp4", "--series", "0") == 0


def test_an_even_rate_is_told(make_video, capsys) -> None:
    path = make_video(Path("dark.mp4"), unit=Fraction(1, 600), times=[0, 30, 31, 200], frames=4)
    assert enhance(path, "--output", "a.avi") == 0
    told = capsys.readouterr().err
    assert "A .avi file has an even rate: it shows" in told
    assert "keep the time of each frame" in told
