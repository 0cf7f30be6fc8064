"""A file or a folder appears whole or not at all, and nothing is left beside it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from napari_zerodce.whole_file import whole_file, whole_folder, write_whole


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with whole_file(path) as part:
        part.write_bytes(b"new")
        assert not path.exists()
        assert (part.parent, part.suffix) == (tmp_path, ".tif")
        assert part.name.startswith(".")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_there_stays_if_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"old")

    def fail() -> None:
        with whole_file(path) as part:
            part.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"old")
    with pytest.raises(FileNotFoundError), whole_file(path):
        pass
    assert path.read_bytes() == b"old"


def test_nothing_is_left_if_the_file_cannot_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.mkdir()
    with pytest.raises(OSError, match=r"directory|denied"):
        write_whole(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a", "a" * 251 + ".pth", ".hidden", "a.tar.gz"])
def test_any_name_that_a_file_may_have(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_whole(path, b"")
    assert path.read_bytes() == b""
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [found.name for found in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_others_may_read_it_as_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "a", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def _fill(part: Path, text: str) -> None:
    part.mkdir()
    (part / "inside").write_text(text)


def test_the_folder_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    for text in ("new", "newer"):
        with whole_folder(path) as part:
            _fill(part, text)
            assert not path.exists() or (path / "inside").read_text() != text
            assert (part.parent, part.suffix) == (tmp_path, ".zarr")
        assert (path / "inside").read_text() == text
        assert list(tmp_path.iterdir()) == [path]


def test_the_folder_that_was_there_stays_if_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    _fill(path, "old")

    def fail() -> None:
        with whole_folder(path) as part:
            _fill(part, "half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with pytest.raises(FileNotFoundError), whole_folder(path):
        pass  # writes nothing
    assert (path / "inside").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
