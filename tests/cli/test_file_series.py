"""Files of one folder that are one series: one window, one choice of weights, one curve."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_zerodce.cli import main
from napari_zerodce.imaging.files.file_names import natural_order
from napari_zerodce.imaging.files.photos import jpeg

LEVEL, SIDE = 300, 48


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def enhance(*words):
    return main(["enhance", "--device", "cpu", "--precision", "float32", *map(str, words)])


def frames(folder="in", *, brightest=(900, 2500, 1400), names=None):
    """Write frames of a series: the same background, cells whose brightness changes."""
    Path(folder).mkdir()
    generator = np.random.default_rng(0)
    for number, bright in enumerate(brightest):
        frame = generator.normal(LEVEL, 4, (SIDE, SIDE))
        frame[:12] += np.linspace(0, bright, 12 * SIDE).reshape(12, SIDE)
        name = names[number] if names else f"frame{number}.tif"
        tifffile.imwrite(Path(folder, name), frame.astype(np.uint16))


def backgrounds(folder="out"):
    """Return the middle of the background of each frame."""
    paths = sorted(Path(folder).glob("*.tif"), key=lambda path: natural_order(path.name))
    return [float(np.median(tifffile.imread(path)[20:])) for path in paths]


def windows(out):
    return re.findall(r"window ([^,]+),", out)


def test_files_of_one_size_share_their_window(capsys):
    frames()
    assert enhance("in", "--output", "out") == 0
    out, err = capsys.readouterr()
    assert len(set(windows(out))) == 1
    assert err.strip() == (
        "note: 3 files of one size in 'in' are one series and share one window; "
        "--window-per-file finds one for each."
    )
    found = backgrounds()
    assert max(found) - min(found) <= 2
    stack = np.stack([tifffile.imread(path) for path in sorted(Path("in").iterdir())])
    tifffile.imwrite("stack.tif", stack, photometric="minisblack", metadata={"axes": "TYX"})
    assert enhance("stack.tif", "--output", "whole.tif") == 0
    made = np.stack([tifffile.imread(path) for path in sorted(Path("out").iterdir())])
    np.testing.assert_array_equal(made, tifffile.imread("whole.tif"))


def test_each_file_may_have_a_window_of_its_own(capsys):
    frames()
    assert enhance("in", "--output", "out", "--window-per-file") == 0
    out, err = capsys.readouterr()
    assert len(set(windows(out))) == 3
    assert not err
    assert enhance("in/frame1.tif", "--output", "alone.tif") == 0
    np.testing.assert_array_equal(tifffile.imread("alone.tif"), tifffile.imread("out/frame1.tif"))


def test_one_curve_serves_the_series(capsys):
    frames()
    assert enhance("in", "--output", "out", "--global-curve") == 0
    out, err = capsys.readouterr()
    assert len(set(re.findall(r"A = ([^,)]+)", out))) == 1
    assert "share one window and one curve" in err


def test_exposure_is_smoothed_over_the_files_in_their_natural_order(capsys):
    names = [f"f{number}.tif" for number in range(8, 14)]  # by letters, f10 comes before f8
    frames(brightest=[1500] * 6, names=names)
    for number, path in enumerate(names):
        image = tifffile.imread(f"in/{path}")
        tifffile.imwrite(f"in/{path}", (image * (1.0 + 0.2 * (number % 2))).astype(np.uint16))
    frame_by_frame = enhance("in", "--output", "alone")
    assert enhance("in", "--output", "out", "--time", "smoothed") == frame_by_frame == 0
    flicker = [np.ptp(backgrounds(folder)) for folder in ("alone", "out")]
    assert flicker[1] < flicker[0] / 2
    stack = np.stack([tifffile.imread(f"in/{name}") for name in names])
    tifffile.imwrite("stack.tif", stack, photometric="minisblack", metadata={"axes": "TYX"})
    assert enhance("stack.tif", "--output", "whole.tif", "--time", "smoothed") == 0
    made = np.stack([tifffile.imread(f"out/{name}") for name in names])
    np.testing.assert_array_equal(made, tifffile.imread("whole.tif"))
    capsys.readouterr()


def test_parts_axes_and_channels_count_the_axes_of_a_file(capsys):
    generator = np.random.default_rng(1)
    Path("in").mkdir()
    for number in range(2):
        image = generator.normal(200, 3, (40, 30, 2))
        image[:8] += 900 * (number + 1) * np.array([1, 0.1])
        np.save(f"in/{number}.npy", image.astype(np.uint16))
    words = ("--axes", "YXC", "--part", ":,5:35,:")
    assert enhance("in", "--output", "out", *words) == 0
    made = [np.load(f"out/{number}.npy") for number in range(2)]
    assert [each.shape for each in made] == [(30, 30, 2)] * 2
    first, second = windows(capsys.readouterr().out)
    assert first == second
    assert first.count(";") == 1


def test_photos_keep_the_window_that_each_has_alone(make_photo, capsys):
    Path("in").mkdir()
    for number in range(2):
        Image.fromarray(make_photo(seed=number)).save(f"in/{number}.png")
    assert enhance("in", "--output", "out") == 0
    assert not capsys.readouterr().err
    assert enhance("in", "--output", "again", "--window-per-file") == 0
    for name in ("0.png", "1.png"):
        np.testing.assert_array_equal(
            np.asarray(Image.open(f"out/{name}")), np.asarray(Image.open(f"again/{name}"))
        )


def test_other_sizes_dtypes_and_folders_are_no_part_of_a_series(capsys):
    frames()
    image = tifffile.imread("in/frame0.tif")
    tifffile.imwrite("in/larger.tif", np.pad(image, 3, mode="edge"))
    tifffile.imwrite("in/float.tif", image.astype(np.float32))
    Path("in/below").mkdir()
    tifffile.imwrite("in/below/other.tif", image)
    Path("in/broken.tif").write_bytes(b"II*\0nothing")
    assert enhance("in", "--output", "out") == 1
    out, err = capsys.readouterr()
    assert "note: 3 files of one size" in err
    assert err.count("failed: ") == 1
    assert out.splitlines()[-1] == "6 enhanced, 1 failed"


def test_a_file_that_goes_while_the_command_runs_fails_alone(capsys, monkeypatch):
    from napari_zerodce.cli import series_search

    frames()
    usual = series_search.find_series

    def then_gone(*given, **named):
        found = usual(*given, **named)
        Path("in/frame1.tif").unlink()
        return found

    monkeypatch.setattr(series_search, "find_series", then_gone)
    assert enhance("in", "--output", "out", "--window", "290,3000", "--global-curve") == 1
    assert "failed: in/frame1.tif" in capsys.readouterr().err


def test_channels_in_files_of_their_own_are_two_series(capsys):
    names = ["t0_w1.tif", "t0_w2.tif", "t1_w1.tif", "t1_w2.tif"]
    frames(brightest=(9000, 500, 8000, 450), names=names)
    assert enhance("in", "--output", "out") == 0
    out, err = capsys.readouterr()
    first, second, third, fourth = windows(out)
    assert first == third != second == fourth
    assert err.count("note: 2 files of one size") == 2


@pytest.fixture
def decoded(monkeypatch):
    """How often each JPEG is decoded."""
    counts, usual = Counter(), jpeg._decoded

    def count(photo, path):
        counts[path.name] += 1
        return usual(photo, path)

    monkeypatch.setattr(jpeg, "_decoded", count)
    return counts


@pytest.mark.parametrize("words", [(), ("--skip-existing",), ("--checkpoint", "zero-dce")])
def test_photos_are_decoded_when_their_turn_comes_and_once(make_photo, decoded, monkeypatch, words):
    from napari_zerodce.cli import series_search

    Path("in").mkdir()
    for number in range(4):
        Image.fromarray(make_photo(seed=number)).save(f"in/{number}.jpg")
    usual, before = series_search.find_series, []

    def found(*given, **named):
        frames = usual(*given, **named)
        before.append((len(frames), sum(decoded.values())))
        return frames

    monkeypatch.setattr(series_search, "find_series", found)
    assert enhance("in", "--output", "out", *words) == 0
    assert before == [(4, 0)]
    assert decoded == {f"{number}.jpg": 1 for number in range(4)}


def test_a_file_that_is_alone_with_its_kind_is_not_looked_at(make_photo, monkeypatch):
    from napari_zerodce.cli import series_search

    Path("in").mkdir()
    for suffix in ("png", "tif", "bmp"):
        Image.fromarray(make_photo()).save(f"in/photo.{suffix}")
    monkeypatch.setattr(series_search, "outline_images", lambda path: pytest.fail(str(path)))
    assert enhance("in", "--output", "out") == 0


def grey_in_colours(image):
    return Image.fromarray(np.stack([image.astype(np.uint8)] * 3, axis=-1))


def cells(bright):
    image = np.random.default_rng(0).normal(12, 1, (SIDE, SIDE))
    image[:12] += np.linspace(0, bright, 12 * SIDE).reshape(12, SIDE)
    return image.clip(0, 255)


@pytest.mark.parametrize("grey", ["a.png", "z.png"])
def test_a_grey_photo_among_others_is_as_it_is_alone(make_photo, capsys, grey):
    Path("in").mkdir()
    for number in range(3):
        Image.fromarray(make_photo(SIDE, SIDE, seed=number)).save(f"in/{number}.png")
    grey_in_colours(cells(150)).save(f"in/{grey}")
    assert (
        enhance("in", "--output", "out")
        == enhance("in", "--output", "alone", "--window-per-file")
        == 0
    )
    assert not capsys.readouterr().err
    for path in Path("out").iterdir():
        made = np.asarray(Image.open(path))
        np.testing.assert_array_equal(made, np.asarray(Image.open(Path("alone", path.name))))
        assert (np.ptp(made, axis=-1).max() == 0) == (path.name == grey)


def test_grey_frames_in_colours_share_their_window(capsys):
    Path("in").mkdir()
    for number, bright in enumerate((60, 230, 120)):
        grey_in_colours(cells(bright)).save(f"in/{number}.png")
    assert enhance("in", "--output", "out") == 0
    out, err = capsys.readouterr()
    assert "3 files of one size in 'in' are one series and share one window" in err
    assert len(set(windows(out))) == 1
    assert enhance("in", "--output", "alone", "--window-per-file") == 0
    assert len(set(windows(capsys.readouterr().out))) == 3


def test_one_series_of_each_file_is_its_image(tmp_path, capsys):
    frames()
    for path in sorted(Path("in").iterdir()):
        page = tifffile.imread(path)
        tifffile.imwrite(path, np.stack([page, page // 2]), photometric="minisblack")
    assert enhance("in", "--output", "out", "--series", "1") == 0
    assert len(set(windows(capsys.readouterr().out))) == 1
    assert {tifffile.imread(path).shape for path in Path("out").iterdir()} == {(SIDE, SIDE)}


def float_photo(seed, *, tint=(1.0, 0.8, 0.6)):
    """Return a photo of floats from 0 to about 2, whose window only its samples tell."""
    image = np.random.default_rng(seed).gamma(2, 0.3, (SIDE, SIDE, 1)) * np.array(tint)
    return image.astype(np.float32)


@pytest.mark.parametrize("word", ["enhance", "batch"])
def test_grey_files_between_colours_are_a_series_of_their_own(capsys, word):
    for folder in ("colours", "greys", "all"):
        Path(folder).mkdir()
    for number in range(6):
        is_grey = number in {0, 4}
        tint = (1.0, 1.0, 1.0) if is_grey else (1.0, 0.8, 0.6)
        image = float_photo(number, tint=tint) / (3 if is_grey else 1)
        for folder in ("all", "greys" if is_grey else "colours"):
            tifffile.imwrite(f"{folder}/{number}.tif", image, photometric="rgb")
    for folder in ("all", "greys", "colours"):
        words = ["--device", "cpu", "--output", f"{folder}-out", folder]
        assert main([word, *words]) == 0
    alone = {
        path.name: path for each in ("greys", "colours") for path in Path(f"{each}-out").iterdir()
    }
    for path in sorted(Path("all-out").glob("*.tif")):
        made = tifffile.imread(path)
        np.testing.assert_array_equal(made, tifffile.imread(alone[path.name]), path.name)
        assert (np.ptp(made, axis=-1).max() == 0) == (path.name in {"0.tif", "4.tif"})


def test_grey_photos_between_photos_in_colours_share_their_window(make_photo, capsys):
    Path("in").mkdir()
    for number in range(3):
        Image.fromarray(make_photo(SIDE, SIDE, seed=number)).save(f"in/{number}.png")
    for number, bright in enumerate((60, 230)):
        grey_in_colours(cells(bright)).save(f"in/grey{number}.png")
    assert enhance("in", "--output", "out") == 0
    out, err = capsys.readouterr()
    assert err.strip().startswith("note: 2 files of one size in 'in' are one series and share one")
    *colours, first, second = windows(out)
    assert set(colours) == {"0 to 255"}
    assert first == second != colours[0]


def test_a_curve_that_colours_share_leaves_a_grey_file_alone(make_photo, capsys):
    Path("in").mkdir()
    for number in range(2):
        Image.fromarray(make_photo(SIDE, SIDE, seed=number)).save(f"in/{number}.png")
    grey_in_colours(cells(150)).save("in/grey.png")
    assert enhance("in", "--output", "out", "--global-curve") == 0
    out, _ = capsys.readouterr()
    first, second, grey = re.findall(r"A = ([^,)]+)", out)
    assert first == second != grey


def test_a_window_that_the_samples_chose_is_told_also_if_it_is_that_of_the_dtype(capsys):
    Path("in").mkdir()
    for number in range(2):
        image = np.random.default_rng(number).integers(40, 200, (SIDE, SIDE), np.uint8)
        Image.fromarray(image).save(f"in/{number}.png")
    assert enhance("in", "--output", "out") == 0
    out, err = capsys.readouterr()
    assert windows(out) == ["0 to 255"] * 2
    assert "2 files of one size in 'in' are one series" in err
    assert enhance("in", "--output", "again", "--window", "dtype") == 0
    assert not capsys.readouterr().err


def test_channels_that_only_their_xml_tells_are_two_series(capsys):
    frames(
        brightest=(9000, 500, 8000, 450), names=["a.ome.tif", "b.ome.tif", "c.ome.tif", "d.ome.tif"]
    )
    for number, name in enumerate("abcd"):
        path = Path(f"in/{name}.ome.tif")
        metadata = {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"][number % 2]}}
        image = tifffile.imread(path)[None]
        tifffile.imwrite(path, image, photometric="minisblack", metadata=metadata, ome=True)
    assert enhance("in", "--output", "out") == 0
    out, err = capsys.readouterr()
    first, second, third, fourth = windows(out)
    assert first == third != second == fourth
    assert err.count("note: 2 files of one size") == 2
