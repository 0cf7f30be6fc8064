"""A command that goes on: what is done and valid is skipped, and what is left out is counted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_zerodce.cli import finished_before, main
from napari_zerodce.cli.left_out import in_words
from napari_zerodce.imaging.files import formats
from napari_zerodce.imaging.files.file_kind import FileKind


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def enhance(*words):
    return main(["enhance", "--device", "cpu", *map(str, words)])


@pytest.fixture
def photos(make_photo):
    Path("in").mkdir()
    for number in range(3):
        Image.fromarray(make_photo(seed=number)).save(f"in/{number}.png")


def test_valid_outputs_are_skipped_and_others_made_again(photos, load_photo, capsys):
    assert enhance("in", "--output", "out") == 0
    before = Path("out/0.png").read_bytes()
    Path("out/1.png").write_bytes(before[:100])
    Image.new("RGB", (5, 6)).save("out/2.png")
    Path("in/new.png").write_bytes(Path("in/0.png").read_bytes())
    times = Path("out/0.png").stat().st_mtime_ns
    capsys.readouterr()
    assert enhance("in", "--output", "out", "--skip-existing") == 0
    assert (
        capsys.readouterr().out.splitlines()[-1] == "3 enhanced, 1 skipped (done before), 0 failed"
    )
    assert Path("out/0.png").stat().st_mtime_ns == times
    assert all(load_photo(Path(f"out/{n}.png")).shape == (40, 50, 3) for n in range(3))
    assert enhance("in", "--output", "out", "--skip-existing") == 0
    assert capsys.readouterr().out == "0 enhanced, 4 skipped (done before), 0 failed\n"


def test_one_file_is_skipped_in_one_line(photos, capsys):
    assert enhance("in/0.png", "--output", "a.png") == 0
    capsys.readouterr()
    assert enhance("in/0.png", "--output", "a.png", "--skip-existing") == 0
    assert capsys.readouterr().out == "0 enhanced, 1 skipped (done before), 0 failed\n"


def test_a_source_that_cannot_be_read_fails_although_its_output_is_there(photos, capsys):
    assert enhance("in", "--output", "out") == 0
    Path("in/1.png").write_bytes(b"nothing")
    assert enhance("in", "--output", "out", "--skip-existing") == 1
    assert "failed: in/1.png" in capsys.readouterr().err


def test_an_ome_zarr_is_skipped_if_it_is_complete(capsys):
    np.save("a.npy", np.arange(40 * 50, dtype=np.uint16).reshape(40, 50))
    assert enhance("a.npy", "--output", "a.ome.zarr") == 0
    capsys.readouterr()
    assert enhance("a.npy", "--output", "a.ome.zarr", "--skip-existing") == 0
    assert capsys.readouterr().out == "0 enhanced, 1 skipped (done before), 0 failed\n"
    np.save("a.npy", np.arange(20 * 50, dtype=np.uint16).reshape(20, 50))
    assert enhance("a.npy", "--output", "a.ome.zarr", "--skip-existing") == 0
    assert "window" in capsys.readouterr().out


def test_outputs_that_are_older_or_copies_are_made_again(photos, capsys):
    assert enhance("in", "--output", "out") == 0
    for number in range(3):
        os.utime(f"in/{number}.png", (1000, 1000))
    os.utime("out/0.png", (999, 999))
    shutil.copy("in/1.png", "out/1.png")
    capsys.readouterr()
    assert enhance("in", "--output", "out", "--skip-existing") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "2 enhanced, 1 skipped (done before), 0 failed"
    assert Path("out/1.png").read_bytes() != Path("in/1.png").read_bytes()


def test_a_bug_in_a_reader_stops_no_other_file(photos, capsys, monkeypatch):
    assert enhance("in", "--output", "out") == 0
    read = finished_before.read_file

    def fail(path, series=None):
        if Path(path).name == "1.png":
            raise RecursionError("a bug")
        return read(path, series)

    monkeypatch.setattr(finished_before, "read_file", fail)
    capsys.readouterr()
    assert enhance("in", "--output", "out", "--skip-existing") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "1 enhanced, 2 skipped (done before), 0 failed"


def _frame(number, level, time):
    path = Path(f"in/frame{number}.tif")
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, np.linspace(0, level, 40 * 50).reshape(40, 50).astype(np.uint16))
    os.utime(path, (time, time))


def test_a_series_that_has_grown_is_told_in_one_line(capsys):
    _frame(1, 300, 1000)
    _frame(2, 400, 1000)
    assert enhance("in", "--output", "out") == 0
    capsys.readouterr()
    Path("out/frame2.tif").unlink()
    assert enhance("in", "--output", "out", "--skip-existing") == 0  # an interrupted run goes on
    assert "others came" not in capsys.readouterr().err
    for path in Path("out").iterdir():
        os.utime(path, (2000, 2000))
    _frame(0, 60000, 1000)  # a copy keeps the time of its content
    _frame(3, 60000, 1000)
    assert enhance("in", "--output", "out", "--skip-existing") == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[-1] == "2 enhanced, 2 skipped (done before), 0 failed"
    assert told.err.count("others came") == 1
    assert "note: 2 of the files in 'in' were finished before others came, perhaps" in told.err


def test_a_part_is_skipped_if_it_can_be_read(photos, capsys):
    words = ("in/0.png", "--output", "a.png", "--part", "3:20,:")
    assert enhance(*words) == 0
    assert enhance(*words, "--skip-existing") == 0
    assert "1 skipped" in capsys.readouterr().out


def test_skipping_and_replacing_exclude_each_other(photos, capsys):
    with pytest.raises(SystemExit):
        enhance("in", "--output", "out", "--skip-existing", "--overwrite")
    assert "not allowed with argument" in capsys.readouterr().err


def test_what_a_folder_holds_beside_images_is_counted(photos, capsys, monkeypatch):
    missing = FileKind("HEIC", (".heic",), modules=("no_such_module",), extra="heic")
    monkeypatch.setitem(formats.BY_SUFFIX, ".heic", (None, missing))
    for name in ("a.HEIC", "b.heic", "c.txt", "d.txt", "e.txt", "README", ".hidden"):
        Path("in", name).touch()
    Path("in/below").mkdir()
    Path("in/below/f.heic").touch()
    assert enhance("in", "--output", "out") == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        '3 enhanced, 0 failed; left out: 3 .heic (pip install "napari-zerodce[heic]"), '
        "3 .txt, 1 without a suffix"
    )
    assert enhance("in/b.heic", "--output", "b.png") == 1
    assert 'pip install "napari-zerodce[heic]"' in capsys.readouterr().err


def test_a_long_list_of_suffixes_is_cut():
    assert in_words({}) == ""
    many = {f".{number:02}": 20 - number for number in range(12)}
    assert in_words(many).endswith("13 .07, 42 others")
