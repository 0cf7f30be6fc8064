"""A batch of OME-Zarrs and plates is what the engine gives, continued, and complete or absent."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import napari_zerodce
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.ome_zarr import read_ome_zarr
from napari_zerodce.imaging.files.plates import read_plate
from napari_zerodce.imaging.files.saved.growing import GrowingImage
from napari_zerodce.imaging.files.urls import named

CPU = ("--device", "cpu", "--precision", "float32")
AXES = [{"name": name, "type": kind} for name, kind in (("c", "channel"), ("y", "space"))]
AXES.append({"name": "x", "type": "space", "unit": "micrometer"})


def write_image(path: Path, pixels: np.ndarray) -> np.ndarray:
    """Write an image of version 0.4 as other programs do, with pixels of half a micrometre."""
    group = zarr.create_group(path, zarr_format=2)
    group.create_array(
        "0", shape=pixels.shape, dtype=pixels.dtype, chunks=(1, 256, 256),
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )[...] = pixels  # fmt: skip
    steps = [{"type": "scale", "scale": [1.0, 0.5, 0.5]}]
    datasets = [{"path": "0", "coordinateTransformations": steps}]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": AXES, "datasets": datasets}]
    return pixels


def dim(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2, 40, shape).astype(np.uint16)


def enhanced(pixels: np.ndarray, **choices: Any) -> np.ndarray:
    chosen = {"device": "cpu", "look": DEFAULT_LOOK, "channel_axis": 0} | choices
    return napari_zerodce.enhance(pixels, **chosen)


@pytest.fixture
def wide(tmp_path: Path) -> np.ndarray:
    """Two channels with planes that are cut into two regions, in wide.ome.zarr."""
    return write_image(tmp_path / "in" / "wide.ome.zarr", dim(0, 2, 40, 2100))


@pytest.fixture
def batch(run_here, cluster) -> Callable[..., subprocess.CompletedProcess[str]]:
    def batch(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return run_here("batch", *words, "--scheduler", cluster, *CPU, "--task-pixels", "9000")

    return batch


def test_an_image_keeps_axes_and_sizes_and_gets_a_pyramid(wide, batch, tmp_path) -> None:
    done = batch("in", "--output", "out")
    assert done.returncode == 0, done.stderr
    target = tmp_path / "out" / "wide.ome.zarr"
    made = read_ome_zarr(target)
    assert (made.axes, made.scale, made.units[1:]) == (
        "CYX",
        (1, 0.5, 0.5),
        ("pixel", "micrometer"),
    )
    assert [level.shape for level in made.levels] == [(2, 40, 2100), (2, 20, 1050), (2, 10, 525)]
    assert np.array_equal(made.levels[0][...], enhanced(wide))
    facts = zarr.open_group(target, mode="r").attrs["napari-zerodce"]["saved"]["facts"]
    known = facts["metadata"]["napari-zerodce"]
    assert (known["role"], known["channel_axis"]) == ("result", 0)
    assert len(known["channel_windows"]) == 2
    assert [path.name for path in target.parent.iterdir()] == ["wide.ome.zarr"]


def test_what_is_done_stays_and_what_is_damaged_or_set_otherwise_is_done_again(
    wide, batch, tmp_path
) -> None:
    words = ("in/wide.ome.zarr", "--output", "out")
    assert batch(*words).stdout.splitlines()[-1] == "1 enhanced, 0 failed"
    assert batch(*words).stdout.splitlines()[-1] == "0 enhanced, 1 done before, 0 failed"
    target = tmp_path / "out" / "wide.ome.zarr"
    made = read_ome_zarr(target)
    coarser = [np.asarray(level[...]) for level in made.levels[1:]]
    next(path for path in (target / "0" / "c").rglob("*") if path.is_file()).unlink()
    assert batch(*words).stdout.splitlines()[-1] == "1 enhanced, 0 failed"
    assert np.array_equal(read_ome_zarr(target).levels[0][...], enhanced(wide))
    chunk = next(path for path in (target / "2" / "c").rglob("*") if path.is_file())
    chunk.write_bytes(chunk.read_bytes()[:-9])
    assert batch(*words).stdout.splitlines()[-1] == "1 enhanced, 0 failed"
    for level, pixels in zip(read_ome_zarr(target).levels[1:], coarser, strict=True):
        assert np.array_equal(level[...], pixels)
    half = batch(*words, "--window", "0,400")
    assert half.stdout.splitlines()[-1] == "1 enhanced, 0 failed"
    expected = enhanced(wide, window=(0, 400))
    assert np.array_equal(read_ome_zarr(target).levels[0][...], expected)


@pytest.mark.parametrize("is_image", [True, False])
def test_a_zarr_of_another_program_is_not_replaced(is_image, wide, batch, tmp_path) -> None:
    shutil.copytree(tmp_path / "in", tmp_path / "out")
    if not is_image:
        zarr.create_group(tmp_path / "out" / "wide.ome.zarr", overwrite=True)
    done = batch("in/wide.ome.zarr", "--output", "out")
    assert done.returncode == 1
    assert "exists already and is not the result of a batch; use --overwrite" in done.stderr


@pytest.fixture
def here() -> Iterator[tuple[str, str]]:
    """The options for a cluster in this process, whose writing can be watched and stopped."""
    from distributed import LocalCluster

    options = {"dashboard_address": ":0", "silence_logs": 50, "memory_limit": 0}
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, **options) as cluster:
        yield "--scheduler", cluster.scheduler_address


def test_regions_that_are_written_are_not_computed_again(
    wide, here, run_here, tmp_path, monkeypatch
) -> None:
    write, written, room = GrowingImage.write, [], [2]

    def stops(self, region, block, **facts) -> None:
        if len(written) == room[0]:
            raise ImageError("The disk is lost.")
        write(self, region, block, **facts)
        written.append(region)

    monkeypatch.setattr(GrowingImage, "write", stops)
    words = ("batch", "in", "--output", "out", *here, *CPU, "--task-pixels", "9000")
    assert run_here(*words).returncode == 1
    target = tmp_path / "out" / "wide.ome.zarr"
    assert not target.exists()
    room[0] = 99
    assert run_here(*words).returncode == 0
    assert len(written) == 4 + 4  # each region once, and those of the coarser levels
    assert np.array_equal(read_ome_zarr(target).levels[0][...], enhanced(wide))


def test_an_unreadable_chunk_is_told_and_the_rest_is_kept(wide, batch, tmp_path) -> None:
    chunk = tmp_path / "in" / "wide.ome.zarr" / "0" / "1" / "0" / "8"  # the last columns
    kept = chunk.read_bytes()
    chunk.write_bytes(b"no chunk")
    words = ("in", "--output", "out", "--window", "10,400", "--checkpoint", "zero-dce")
    done = batch(*words)
    assert done.returncode == 1
    source, part = tmp_path / "in" / "wide.ome.zarr", tmp_path / "out" / "wide.ome.zarr.part"
    named = "Rows 0:40 and columns 2048:2100 of plane 1 cannot be read: "
    # A region is enhanced with pixels around it, so the one beside the chunk fails, too.
    assert sorted(done.stderr.splitlines())[1].startswith(f"failed: {source}: {named}")
    assert done.stderr.count("\n") == 2
    assert len(list((part / "written").rglob("*.*"))) >= 3
    left_out = batch("in", "--output", "other", *words[3:], "--skip-unreadable")
    assert left_out.returncode == 0
    assert left_out.stderr.startswith(f"note: {source}: A region is missing, and is 0 in the re")
    assert named in left_out.stderr
    once_more = batch("in", "--output", "other", *words[3:], "--skip-unreadable")
    assert once_more.stdout.splitlines()[-1] == "0 enhanced, 1 done before, 0 failed"
    chunk.write_bytes(kept)
    assert batch(*words).stdout.splitlines()[-1] == "1 enhanced, 0 failed"
    made = read_ome_zarr(tmp_path / "out" / "wide.ome.zarr").levels[0][...]
    expected = enhanced(wide, window=(10, 400), checkpoint="zero-dce")
    assert np.array_equal(made, expected)
    whole = batch("in", "--output", "other", *words[3:])  # gaps are done again
    assert whole.stdout.splitlines()[-1] == "1 enhanced, 0 failed"
    made = read_ome_zarr(tmp_path / "other" / "wide.ome.zarr").levels[0][...]
    assert np.array_equal(made, expected)


@pytest.fixture
def plate(tmp_path: Path) -> dict[str, np.ndarray]:
    """The pixels of the three fields of a plate of version 0.4, in plate.zarr."""
    path = tmp_path / "in" / "plate.zarr"
    wells = [
        {"path": name, "rowIndex": 0, "columnIndex": n} for n, name in enumerate(("A/1", "A/2"))
    ]
    names = {"rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}]}
    described = {"version": "0.4", "field_count": 2, **names, "wells": wells}
    zarr.create_group(path, zarr_format=2, attributes={"plate": described})
    fields = {"A/1": ["0", "1"], "A/2": ["0"]}
    for well, images in fields.items():
        content = {"version": "0.4", "images": [{"path": each} for each in images]}
        zarr.create_group(path / well, zarr_format=2, attributes={"well": content})
    every = [f"{well}/{image}" for well, images in fields.items() for image in images]
    return {name: write_image(path / name, dim(n, 2, 30, 40)) for n, name in enumerate(every)}


def test_a_plate_becomes_a_plate(plate, batch, tmp_path) -> None:
    done = batch("in/plate.zarr", "--output", "out")
    assert done.returncode == 0, done.stderr
    target = tmp_path / "out" / "plate.zarr"
    assert done.stdout.splitlines()[-2:] == [f"plate: {target}", "3 enhanced, 0 failed"]
    for name, pixels in plate.items():
        assert np.array_equal(read_ome_zarr(target / name).levels[0][...], enhanced(pixels))
    made = read_plate(target)
    assert made.images == tuple(plate)
    source = json.loads((tmp_path / "in" / "plate.zarr" / ".zattrs").read_bytes())["plate"]
    del source["version"]
    assert made.plate == source
    assert zarr.open_group(target, mode="r").attrs["ome"]["version"] == "0.5"


def test_a_plate_with_a_damaged_field_does_the_rest_and_is_no_plate_yet(
    plate, batch, tmp_path
) -> None:
    field = tmp_path / "in" / "plate.zarr" / "A" / "1" / "1"
    kept = (field / "0" / ".zarray").read_bytes()
    (field / "0" / ".zarray").unlink()
    done = batch("in", "--output", "out")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "2 enhanced, 1 failed"
    assert done.stderr.startswith(f"failed: {field}: {field} has no level '0'")
    assert not (tmp_path / "out" / "plate.zarr" / "zarr.json").exists()
    (field / "0" / ".zarray").write_bytes(kept)
    done = batch("in", "--output", "out")
    assert done.stdout.splitlines()[-1] == "1 enhanced, 2 done before, 0 failed"
    assert (tmp_path / "out" / "plate.zarr" / "zarr.json").exists()


def test_image_files_are_not_written_behind_a_url(dark, run_here) -> None:
    done = run_here("batch", dark, "--output", "memory://bucket/out")
    assert done.returncode == 2
    assert "is a URL, where only OME-Zarrs are written" in done.stderr


def test_a_search_for_images_does_not_walk_through_zarrs(wide, tmp_path) -> None:
    from napari_zerodce.cli.batch_plan import plan_batch

    (tmp_path / "in" / "wide.ome.zarr" / "0" / "picture.png").write_bytes(b"")
    plan = plan_batch([str(tmp_path / "in")], str(tmp_path / "out"))
    assert [(each.kind, each.name) for each in plan.images] == [("ome-zarr", "wide.ome.zarr")]


def test_a_url_is_read_and_written(wide, here, run_here, tmp_path) -> None:
    import fsspec

    files = fsspec.filesystem("memory")
    files.put(str(tmp_path / "in" / "wide.ome.zarr"), "/bucket/wide.ome.zarr", recursive=True)
    url = "memory://bucket/wide.ome.zarr"
    words = ("batch", url, "--output", "memory://bucket/out", *here, *CPU)
    done = run_here(*words, "--task-pixels", "9000")
    assert done.returncode == 0, done.stderr
    made = read_ome_zarr(named("memory://bucket/out/wide.ome.zarr"))
    assert np.array_equal(made.levels[0][...], enhanced(wide))
    assert run_here(*words).stdout.splitlines()[-1] == "0 enhanced, 1 done before, 0 failed"
    files.store.clear()
