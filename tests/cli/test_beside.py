"""The next file is read, and the last one written, while one is enhanced, and order is kept."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from napari_zerodce.cli.beside import ReadAhead, WriteBehind, writing_behind
from napari_zerodce.cli.file_plan import FileJob
from napari_zerodce.errors import ImageError

SECONDS = 120


@pytest.fixture
def jobs(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(name.encode())
    return [FileJob(tmp_path / f"{name}.png", tmp_path / f"{name}.out.png") for name in "abc"]


class Reader:
    def __init__(self):
        self.begun = {name: threading.Event() for name in "abc"}
        self.threads = []

    def __call__(self, job):
        name = Path(job.source).stem
        self.threads.append((name, threading.current_thread()))
        self.begun[name].set()
        if name == "b":
            raise ImageError("b is damaged")
        return (name,)


def test_the_next_file_is_read_before_its_turn_and_fails_at_its_turn(jobs):
    read = Reader()
    ahead = ReadAhead(jobs, read, lambda job: True)
    assert ahead.take(jobs[0]) == ("a",)
    assert read.begun["b"].wait(SECONDS)
    assert not read.begun["c"].is_set()
    with pytest.raises(ImageError, match="b is damaged"):
        ahead.take(jobs[1])
    assert ahead.take(jobs[2]) == ("c",)
    assert [name for name, _ in read.threads] == ["a", "b", "c"]


@pytest.mark.parametrize("kind", ["unwanted", "large", "video", "missing"])
def test_a_file_that_may_need_much_memory_is_read_at_its_turn(jobs, kind):
    source = jobs[2].source
    if kind == "large":
        with source.open("wb") as file:
            file.truncate(2**25 + 1)
    if kind == "video":
        source = source.with_suffix(".mp4")
        source.write_bytes(b"")
    if kind == "missing":
        source.unlink()
    jobs = [jobs[0], FileJob(source, jobs[2].target)]
    read = Reader()
    ahead = ReadAhead(jobs, read, lambda job: kind != "unwanted")
    ahead.take(jobs[0])
    assert ahead.take(jobs[1]) == ("c",)
    assert [thread for _, thread in read.threads] == [threading.current_thread()] * 2


def test_a_file_is_written_while_the_next_one_is_made_and_before_the_next_one_is_written():
    done, may_go = [], threading.Event()

    def write(name):
        may_go.wait(SECONDS)
        done.append(name)

    with writing_behind() as behind:
        behind.finish(lambda: write("a"), size=1)
        assert done == []
        may_go.set()
        behind.finish(lambda: write("b"), size=1)
        assert done[0] == "a"
    assert done == ["a", "b"]


def test_a_large_result_is_written_at_once():
    done = []
    WriteBehind().finish(lambda: done.append("a"), size=2**30)
    assert done == ["a"]


def test_an_error_does_not_cut_off_what_is_being_written():
    done, may_go = [], threading.Event()

    def write():
        may_go.wait(SECONDS)
        done.append("a")

    def fail_beside():
        with writing_behind() as behind:
            behind.finish(write, size=1)
            may_go.set()
            raise ImageError("the next file")

    with pytest.raises(ImageError):
        fail_beside()
    assert done == ["a"]
