"""Bytes are read within limits, and a file's state changes when the file does."""

from __future__ import annotations

import os

import pytest

from napari_zerodce.checkpoints import file_bytes
from napari_zerodce.checkpoints.defects import Defect
from napari_zerodce.checkpoints.file_bytes import FileState, file_state, read_whole


def test_the_state_is_that_of_the_file(tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(b"1234")
    os.utime(path, ns=(5, 7))
    state = file_state(path)
    assert (state.size, state.modified) == (4, 7)
    assert file_state(path) == state


def test_the_state_changes_if_the_file_is_replaced_by_one_alike(tmp_path):
    path, other = tmp_path / "a.pth", tmp_path / "b.pth"
    for each in (path, other):
        each.write_bytes(b"1234")
        os.utime(each, ns=(5, 7))
    state = file_state(path)
    other.replace(path)
    assert file_state(path) != state


def test_bytes_come_whole_up_to_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(file_bytes, "LARGEST_FILE", 4)
    path = tmp_path / "a.pth"
    for content in (b"", b"1234"):
        path.write_bytes(content)
        assert read_whole(path) == content
    path.write_bytes(b"12345")
    with pytest.raises(Defect, match="has 5 bytes, far too large"):
        read_whole(path)


def test_a_file_that_grows_while_it_is_read_is_not_read_on_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(file_bytes, "file_state", lambda _: FileState(4, 0, 0))
    path = tmp_path / "a.pth"
    path.write_bytes(b"123456789")
    assert read_whole(path) == b"1234"


@pytest.mark.parametrize("look", [file_state, read_whole])
def test_what_cannot_be_read(tmp_path, look):
    with pytest.raises(Defect, match="does not exist"):
        look(tmp_path / "a.pth")
    with pytest.raises(Defect, match="is a folder"):
        look(tmp_path)
