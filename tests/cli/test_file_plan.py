from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from napari_zerodce.cli.file_plan import plan_files
from napari_zerodce.errors import RequestError

SUFFIXES = (".png", ".tif", ".npy")


def plan(inputs: list[str | Path], output: str | Path) -> list[tuple[str, str]]:
    jobs = plan_files([str(path) for path in inputs], str(output), suffixes=SUFFIXES)
    return [(job.source.as_posix(), job.target.as_posix()) for job in jobs]


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_one_file_becomes_a_file() -> None:
    touch(Path("a.png"))
    assert plan(["a.png"], "b.tif") == [("a.png", "b.tif")]


def test_one_file_goes_into_a_folder_that_exists_or_is_written_as_one(tmp_path: Path) -> None:
    touch(Path("a.png"))
    (tmp_path / "here").mkdir()
    assert plan(["a.png"], "here") == [("a.png", "here/a.png")]
    assert plan(["a.png"], "new/") == [("a.png", "new/a.png")]
    assert plan(["a.png"], "new.png/") == [("a.png", "new.png/a.png")]


def test_several_files_go_into_a_folder() -> None:
    touch(Path("a.png"), Path("deep/b.tif"))
    assert plan(["deep/b.tif", "a.png"], "out") == [
        ("deep/b.tif", "out/b.tif"),
        ("a.png", "out/a.png"),
    ]


def test_folder_keeps_its_relative_names_sorted_and_without_other_files() -> None:
    touch(*(Path("in", name) for name in ("z.png", "a b.TIF", "notes.txt", "sub/deep/ü.npy")))
    touch(*(Path("in", name) for name in (".hidden.png", "._z.png", ".cache/x.png")))
    assert plan(["in"], "out") == [
        ("in/a b.TIF", "out/a b.TIF"),
        ("in/z.png", "out/z.png"),
        ("in/sub/deep/ü.npy", "out/sub/deep/ü.npy"),
    ]


def test_results_of_the_last_run_are_no_input() -> None:
    touch(Path("in/a.png"), Path("in/out/a.png"))
    assert plan(["in"], "in/out") == [("in/a.png", "in/out/a.png")]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_to_folders_are_not_followed() -> None:
    touch(Path("in/a.png"))
    Path("in/loop").symlink_to(Path("in").resolve(), target_is_directory=True)
    assert plan(["in"], "out") == [("in/a.png", "out/a.png")]


def test_missing_file_is_planned_so_that_it_fails_alone() -> None:
    touch(Path("a.png"))
    assert plan(["nowhere.png", "a.png"], "out")[0] == ("nowhere.png", "out/nowhere.png")


def test_file_named_twice_is_done_once() -> None:
    touch(Path("in/a.png"), Path("in/b.png"))
    assert plan(["in/b.png", "in", "in/../in/b.png"], "out") == [
        ("in/b.png", "out/b.png"),
        ("in/a.png", "out/a.png"),
    ]


def test_two_inputs_for_one_output_are_refused() -> None:
    touch(Path("one/a.png"), Path("two/a.png"))
    for inputs in (["one/a.png", "two/a.png"], ["one", "two"], ["one", "two/a.png"]):
        with pytest.raises(RequestError, match="would both become"):
            plan(inputs, "out")


def test_results_of_other_kinds_keep_their_whole_names_only_where_they_must() -> None:
    touch(Path("in/a.png"), Path("in/a.tif"), Path("in/b.png"), Path("in/sub/b.png"))
    for name in ("a.qoi", "sub/a.qoi", "b.czi", "b.nd2"):
        touch(Path("in", name))
    jobs = plan_files(["in"], "out", suffixes=(*SUFFIXES, ".qoi", ".czi", ".nd2"), written=SUFFIXES)
    assert {job.source.as_posix(): job.target.as_posix() for job in jobs} == {
        "in/a.png": "out/a.png",
        "in/a.qoi": "out/a.qoi.png",
        "in/a.tif": "out/a.tif",
        "in/b.czi": "out/b.czi.tif",
        "in/b.nd2": "out/b.nd2.tif",
        "in/b.png": "out/b.png",
        "in/sub/a.qoi": "out/sub/a.png",
        "in/sub/b.png": "out/sub/b.png",
    }
    with pytest.raises(RequestError, match=r"'in/a.qoi' and 'in/sub/a.qoi' would both become"):
        plan_files(["in/a.qoi", "in/sub/a.qoi"], "out", suffixes=(*SUFFIXES, ".qoi"))


def test_output_that_is_the_input_is_refused() -> None:
    touch(Path("in/a.png"), Path("in/sub/b.png"))
    for inputs, output in (
        (["in/a.png"], "in/a.png"),
        (["in/a.png"], "in/sub/../a.png"),
        (["in/a.png"], "in"),
        (["in"], "in"),
        (["in"], "./in/"),
    ):
        with pytest.raises(RequestError, match="would replace the input"):
            plan(inputs, output)


def test_output_that_is_another_input_is_refused() -> None:
    touch(Path("a.png"), Path("in/a.png"))
    with pytest.raises(RequestError, match=r"would replace the input 'a\.png'"):
        plan(["in/a.png", "a.png"], ".")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_output_that_is_a_link_to_the_input_is_refused() -> None:
    touch(Path("a.png"))
    Path("b.png").symlink_to("a.png")
    with pytest.raises(RequestError, match="would replace the input"):
        plan(["a.png"], "b.png")


@pytest.mark.parametrize(
    ("inputs", "output", "words"),
    [
        (["a.png"], "b", "no suffix of an image"),
        (["a.png"], "b.xyz", "no suffix of an image"),
        (["a.png", "in"], "b.png", "has the suffix of a file"),
        (["in"], "b.png", "has the suffix of a file"),
        (["a.png", "in/b.png"], "a.png", "is a file, and several"),
        (["empty"], "out", "no image in the folder 'empty'"),
        (["in", "empty"], "out", "no image in the folder 'empty'"),
        ([""], "out/", "empty name"),
        (["a.png"], "", "empty name"),
    ],
)
def test_impossible_plans_are_refused(inputs: list[str | Path], output: str, words: str) -> None:
    touch(Path("a.png"), Path("in/b.png"), Path("empty/notes.txt"))
    with pytest.raises(RequestError, match=words):
        plan(inputs, output)


def test_a_part_of_an_ome_zarr_names_the_whole() -> None:
    touch(Path("a.ome.zarr/zarr.json"), Path("a.ome.zarr/0/c/0/0"))
    with pytest.raises(RequestError, match=r"is a part of the OME-Zarr a\.ome\.zarr; give the who"):
        plan(["a.ome.zarr/0/c"], "out")


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a user without all rights"
)
def test_locked_subfolder_is_refused() -> None:
    touch(Path("in/a.png"), Path("in/locked/b.png"))
    Path("in/locked").chmod(0)
    try:
        with pytest.raises(RequestError, match="cannot be read"):
            plan(["in"], "out")
    finally:
        Path("in/locked").chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_names_that_no_system_call_likes_are_planned_or_refused() -> None:
    Path("loop.png").symlink_to("loop.png")
    long = f"{'n' * 300}.png"
    assert plan(["loop.png", long], "out") == [
        ("loop.png", "out/loop.png"),
        (long, f"out/{long}"),
    ]
    assert plan([long], f"b/{long}") == [(long, f"b/{long}")]
    with pytest.raises(RequestError, match="would replace the input"):
        plan(["loop.png"], "loop.png")


def test_a_kind_that_is_only_read_is_told(tmp_path):
    with pytest.raises(
        RequestError, match=r"Zeiss CZI is read, but not written; end it with \.tif"
    ):
        plan_files(["a.png"], str(tmp_path / "x.czi"), suffixes=(".png",))
