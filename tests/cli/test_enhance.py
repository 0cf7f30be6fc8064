from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import napari_zerodce
from napari_zerodce.checkpoints import load
from napari_zerodce.checkpoints.read import read_checkpoint
from napari_zerodce.cli import main
from napari_zerodce.imaging.files import image_file, npy

LINE = re.compile(
    r"(?P<source>.+) -> (?P<target>.+) "
    r"\((?P<device>cpu|cuda:0|mps), (?P<backend>ONNX Runtime|PyTorch), (?P<precision>\w+), "
    r"window (?P<window>.+), [0-9.]+ s"
    r"(?:; (?P<why>.+))?\)"
)
CPU = ("--device", "cpu", "--precision", "float32")


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def enhance(*words: str | Path) -> int:
    return main(["enhance", *CPU, *map(str, words)])


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".")]


def test_photo_becomes_what_the_notebook_function_gives(dark, tmp_path, load_photo, capsys) -> None:
    before = dark.read_bytes()
    assert enhance(dark, "--output", "bright.png") == 0
    photo, bright = load_photo(dark), load_photo(Path("bright.png"))
    assert np.array_equal(bright, napari_zerodce.enhance(photo, precision="float32", device="cpu"))
    assert bright.mean() > photo.mean() + 20
    assert dark.read_bytes() == before
    out, err = capsys.readouterr()
    line = LINE.fullmatch(out.strip())
    assert line
    assert (line["source"], line["target"]) == (str(dark), "bright.png")
    found = [line[each] for each in ("device", "backend", "precision", "window")]
    assert found == ["cpu", "ONNX Runtime", "float32", "0 to 255"]
    assert line["why"] == "photo weights, because the image is in colour"
    assert not err
    assert not leftovers(tmp_path)


def test_each_file_gets_its_weights_and_each_checkpoint_is_read_once(
    dark, load_photo, capsys, monkeypatch
) -> None:
    cells = np.full((40, 40), 20, np.uint8)
    cells[:8] = np.arange(100, 140)
    for name in ("a.png", "b.png"):
        Image.fromarray(cells).save(name)
    load._remembered.clear()
    read: list[str] = []
    monkeypatch.setattr(
        load,
        "read_checkpoint",
        lambda path, **named: read.append(path.stem) or read_checkpoint(path, **named),
    )
    assert enhance("a.png", dark, "b.png", "--output", "out") == 0
    out, err = capsys.readouterr()
    assert err.startswith("note: 2 files of one size in ")
    assert err.count("\n") == 1
    reasons = [LINE.fullmatch(line)["why"] for line in out.splitlines()[:-1]]
    assert reasons == [
        "fluorescence weights, because 80 % of the image is background",
        "photo weights, because the image is in colour",
        "fluorescence weights, because 80 % of the image is background",
    ]
    assert sorted(read) == ["zero-dce", "zero-dce-fluo"]
    expected = napari_zerodce.enhance(cells, "zero-dce-fluo", precision="float32", device="cpu")
    assert np.array_equal(load_photo(Path("out/a.png")), expected)
    assert enhance("a.png", "--output", "c.png", "--checkpoint", "zero-dce-fluo") == 0
    assert LINE.fullmatch(capsys.readouterr().out.strip())["why"] is None
    assert np.array_equal(load_photo(Path("c.png")), expected)


def test_every_format_goes_through_a_folder(make_photo, load_photo, tmp_path, capsys) -> None:
    photo, mono = make_photo(), make_photo()[..., 0]
    source = Path("in")
    (source / "sub folder" / "ünïcode ☃").mkdir(parents=True)
    for suffix in ("png", "jpg", "jpeg", "bmp"):
        Image.fromarray(photo).save(source / f"photo.{suffix}")
    Image.fromarray(np.dstack([photo, mono])).save(source / "alpha.png")
    Image.fromarray(mono).save(source / "sub folder" / "mono.png")
    deep = mono.astype(np.uint16) * 100
    Image.fromarray(deep).save(source / "deep.png")
    stack = np.stack([deep, deep + 7])
    tifffile.imwrite(source / "sub folder" / "ünïcode ☃" / "stack.tif", stack)
    tifffile.imwrite(source / "float.tiff", mono.astype(np.float32))
    np.save(source / "volume.npy", stack[:, None].astype(np.int32) - 3000)
    (source / "README.txt").write_text("not an image")
    (source / "photo.png").chmod(0o444)

    assert enhance(source, "--output", "out") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11
    assert all(LINE.fullmatch(line) for line in lines[:-1])
    assert lines[-1] == "10 enhanced, 0 failed; left out: 1 .txt"
    names = sorted(path.relative_to(source) for path in source.rglob("*.*"))
    names.remove(Path("README.txt"))
    assert sorted(path.relative_to("out") for path in Path("out").rglob("*.*")) == names

    assert load_photo(Path("out/photo.jpg")).shape == photo.shape
    alpha = load_photo(Path("out/alpha.png"))
    assert alpha.shape == (40, 50, 4)
    assert np.array_equal(alpha[..., 3], mono)
    bright_deep = load_photo(Path("out/deep.png"))
    assert bright_deep.dtype == np.uint16
    bright = tifffile.imread("out/sub folder/ünïcode ☃/stack.tif")
    assert (bright.dtype, bright.shape) == (np.uint16, stack.shape)
    assert bright.mean() > stack.mean()
    assert tifffile.imread("out/float.tiff").dtype == np.float32
    volume = np.load("out/volume.npy")
    assert (volume.dtype, volume.shape) == (np.int32, (2, 1, 40, 50))
    assert not leftovers(tmp_path)


def test_bad_files_fail_in_one_line_each_and_the_others_are_done(dark, tmp_path, capsys) -> None:
    folder = Path("in")
    folder.mkdir()
    Image.open(dark).save(folder / "a.png")
    (folder / "b.png").write_text("hello")
    (folder / "c.png").write_bytes(dark.read_bytes()[:600])
    (folder / "d.png").touch()
    np.save(folder / "mask.npy", np.ones((4, 4), bool))
    np.save(folder / "empty.npy", np.ones((0, 4)))
    Image.open(dark).save(folder / "z.png")
    assert enhance(folder, "nowhere.png", "--output", "out") == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == "2 enhanced, 6 failed"
    assert sorted(path.name for path in Path("out").iterdir()) == ["a.png", "z.png"]
    failed = err.splitlines()
    assert len(failed) == 6
    assert [line.split(": ")[0] for line in failed] == ["failed"] * 6
    names = ("b.png", "c.png", "d.png", "empty.npy", "mask.npy")
    assert [line.split(": ")[1] for line in failed] == [
        *(str(folder / name) for name in names),
        "nowhere.png",
    ]
    assert not leftovers(tmp_path)


def test_one_pixel(tmp_path, load_photo) -> None:
    Image.fromarray(np.full((1, 1, 3), 30, np.uint8)).save("one.png")
    for checkpoint in ("zero-dce", "zero-dce-pp"):
        output = Path(f"{checkpoint}.png")
        assert enhance("one.png", "--output", output, "--checkpoint", checkpoint) == 0
        assert load_photo(output).shape == (1, 1, 3)
        assert (load_photo(output) > 30).all()


def test_existing_output_is_kept(dark, tmp_path, capsys) -> None:
    Path("out").mkdir()
    Path("out/dark.png").write_text("precious")
    assert enhance(dark, "--output", "out") == 1
    assert Path("out/dark.png").read_text() == "precious"
    assert "exists already; use --overwrite" in capsys.readouterr().err
    assert not leftovers(tmp_path)


def test_overwrite_replaces_only_by_something_whole(dark, load_photo, capsys) -> None:
    bad = Path("in/dark.png")
    bad.parent.mkdir()
    bad.write_text("hello")
    Path("out").mkdir()
    Path("out/dark.png").write_text("precious")
    assert enhance(bad, "--output", "out", "--overwrite") == 1
    assert Path("out/dark.png").read_text() == "precious"
    assert enhance(dark, "--output", "out", "--overwrite") == 0
    assert load_photo(Path("out/dark.png")).mean() > load_photo(dark).mean()


def test_broken_link_in_the_output_counts_as_existing(dark, tmp_path) -> None:
    if sys.platform == "win32":
        pytest.skip("links need rights on Windows")
    Path("out.png").symlink_to("nowhere.png")
    assert enhance(dark, "--output", "out.png") == 1
    assert Path("out.png").is_symlink()


def test_output_that_cannot_hold_the_image_fails_before_the_work(tmp_path, capsys) -> None:
    np.save("stack.npy", np.zeros((200, 400, 400), np.float32))  # a minute of work
    assert enhance("stack.npy", "--output", "stack.jpg") == 1
    assert "cannot hold a 200x400x400 mono image of float32" in capsys.readouterr().err
    assert not Path("stack.jpg").exists()
    assert not leftovers(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_full_disk_behind_stdout_costs_no_image(dark, command) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command("enhance", dark, "--output", "bright.png"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=200,
        )
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    assert Path("bright.png").exists()


def test_unwritable_output_folders_fail_in_one_line(dark, tmp_path, capsys) -> None:
    Path("file").touch()
    for output in ("file/out.png", "file/deep/"):
        assert enhance(dark, "--output", output) == 1
        out, err = capsys.readouterr()
        assert not out
        assert err.count("\n") == 1
        assert "cannot be written" in err
    assert not leftovers(tmp_path)


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a user without all rights"
)
def test_locked_output_folder_fails_in_one_line(dark, capsys) -> None:
    Path("locked").mkdir(0o555)
    assert enhance(dark, "--output", "locked/") == 1
    assert "Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--tile", "0"], "tile is 0"),
        (["--window", "5,1"], "from 5 to 1"),
        (["--window", "bright"], "'bright'"),
        (["--checkpoint", "nothing"], "'nothing'"),
        (["--checkpoint", "dark.png"], "not a checkpoint"),
        (["--checkpoint", "nowhere.pth"], "nowhere.pth does not exist"),
        (["--device", "tpu"], "'tpu'"),
        (["--scale-factor", "3"], "no scale factor"),
        (["--checkpoint", "zero-dce-pp", "--scale-factor", "0"], "scale factor is 0"),
    ],
)
def test_bad_settings_are_refused_once_and_before_the_start(dark, words, found, capsys) -> None:
    Path("in").mkdir()
    Image.open(dark).save("in/a.png")
    Image.open(dark).save("in/b.png")
    assert enhance("in", "--output", "out", *words) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("napari-zerodce: ")
    assert err.count("\n") == 1
    assert found in err
    assert not Path("out").exists()


def test_collisions_are_refused_before_the_start(dark, capsys) -> None:
    before = dark.read_bytes()
    assert enhance(dark, "--output", dark, "--overwrite") == 2
    assert "would replace the input" in capsys.readouterr().err
    assert dark.read_bytes() == before
    Path("other").mkdir()
    Image.open(dark).save("other/dark.png")
    assert enhance(dark, "other", "--output", "out") == 2
    assert "would both become" in capsys.readouterr().err
    assert not Path("out").exists()


def test_settings_arrive(dark, load_photo, capsys) -> None:
    photo = load_photo(dark)
    choices = {
        ("--window", "-5,100"): {"window": (-5, 100)},
        ("--window", "minmax"): {"window": "minmax"},
        ("--window", "percentile:5,95"): {"window": "percentile:5,95"},
        ("--checkpoint", "zero-dce-pp"): {"checkpoint": "zero-dce-pp"},
        ("--precision", "bfloat16"): {"precision": "bfloat16"},
        ("--tile", "16"): {"tile": 16},
    }
    results = []
    for words, choice in choices.items():
        assert enhance(dark, "--output", "out.png", "--overwrite", *words) == 0
        expected = napari_zerodce.enhance(
            photo, **{"precision": "float32", "device": "cpu"} | choice
        )
        results.append(load_photo(Path("out.png")))
        assert np.array_equal(results[-1], expected), words
    lines = capsys.readouterr().out.splitlines()
    assert "window -5 to 100" in lines[0]
    assert "bfloat16" in lines[4]


def test_scale_factor_arrives(dark, load_photo) -> None:
    words = ("--output", "out.png", "--checkpoint", "zero-dce-pp", "--scale-factor", "2")
    assert enhance(dark, *words) == 0
    checkpoint = napari_zerodce.load_checkpoint("zero-dce-pp", scale_factor=2)
    expected = napari_zerodce.enhance(load_photo(dark), checkpoint, precision="float32")
    assert np.array_equal(load_photo(Path("out.png")), expected)


def test_process_exits_as_documented(dark, run_command) -> None:
    done = run_command("enhance", dark, "nowhere.png", "--output", "out/")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "1 enhanced, 1 failed"
    # No bar where stderr is no terminal: the failure is all there is.
    assert done.stderr.splitlines() == [
        "failed: nowhere.png: There is no file nowhere.png; check the path."
    ]
    done = run_command("enhance", dark, "--output", "out/", "--device", "tpu")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    done = run_command("enhance", dark, "--output", "out/", "--overwrite")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_bars_are_drawn_on_a_terminal(dark, command, run_on_terminal) -> None:
    words = command("enhance", dark, "nowhere.png", "--output", "out/")
    exit_code, screen = run_on_terminal(words)
    assert exit_code == 1
    assert "2/2" in screen  # files
    assert "dark.png: Enhancing |" in screen  # tiles
    assert "1 enhanced, 1 failed" in screen


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_name_that_is_no_text_is_printed_with_escapes(dark, run_command, tmp_path) -> None:
    source = Path(os.fsdecode(b"bad\xff.png"))
    try:
        source.write_bytes(dark.read_bytes())
    except OSError:
        pytest.skip("this file system allows no such names")
    done = run_command("enhance", source, "--output", "out/")
    assert done.returncode == 0, done.stderr
    assert "bad\\udcff.png" in done.stdout
    assert (tmp_path / "out" / source).is_file()


def test_real_files(shared_data: Path, capsys) -> None:
    folders = (shared_data / "microscopy" / "human", shared_data / "microscopy" / "snr_pairs")
    photo = shared_data / "photos" / "dicm" / "69.jpg"
    words = ("--checkpoint", "zero-dce-pp")
    assert enhance(*folders, photo, "--output", "out", *words) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "10 enhanced, 0 failed"
    sources = [*folders[0].iterdir(), *folders[1].iterdir(), photo]
    for source in sources:
        before, after = (_samples(path) for path in (source, Path("out") / source.name))
        assert (after.dtype, after.shape) == (before.dtype, before.shape)
        assert after.mean() > before.mean()


def _samples(path: Path) -> np.ndarray:
    if path.suffix == ".tif":
        return tifffile.imread(path)
    with Image.open(path) as photo:
        return np.asarray(photo)


def test_a_time_lapse_loses_its_flicker(tmp_path) -> None:
    random = np.random.default_rng(0)
    cells = 1000 * random.random((40, 50)) ** 4
    gains = 1 + 0.2 * np.array([1, -1, 1, -1, 0, 1, -1, 1, -1])
    movie = (100 + gains[:, None, None] * cells).astype(np.uint16)
    tifffile.imwrite("movie.tif", movie, imagej=True, metadata={"axes": "TYX"})
    words = ["--checkpoint", "zero-dce-pp", "--window", "100,1000"]
    time = ["--time", "smoothed", "--time-window", "7"]
    assert enhance("movie.tif", "--output", "bright.tif", *words, *time) == 0
    expected = napari_zerodce.enhance(
        movie, "zero-dce-pp", window=(100, 1000), device="cpu", precision="float32",
        time_axis=0, time="smoothed", time_window=7,
    )  # fmt: skip
    np.testing.assert_array_equal(tifffile.imread("bright.tif"), expected)
    assert enhance("movie.tif", "--output", "same.tif", *words, *time, "--time-axis", "0") == 0
    np.testing.assert_array_equal(tifffile.imread("same.tif"), expected)


def test_time_without_an_axis_of_time_is_one_sentence(dark, capsys) -> None:
    assert enhance(dark, "--output", "bright.png", "--time", "smoothed") == 1
    assert "the image has no axis of time; say which axis" in capsys.readouterr().err
    assert not Path("bright.png").exists()


def test_axes_in_another_order(tmp_path: Path) -> None:
    stack = np.linspace(90, 4000, 3 * 20 * 30).reshape(3, 20, 30).astype(np.uint16)
    np.save("zyx.npy", stack)
    np.save("xyz.npy", stack.transpose(2, 1, 0))
    assert enhance("zyx.npy", "--output", "1.npy") == 0
    assert enhance("xyz.npy", "--output", "2.npy", "--axes", "xyz") == 0
    np.testing.assert_array_equal(np.load("2.npy"), np.load("1.npy").transpose(2, 1, 0))
    assert enhance("xyz.npy", "--output", "3.npy", "--axes", "XYZ", "--part", "1:2,:,5:9") == 0
    np.testing.assert_array_equal(np.load("3.npy"), np.load("2.npy")[5:9, :, 1:2])


def test_channels_are_those_of_the_axes(capsys) -> None:
    ramp = np.linspace(0, 1000, 20 * 30).reshape(20, 30)
    np.save("yxc.npy", np.stack([ramp, 30 * ramp], axis=-1).astype(np.uint16))
    words = ("yxc.npy", "--window", "minmax", "--axes", "YXC", "--output")
    assert enhance(*words, "1.npy") == 0
    assert "window 0 to 1000; 0 to 30000" in capsys.readouterr().out
    assert enhance(*words, "2.npy", "--channel-axis", "none") == 0
    assert "window 0 to 30000," in capsys.readouterr().out


def test_axes_that_do_not_fit_are_one_sentence(dark, capsys) -> None:
    assert enhance(dark, "--output", "bright.png", "--axes", "ZYX") == 1
    error = capsys.readouterr().err
    assert "The axes 'ZYX' do not fit the image; write a letter for each of its 2 axes" in error
    assert "Traceback" not in error


def test_planes_that_cannot_be_read_can_be_left_out(monkeypatch, capsys) -> None:
    class Damaged:
        shape, ndim, dtype = (3, 20, 30), 3, np.dtype(np.uint16)

        def __getitem__(self, key):
            if key[0] == 1:
                raise OSError(5, "the drive is gone")
            return np.full(self.shape, 500, np.uint16)[key]

    def read(_path):
        return (image_file.ImageFile(Damaged(), "mono"),)

    np.save("stack.npy", np.zeros((3, 20, 30), np.uint16))
    monkeypatch.setattr(npy, "read", read)
    words = ("stack.npy", "--window", "0,4000", "--output")
    assert enhance(*words, "1.npy") == 1
    assert "Plane 1 cannot be read: the drive is gone" in capsys.readouterr().err
    assert not Path("1.npy").exists()
    assert enhance(*words, "2.npy", "--skip-unreadable") == 0
    assert "note: stack.npy: 1 of 3 planes is missing" in capsys.readouterr().err
    image = np.load("2.npy")
    assert not image[1].any()
    assert image[[0, 2]].all()


def test_no_space_left_is_one_sentence_and_leaves_nothing(dark, tmp_path, monkeypatch, capsys):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tifffile.TiffWriter, "write", full)
    assert enhance(dark, "--output", "bright.tif") == 1
    error = capsys.readouterr().err
    assert "bright.tif cannot be written: No space left on device" in error
    assert "Traceback" not in error
    assert not Path("bright.tif").exists()
    assert not leftovers(tmp_path)


def test_a_quality_is_for_lossy_outputs(dark, capsys) -> None:
    for quality in (30, 90):
        assert enhance(dark, "--output", f"{quality}.jpg", "--quality", quality) == 0
    tables = []
    for quality in (30, 90):
        with Image.open(f"{quality}.jpg") as photo:
            tables.append(photo.quantization[0][0])
    assert tables == [27, 3]  # 16 of the standard's table, times 5000 / 30 %, and 20 %
    assert enhance(dark, "--output", "bright.png", "--quality", "30") == 2
    assert "bright.png is of a lossless kind" in capsys.readouterr().err
    assert not Path("bright.png").exists()


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_an_animation_stays_one(suffix) -> None:
    frames = [Image.fromarray(np.full((20, 30, 3), grey, np.uint8)) for grey in (10, 20, 30)]
    frames[0].save(f"dark{suffix}", save_all=True, append_images=frames[1:], duration=[40, 80, 120])
    assert enhance(f"dark{suffix}", "--output", f"bright{suffix}") == 0
    with Image.open(f"bright{suffix}") as photo:
        assert photo.n_frames == 3


@pytest.mark.parametrize(
    ("order", "options"),
    [
        ((0, 1, 2), {"photometric": "minisblack", "planarconfig": "separate"}),
        ((1, 2, 0), {"photometric": "minisblack", "planarconfig": "contig"}),
        ((0, 1, 2), {"imagej": True, "metadata": {"axes": "CYX"}}),
        ((0, 1, 2), {"ome": True, "metadata": {"axes": "CYX"}}),
    ],
)
def test_each_channel_of_a_tiff_reaches_what_it_reaches_alone(order, options) -> None:
    channels = np.random.default_rng(0).normal(300, 4, (2, 60, 70))
    channels[:, :20] += np.linspace(0, 1, 20 * 70).reshape(20, 70) * [[[8000]], [[500]]]
    channels = channels.astype(np.uint16)
    tifffile.imwrite("both.tif", channels.transpose(order), **options)
    tifffile.imwrite("dim.tif", channels[1])
    assert enhance("both.tif", "--output", "both-bright.tif") == 0
    assert enhance("dim.tif", "--output", "dim-bright.tif", "--checkpoint", "zero-dce-fluo") == 0
    made = tifffile.imread("both-bright.tif")
    assert made.shape == channels.transpose(order).shape
    made = made.transpose(np.argsort(order))
    np.testing.assert_array_equal(made[1], tifffile.imread("dim-bright.tif"))


def test_what_reading_loses_is_told(capsys) -> None:
    ink = np.full((20, 30, 4), (0, 255, 255, 0), np.uint8)
    Image.fromarray(ink, "CMYK").save("print.jpg")
    assert enhance("print.jpg", "--output", "bright.jpg") == 0
    assert capsys.readouterr().err == "note: print.jpg: not kept of the source: CMYK.\n"


def test_a_part_keeps_the_facts_of_its_own_pages() -> None:
    stack = np.linspace(90, 4000, 3 * 20 * 30).reshape(3, 20, 30).astype(np.uint16)
    with tifffile.TiffWriter("in.tif") as file:
        for number, page in enumerate(stack):
            file.write(page, description=f"page {number}", metadata=None, contiguous=False)
    assert enhance("in.tif", "--output", "out.tif", "--part", "2:3,:,5:9") == 0
    with tifffile.TiffFile("out.tif") as file:
        assert [page.aspage().description for page in file.pages] == ["page 2"]
        assert file.asarray().squeeze().shape == (20, 4)
