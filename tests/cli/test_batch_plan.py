"""Which images a batch finds, and where each result goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_zerodce.cli.batch_plan import plan_batch
from napari_zerodce.errors import RequestError


def planned(*inputs: Path | str, output: Path | str) -> list[tuple[str, str, str]]:
    images = plan_batch([*map(str, inputs)], str(output)).images
    return [(image.source, image.target, image.kind) for image in images]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "b" / "x.zarr").mkdir(parents=True)
    for name in ("a.tif", "b/c.png", "b/notes.txt", "b/.hidden.png"):
        (folder / name).touch()
    return folder


def test_files_keep_their_places_below_a_folder(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "in" / "out"  # earlier results are no input
    out.mkdir()
    (out / "old.png").touch()
    assert planned(folder, output=out) == [
        (str(folder / "a.tif"), str(out / "a.tif"), "file"),
        (str(folder / "b" / "c.png"), str(out / "b" / "c.png"), "file"),
        (str(folder / "b" / "x.zarr"), str(out / "b" / "x.zarr"), "ome-zarr"),
    ]


def test_paths_are_absolute_because_workers_have_other_folders(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    expected = [(str(folder / "a.tif"), str(folder / "out" / "a.tif"), "file")]
    assert planned("a.tif", "a.tif", output="out") == expected


def test_results_of_other_kinds_keep_their_whole_names_where_they_must(
    folder: Path, tmp_path: Path
) -> None:
    for name in ("b/c.qoi", "d.qoi"):
        (folder / name).touch()
    targets = [target for _, target, _ in planned(folder, output=tmp_path / "out")]
    names = ("a.tif", "d.png", "b/c.png", "b/c.qoi.png", "b/x.zarr")
    assert sorted(targets) == sorted(str(tmp_path / "out" / name) for name in names)


def test_a_missing_file_is_left_to_its_task(tmp_path: Path) -> None:
    assert len(planned(tmp_path / "missing.tif", output=tmp_path / "out")) == 1


def test_collisions_and_other_mistakes_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.tif").touch()
    for inputs, output, words in (
        ((folder / "a.tif", tmp_path / "a.tif"), tmp_path / "out", "would both become"),
        ((folder / "a.tif",), folder, "would replace the input"),
        ((folder / "a.tif",), folder / "a.tif", "is a file; give a folder"),
        ((folder / "a.tif",), "s3://bucket/out", "where only OME-Zarrs are written"),
        (("",), tmp_path / "out", "empty name"),
    ):
        with pytest.raises(RequestError, match=words):
            planned(*inputs, output=output)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError, match="There is no image in the folder"):
        planned(tmp_path / "empty", output=tmp_path / "out")
