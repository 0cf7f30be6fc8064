"""``napari-zerodce maps``: what it writes is what the engine computes; mistakes cost nothing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
import tifffile
import zarr

import napari_zerodce
from napari_zerodce.cli import main
from napari_zerodce.engine import maps as engine
from napari_zerodce.engine.map_kinds import MAP_KIND, MapKind
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.files.images import read_image
from napari_zerodce.imaging.files.maps_ome_zarr import WholeBlocks
from napari_zerodce.imaging.windows import WindowChoice

CPU = ("--device", "cpu", "--precision", "float32")
SUFFIXES = (".npy", ".tif", ".zarr")
OTHER_SHA256 = "0" * 64


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_maps(*words: str | Path) -> int:
    return main(["maps", *CPU, *map(str, words)])


def read(path: str | Path):
    path = Path(path)
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    if path.suffix == ".tif":
        return tifffile.imread(path)
    return zarr.open_group(path, mode="r")["0"][...]


def expected(path, kind="alphas", **settings):
    image = read_image(path)
    request = EnhanceRequest(
        image=image.array,
        channels=image.channels,
        settings=EnhanceSettings(**{"device": "cpu", "precision": "float32", **settings}),
    )
    return engine.fill_maps(request, kind, engine.in_memory)


def samples(*shape: int, dtype: str = "u1"):
    return np.random.default_rng(0).integers(0, 200, shape).astype(dtype)


def test_kinds_are_those_of_the_engine() -> None:
    assert get_args(MapKind) == tuple(choice.value for choice in MAP_KIND.choices)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("name", "shape", "dtype", "result"),
    [
        ("mono.tif", (41, 50), "u2", (8, 1, 41, 50)),
        ("rgb.png", (41, 50, 3), "u1", (8, 3, 41, 50)),
        ("rgba.png", (41, 50, 4), "u1", (8, 3, 41, 50)),
        ("stack.npy", (3, 41, 50), "f4", (3, 8, 1, 41, 50)),
        ("pixel.npy", (1, 1), "u1", (8, 1, 1, 1)),
    ],
)
def test_files_hold_what_the_engine_computes(
    save, suffix, name, shape, dtype, result, capsys
) -> None:
    source = save(name, samples(*shape, dtype=dtype))
    before = source.read_bytes()
    output = Path(f"maps{suffix}")
    assert write_maps(source, "--output", output) == 0
    found = read(output)
    assert (found.shape, found.dtype) == (result, np.float32)
    np.testing.assert_array_equal(found, expected(source))
    out, err = capsys.readouterr()
    size = "x".join(map(str, result))
    assert out.startswith(
        f"{source} -> {output} (alphas, {size}, cpu, ONNX Runtime, float32, window "
    )
    assert not err
    assert source.read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == sorted([name, output.name])


@pytest.mark.parametrize("kind", get_args(MapKind))
def test_every_kind(save, kind) -> None:
    source = save("photo.png", samples(40, 50, 3))
    settings = ("--kind", kind, "--window", "20,150", "--tile", "16")
    assert write_maps(source, "--output", "maps.npy", *settings) == 0
    wanted = expected(source, kind, window=WindowChoice("range", 20, 150), tile=16)
    np.testing.assert_array_equal(read("maps.npy"), wanted)


def test_every_setting_goes_through(save) -> None:
    source = save("cells.tif", samples(40, 50, dtype="u2"))
    words = ("--checkpoint", "zero-dce-pp", "--scale-factor", "5", "--window", "percentile:2,98")
    assert write_maps(source, "--output", "maps.tif", *words) == 0
    checkpoint = napari_zerodce.load_checkpoint("zero-dce-pp", scale_factor=5)
    wanted = expected(source, checkpoint=checkpoint, window=WindowChoice("percentile", 2, 98))
    np.testing.assert_array_equal(read("maps.tif"), wanted)
    notebook = napari_zerodce.curve_maps(
        read_image(source).array, checkpoint, window="percentile:2,98", device="cpu",
        precision="float32",
    )  # fmt: skip
    np.testing.assert_array_equal(read("maps.tif"), notebook)
    with tifffile.TiffFile("maps.tif") as file:
        (facts,) = file.shaped_metadata
    low, high = np.percentile(read_image(source).array, (2, 98))
    assert facts["kind"] == "alphas"
    assert facts["checkpoint"] == "zero-dce-pp"
    assert facts["checkpoint_sha256"] == checkpoint.info.sha256
    assert facts["scale_factor"] == 5
    assert np.allclose(facts["window"], (low, high))
    assert facts["software"] == f"napari-zerodce {napari_zerodce.__version__}"


@pytest.mark.parametrize("value", [0, 77, 255])
def test_constant_image(value) -> None:
    np.save("flat.npy", np.full((20, 20), value, np.uint16))
    assert write_maps("flat.npy", "--output", "maps.npy", "--kind", "gain") == 0
    assert np.isfinite(read("maps.npy")).all()


def test_nan_is_no_obstacle_and_gains_there_are_one() -> None:
    image = np.random.default_rng(0).random((30, 30)).astype(np.float32)
    image[3, 4] = np.nan
    np.save("holes.npy", image)
    words = ("--window", "0.2,0.9", "--kind", "noise-gain")
    assert write_maps("holes.npy", "--output", "maps.npy", *words) == 0
    found = read("maps.npy")
    assert np.isfinite(found).all()
    assert (found[:, 0, 3, 4] == 1).all()
    assert (found[:, 0, image < 0.2] == 1).all()
    assert not (found[:, 0, (image > 0.2) & (image < 0.9)] == 1).all()


@pytest.mark.parametrize(("letter", "axis"), [("Z", "z"), ("T", "t")])
def test_axes_of_a_stack_keep_their_names(save, letter, axis) -> None:
    source = save(
        "stack.tif",
        samples(3, 20, 30, dtype="u2"),
        imagej=True,
        metadata={"axes": f"{letter}YX"},
    )
    assert write_maps(source, "--output", "maps.tif") == 0
    assert write_maps(source, "--output", "maps.zarr") == 0
    with tifffile.TiffFile("maps.tif") as file:
        assert file.series[0].axes == f"{letter}ICYX"
    names = zarr.open_group("maps.zarr", mode="r")["0"].metadata.dimension_names
    assert set(names) == {axis, "iteration", "channel", "y", "x"}
    place = names.index(axis)
    np.testing.assert_array_equal(np.moveaxis(read("maps.zarr"), place, 0), read("maps.tif"))


def test_maps_are_never_an_array_in_memory(save, monkeypatch) -> None:
    fill_maps, seen = engine.fill_maps, []

    def watched(request, kind, make_output, **others):
        made = fill_maps(request, kind, make_output, **others)
        seen.append(made)
        return made

    monkeypatch.setattr(engine, "fill_maps", watched)
    source = save("photo.npy", samples(300, 40))
    for suffix in SUFFIXES:
        assert write_maps(source, "--output", f"maps{suffix}") == 0
    assert len(seen) == 3
    assert not any(isinstance(made, np.ndarray) for made in seen)


# ---- what exists


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_existing_output_is_kept_unless_told_otherwise(save, suffix, capsys) -> None:
    source, other = save("a.npy", samples(20, 20)), save("b.npy", samples(30, 20))
    output = f"maps{suffix}"
    assert write_maps(source, "--output", output) == 0
    assert write_maps(other, "--output", output) == 1
    assert "exists already; use --overwrite" in capsys.readouterr().err
    np.testing.assert_array_equal(read(output), expected(source))
    assert write_maps(other, "--output", output, "--overwrite") == 0
    np.testing.assert_array_equal(read(output), expected(other))
    assert len(list(Path().iterdir())) == 3


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_failure_keeps_what_was_there(save, suffix, monkeypatch, capsys) -> None:
    source = save("a.npy", samples(20, 20))
    output = f"maps{suffix}"
    assert write_maps(source, "--output", output) == 0
    before = read(output)
    (Path("bad.png")).write_text("hello")
    assert write_maps("bad.png", "--output", output, "--overwrite") == 1
    np.testing.assert_array_equal(read(output), before)
    assert capsys.readouterr().err.count("\n") == 1


def test_folder_that_is_no_zarr_is_kept(save, capsys) -> None:
    source = save("a.npy", samples(20, 20))
    for name in ("photos.zarr", "maps.npy"):
        Path(name).mkdir()
        Path(name, "precious.txt").touch()
        assert write_maps(source, "--output", name, "--overwrite") == 2
        assert Path(name, "precious.txt").exists()
        assert capsys.readouterr().err.count("\n") == 1
    Path("file.zarr").write_text("precious")
    assert write_maps(source, "--output", "file.zarr", "--overwrite") == 2
    assert Path("file.zarr").read_text() == "precious"


def test_automatic_weights_are_told_and_stored(save, capsys) -> None:
    cells = np.full((40, 40), 100, np.uint16)
    cells[:8] = np.arange(900, 940)
    save("cells.npy", cells)
    assert write_maps("cells.npy", "--output", "maps.zarr") == 0
    line = capsys.readouterr().out.strip()
    assert line.endswith(" s; fluorescence weights, because 80 % of the image is background)")
    facts = zarr.open_group("maps.zarr", mode="r").attrs["napari-zerodce"]
    assert facts["checkpoint"] == facts["checkpoint_source"] == "zero-dce-fluo"
    assert write_maps("cells.npy", "--output", "named.npy", "--checkpoint", "zero-dce-fluo") == 0
    assert "weights" not in capsys.readouterr().out


# ---- mistakes


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["folder", "--output", "maps.npy"],
            "'folder' is a folder, and maps are computed for one image",
        ),
        (["nowhere.png", "--output", "maps.npy"], "no file 'nowhere.png'"),
        (["a.npy", "--output", "maps.png"], "suffix '.png'; maps are written as one of .npy, .tif"),
        (["a.npy", "--output", "maps"], "suffix ''"),
        (["a.npy", "--output", "maps/"], "suffix ''"),
        (["a.npy", "--output", ""], "suffix ''"),
        (["", "--output", "maps.npy"], "''"),
        (["a.npy", "--output", "a.npy", "--overwrite"], "would replace the input"),
        (["a.npy", "--output", "maps.npy", "--tile", "-3"], "tile is -3"),
        (["a.npy", "--output", "maps.npy", "--window", "bright"], "'bright'"),
        (["a.npy", "--output", "maps.npy", "--checkpoint", "nothing"], "'nothing'"),
        (["a.npy", "--output", "maps.npy", "--scale-factor", "3"], "no scale factor"),
        (["a.npy", "--output", "maps.npy", "--checkpoint-sha256", "12"], "'12' is not 64"),
        (
            [
                *("a.npy", "--output", "maps.npy"),
                *("--checkpoint", "zero-dce", "--checkpoint-sha256", OTHER_SHA256),
            ],
            f"{OTHER_SHA256} was expected",
        ),
        (
            ["a.npy", "--output", "maps.npy", "--checkpoint-sha256", OTHER_SHA256],
            "give --checkpoint, too",
        ),
    ],
)
def test_mistakes_are_one_sentence(save, words, told, capsys) -> None:
    Path("folder").mkdir()
    save("a.npy", samples(20, 20))
    assert write_maps(*words) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert told in err
    assert sorted(path.name for path in Path().iterdir()) == ["a.npy", "folder"]


@pytest.mark.parametrize(
    "words", [["--kind", "noise"], ["--strength", "2"], ["more.npy"], ["--out", "b.npy"]]
)
def test_words_that_maps_does_not_know(words, capsys) -> None:
    with pytest.raises(SystemExit) as exit_info:
        write_maps("a.npy", "--output", "maps.npy", *words)
    assert exit_info.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_stack_that_a_zarr_has_no_room_for_is_told_before_the_work(capsys) -> None:
    np.save("stack.npy", np.zeros((40, 40, 400, 400), np.uint8))  # minutes
    assert write_maps("stack.npy", "--output", "maps.zarr") == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "write a .npy or .tif file instead" in err
    assert [path.name for path in Path().iterdir()] == ["stack.npy"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_disk_without_room_is_told_before_the_work(suffix, monkeypatch, capsys) -> None:
    np.save("large.npy", np.zeros((8000, 8000), np.uint8))  # a minute
    usage = SimpleNamespace(free=2**29)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert write_maps("large.npy", "--output", f"maps{suffix}") == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "need 1.91 GiB of disk, and 0.5 GiB are free" in err
    assert [path.name for path in Path().iterdir()] == ["large.npy"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (OSError(28, "No space left on device"), "cannot be written: No space left on device"),
        (MemoryError(), "too large for this machine's memory"),
    ],
)
def test_failure_in_the_middle_leaves_nothing(
    save, suffix, failure, told, monkeypatch, capsys
) -> None:
    def fail(*_):
        assert list(Path().glob(".napari-zerodce-*/*"))  # it had begun
        raise failure

    monkeypatch.setattr(WholeBlocks, "__setitem__", fail)
    monkeypatch.setattr("napari_zerodce.imaging.files.map_rows.Rows.__setitem__", fail)
    monkeypatch.setattr(engine, "fill_maps", lambda _r, _k, make, **_: make(()).__setitem__(0, 0))
    save("a.npy", samples(20, 20))
    assert write_maps("a.npy", "--output", f"maps{suffix}") == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert told in err
    assert ".napari-zerodce-" not in err
    assert [path.name for path in Path().iterdir()] == ["a.npy"]


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a user without all rights"
)
def test_locked_folder_fails_in_one_line(save, capsys) -> None:
    Path("locked").mkdir(0o555)
    save("a.npy", samples(20, 20))
    assert write_maps("a.npy", "--output", "locked/maps.npy") == 1
    assert "Permission denied" in capsys.readouterr().err
