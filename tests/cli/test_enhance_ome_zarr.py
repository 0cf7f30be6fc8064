"""``enhance`` with OME-Zarr: by regions, with all that the source says, and after a kill."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import tifffile
import zarr

import napari_zerodce
from napari_zerodce.cli import main
from napari_zerodce.imaging.files import read_image
from napari_zerodce.imaging.files.ome_zarr import read_ome_zarr
from napari_zerodce.imaging.files.saved import SavedImage
from napari_zerodce.imaging.files.saved.growing import begin
from napari_zerodce.imaging.files.saved.image import ChannelDisplay
from napari_zerodce.imaging.files.urls import named

CPU = ("--device", "cpu", "--precision", "float32")


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    fsspec.filesystem("memory").store.clear()


def enhance(*words: str | Path) -> int:
    return main(["enhance", *CPU, *map(str, words)])


def exit_code(*words: str) -> int | str | None:
    try:
        return enhance(*words)
    except SystemExit as end:
        return end.code


def cells(shape: tuple[int, ...]) -> np.ndarray:
    """Return dark cells, brighter in later planes of the first axis."""
    noise = np.random.default_rng(0).integers(100, 200, shape)
    steps = np.arange(1, shape[0] + 1).reshape(-1, *[1] * (len(shape) - 1))
    blocks = np.indices(shape[-2:]).sum(0) // 10 % 3 == 0
    return (noise + 400 * steps * blocks).astype(np.uint16)


def write(path: str, array: np.ndarray, axes: str, **other: Any) -> SavedImage:
    count = len(axes)
    facts: dict[str, Any] = {
        "scale": (0.5,) * count,
        "translate": (1.0,) * count,
        "units": tuple("pixel" if axis == "C" else "micrometer" for axis in axes),
    }
    image = SavedImage((array,), "mono", axes, **(facts | other))
    begin(path, image).fill(image.levels)
    return image


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_channels_and_all_that_the_source_says_arrive(version: str, capsys: Any) -> None:
    array = cells((2, 3, 60, 70))
    shown = (
        ChannelDisplay("00FF00", (0.0, 1.0), "GFP", (0.0, 4095.0)),
        ChannelDisplay("FF0000", (0.0, 1.0), "RFP", (0.0, 4095.0), active=False),
    )
    write("in.ome.zarr", array, "CZYX", display=shown, name="dish 1")
    assert enhance("in.ome.zarr", "--output", "out.ome.zarr", "--zarr-version", version) == 0
    out, err = capsys.readouterr()
    assert not err
    assert out.startswith("in.ome.zarr -> out.ome.zarr (cpu, ONNX Runtime, float32, window ")
    assert "; fluorescence weights" in out
    made = read_ome_zarr(Path("out.ome.zarr"))
    expected = napari_zerodce.enhance(array, device="cpu", precision="float32", channel_axis=0)
    np.testing.assert_array_equal(made.levels[0][...], expected)
    source = read_ome_zarr(Path("in.ome.zarr"))
    for field in ("axes", "scale", "translate", "units", "name"):
        assert getattr(made, field) == getattr(source, field)
    names = [(each.name, each.colour, each.active, each.bounds) for each in made.display]
    assert names == [(each.name, each.colour, each.active, each.bounds) for each in shown]
    windows = out.partition("window ")[2].partition(", ")[0].split("; ")
    assert [f"{low:g} to {high:g}" for low, high in (each.limits for each in made.display)] == (
        windows
    )
    assert windows[0] != windows[1]
    assert sorted(path.name for path in Path().iterdir()) == ["in.ome.zarr", "out.ome.zarr"]


def test_part_is_at_its_place() -> None:
    array = cells((3, 60, 70))
    write("in.zarr", array, "TYX")
    assert enhance("in.zarr", "--output", "all.zarr") == 0
    assert enhance("in.zarr", "--output", "out.zarr", "--part", "1:3,10:50,:") == 0
    made = read_ome_zarr(Path("out.zarr"))
    assert made.translate == (1.5, 6.0, 1.0)
    whole = read_ome_zarr(Path("all.zarr")).levels[0][...]
    np.testing.assert_array_equal(made.levels[0][...], whole[1:3, 10:50])


def test_global_curve_is_that_of_all_regions(capsys: Any) -> None:
    array = cells((3, 60, 70))
    write("in.zarr", array, "TYX")
    np.save("in.npy", array)
    look = ("--global-curve", "--detail-gain-limit", "none")
    assert enhance("in.zarr", "--output", "out.zarr", *look) == 0
    assert enhance("in.npy", "--output", "out.npy", *look) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0].partition("A = ")[2].split(",")[0] == lines[1].partition("A = ")[2].split(",")[0]
    )
    made = read_ome_zarr(Path("out.zarr")).levels[0][...]
    np.testing.assert_array_equal(made, np.load("out.npy"))


def test_image_files_become_ome_zarr_and_back() -> None:
    array = cells((2, 3, 60, 70))
    metadata = {"axes": "TCYX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm"}
    tifffile.imwrite("in.ome.tif", array, metadata=metadata)
    assert enhance("in.ome.tif", "--output", "out.ome.zarr") == 0
    made = read_ome_zarr(Path("out.ome.zarr"))
    assert (made.axes, made.scale[-1], made.units[-1]) == ("TCYX", 0.5, "micrometer")
    assert enhance("in.ome.tif", "--output", "out.tif") == 0
    np.testing.assert_array_equal(made.levels[0][...], read_image("out.tif").array)
    write("source.ome.zarr", array, "TCYX")
    assert enhance("source.ome.zarr", "--output", "back.tif") == 0
    np.testing.assert_array_equal(read_image("back.tif").array, read_image("out.tif").array)
    assert read_image("back.tif").details["metadata"]["PhysicalSizeX"] == 0.5


@pytest.mark.parametrize("kind", ["npy", "tif", "ome.zarr"])
def test_axes_that_the_user_corrects_are_those_of_the_result(kind: str) -> None:
    array = cells((5, 60, 70))
    stored, known = np.moveaxis(array, 0, -1), {"scale": (0.5, 0.25, 2.0)}
    if kind == "npy":
        np.save("in.npy", stored)
    elif kind == "tif":
        tifffile.imwrite("in.tif", stored, metadata={"axes": "ZYX"}, ome=True)
    else:
        write("in.ome.zarr", np.ascontiguousarray(stored), "ZYX", **known)
    assert enhance(f"in.{kind}", "--output", "out.ome.zarr", "--axes", "YXC") == 0
    made = read_ome_zarr(Path("out.ome.zarr"))
    assert (made.axes, made.shape) == ("CYX", (5, 60, 70))
    sizes = (1, 0.5, 0.25) if kind == "ome.zarr" else (1, 1, 1)
    assert made.scale == sizes
    np.save("right.npy", array)
    assert enhance("right.npy", "--output", "right.ome.zarr", "--axes", "CYX") == 0
    right = read_ome_zarr(Path("right.ome.zarr"))
    np.testing.assert_array_equal(made.levels[0][...], right.levels[0][...])
    assert len(made.display) == 5


def test_photo_keeps_its_colours(dark: Path, load_photo: Any) -> None:
    assert enhance(dark, "--output", "out.zarr") == 0
    assert enhance(dark, "--output", "out.png") == 0
    made = read_ome_zarr(Path("out.zarr"))
    assert made.channels == "rgb"
    np.testing.assert_array_equal(made.levels[0][...], load_photo(Path("out.png")))
    colours = [each.colour for each in made.display]
    assert colours == ["FF0000", "00FF00", "0000FF"]


def test_colours_of_12_bits_have_the_window_of_12_bits(capsys: Any) -> None:
    image = np.random.default_rng(0).integers(0, 2000, (40, 40, 3), np.uint16)
    depth = (281, "H", 3, (4095,) * 3, True)  # MaxSampleValue
    tifffile.imwrite("photo.tif", image, photometric="rgb", extratags=[depth])
    assert enhance("photo.tif", "--output", "made.ome.zarr") == 0
    assert enhance("photo.tif", "--output", "made.tif") == 0
    out = capsys.readouterr().out
    assert out.count("window 0 to 4095,") == 2
    np.testing.assert_array_equal(
        np.asarray(read_ome_zarr(Path("made.ome.zarr")).levels[0][:, :, :]),
        read_image(Path("made.tif")).array,
    )


def test_urls_are_read_and_written(capsys: Any) -> None:
    array = cells((2, 60, 70))
    write("memory://lab/in.ome.zarr", array, "ZYX")
    target = "memory://lab/out.ome.zarr"
    assert enhance("memory://lab/in.ome.zarr", "--output", target) == 0
    made = read_ome_zarr(named(target)).levels[0][...]
    expected = napari_zerodce.enhance(array, device="cpu", precision="float32")
    np.testing.assert_array_equal(made, expected)
    assert enhance("memory://lab/in.ome.zarr", "--output", target) == 1
    assert "exists already" in capsys.readouterr().err
    assert enhance("memory://lab/in.ome.zarr", "--output", target, "--overwrite") == 0
    assert not fsspec.filesystem("memory").exists("/lab/out.ome.zarr.part")


def test_ome_zarr_in_a_folder_is_an_image(capsys: Any) -> None:
    Path("in").mkdir()
    array = cells((2, 60, 70))
    write("in/a.ome.zarr", array, "ZYX")
    tifffile.imwrite("in/b.tif", array)
    assert enhance("in", "--output", "out") == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.partition(" (")[0] for line in out] == [
        "in/a.ome.zarr -> out/a.ome.zarr",
        "in/b.tif -> out/b.tif",
        "2 enhanced, 0 failed",
    ]
    made = read_ome_zarr(Path("out/a.ome.zarr")).levels[0][...]
    np.testing.assert_array_equal(made, read_image("out/b.tif").array)


@pytest.mark.parametrize(
    ("words", "code", "found"),
    [
        (("s3://bucket/a.tif", "--output", "b.tif"), 2, "only OME-Zarr is read and written there"),
        (("a.tif", "--output", "s3://bucket/b.tif"), 2, "only OME-Zarr is read and written there"),
        (("missing.zarr", "--output", "b.zarr"), 1, "There is no OME-Zarr at missing.zarr"),
        (("A", "--output", "b.zarr"), 1, "give the folder of one, or the plate if it is its row"),
        (("zip.zarr", "--output", "b.zarr"), 1, "zip.zarr is a file, but an OME-Zarr is a folder"),
        (
            ("foo://a.zarr", "--output", "b.zarr"),
            1,
            "The protocol foo:// is unknown; write one",
        ),
        (
            ("in.zarr", "--output", "foo://a.zarr"),
            1,
            "The protocol foo:// is unknown; write one",
        ),
        (("in.zarr", "--output", "in.zarr"), 2, "would replace the input"),
        (("in.zarr", "--output", "folder.zarr"), 1, "exists and is not a Zarr folder"),
        (("in.zarr", "--output", "b.png"), 1, "A .png file cannot hold"),
        (("plate.zarr", "--output", "b.zarr"), 1, "give one of its images"),
        (("in.zarr", "--output", "b.zarr", "--zarr-version", "0.3"), 2, "invalid choice"),
    ],
)
def test_mistakes_are_one_sentence(
    words: tuple[str, ...], code: int, found: str, capsys: Any
) -> None:
    write("in.zarr", cells((2, 60, 70)), "ZYX")
    zarr.create_group("plate.zarr", attributes={"ome": {"version": "0.5", "plate": {"wells": []}}})
    Path("folder.zarr").mkdir()
    zarr.create_group("A", zarr_format=2)
    Path("zip.zarr").write_bytes(b"PK")
    assert exit_code(*words) == code
    err = capsys.readouterr().err
    assert found in err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1
    assert not Path("b.zarr").exists()


def test_unreadable_chunk_is_named_and_the_rest_stays(capsys: Any) -> None:
    array = cells((3, 60, 70))
    write("in.zarr", array, "TYX")
    whole = Path("in.zarr/0/c/2/0/0")
    bytes_of_it = whole.read_bytes()
    whole.write_bytes(b"damaged")
    fixed = ("--window", "100,1500", "--checkpoint", "zero-dce-pp")
    assert enhance("in.zarr", "--output", "out.zarr", *fixed) == 1
    err = capsys.readouterr().err
    assert "Plane 2 cannot be read" in err
    assert not Path("out.zarr").exists()
    whole.write_bytes(bytes_of_it)
    assert enhance("in.zarr", "--output", "out.zarr", *fixed) == 0
    assert enhance("in.zarr", "--output", "again.zarr", *fixed) == 0
    a, b = (read_ome_zarr(Path(name)).levels[0][...] for name in ("out.zarr", "again.zarr"))
    np.testing.assert_array_equal(a, b)


# ---- stopped


SLOW = ("--checkpoint", "zero-dce-pp", "--window", "100,3000")


@pytest.fixture
def started(start_child: Any, held: Any, wait_until: Any, tmp_path: Path) -> Callable[[int], Any]:
    """Starts a command, and returns when some regions are written and it waits in the next."""

    def started(regions: int) -> Any:
        words = held.command("enhance", *CPU, *SLOW, "in.zarr", "--output", "out.zarr")
        marks = tmp_path / "out.zarr.part" / "written"
        there = held.after(folder=marks, pattern="**/*", files=regions)
        process = start_child(words, cwd=tmp_path, stderr=-1, stdout=-1, text=True, env=there)
        wait_until(held.is_waiting, process)
        return process

    return started


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_stopped_and_killed_commands_go_on_and_give_the_same(
    started: Callable[[int], Any], capsys: Any
) -> None:
    array = cells((10, 1100, 1050))
    write("in.zarr", array, "TYX")
    process = started(1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=200)
    assert process.returncode == 130
    assert "out.zarr.part stays, and the same command goes on there" in err
    assert not Path("out.zarr").exists()
    process = started(4)
    process.kill()
    process.wait()
    assert not Path("out.zarr").exists()

    assert enhance("in.zarr", "--output", "out.zarr", *SLOW, "--strength", "0.5") == 1
    assert "out.zarr.part is the beginning of an image" in capsys.readouterr().err

    assert enhance("in.zarr", "--output", "out.zarr", *SLOW) == 0
    assert sorted(path.name for path in Path().iterdir()) == ["in.zarr", "out.zarr"]
    made = read_ome_zarr(Path("out.zarr"))
    assert len(made.levels) == 2
    expected = napari_zerodce.enhance(
        array, "zero-dce-pp", window=(100, 3000), device="cpu", precision="float32"
    )
    np.testing.assert_array_equal(made.levels[0][...], expected)


def test_facts_that_no_ome_zarr_holds_are_named(capsys: Any) -> None:
    tags = [(315, 2, 0, "Jane", True)]
    array = np.linspace(0, 90, 300).reshape(15, 20).astype(np.uint8)
    tifffile.imwrite("a.tif", array, metadata=None, extratags=tags)
    assert enhance("a.tif", "--output", "a.ome.zarr") == 0
    err = capsys.readouterr().err
    assert err == "note: a.tif: an .ome.zarr file cannot hold EXIF; it is left out.\n"
