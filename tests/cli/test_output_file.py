from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from napari_zerodce.cli.output_file import OutputFile
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.imaging.files.images import ImageFile, read_image

IMAGE = ImageFile(np.arange(12, dtype=np.uint8).reshape(3, 4), "mono")
ENHANCED = IMAGE.array + np.uint8(100)


def test_file_appears_at_the_end_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "out.png"
    with OutputFile(target, overwrite=False) as output:
        output.rehearse((IMAGE,))
        assert not target.exists()
        output.write((IMAGE,), (ENHANCED,))
    assert np.array_equal(read_image(target).array, ENHANCED)
    assert list(target.parent.iterdir()) == [target]


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    output = OutputFile(tmp_path / "a.png", overwrite=False)

    def fail() -> None:
        with output:
            output.rehearse((IMAGE,))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not list(tmp_path.iterdir())


def test_kind_that_cannot_hold_the_image_is_told_by_the_rehearsal(tmp_path: Path) -> None:
    stack = ImageFile(np.zeros((5, 300, 300), np.float32), "mono")
    with (
        OutputFile(tmp_path / "a.png", overwrite=False) as output,
        pytest.raises(ImageError, match="cannot hold"),
    ):
        output.rehearse((stack,))
    assert not list(tmp_path.iterdir())


def test_hidden_folder_is_not_mentioned(tmp_path: Path) -> None:
    target = tmp_path / f"{'n' * 250}.png"
    with OutputFile(tmp_path / "a.png", overwrite=False) as output:
        output._target = target.with_name("sub\0name.png")  # no system takes it
        with pytest.raises(ImageError) as raised:
            output.rehearse((IMAGE,))
    assert ".napari-zerodce-" not in str(raised.value)


def test_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    with OutputFile(target, overwrite=False) as output:
        target.write_text("precious")
        with pytest.raises(ImageError, match="exists already"):
            output.write((IMAGE,), (ENHANCED,))
    assert target.read_text() == "precious"


def test_folder_of_that_name_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    target.mkdir()
    with (
        OutputFile(target, overwrite=True) as output,
        pytest.raises(ImageError, match="cannot be written"),
    ):
        output.write((IMAGE,), (ENHANCED,))
    assert list(tmp_path.iterdir()) == [target]


def test_discarded_by_another_thread_in_the_middle(tmp_path: Path) -> None:
    written = threading.Event()
    outcome: list[BaseException] = []

    def work(output: OutputFile) -> None:
        try:
            with output:
                while True:
                    output.rehearse((IMAGE,))  # makes and removes files all the time
                    written.set()
        except (Cancelled, ImageError) as err:
            outcome.append(err)

    output = OutputFile(tmp_path / "a.png", overwrite=False)
    thread = threading.Thread(target=work, args=(output,), daemon=True)
    thread.start()
    assert written.wait(120)
    output.discard()
    left = list(tmp_path.iterdir())
    thread.join(120)
    assert left == []
    assert len(outcome) == 1
    assert not list(tmp_path.iterdir())


def test_discarded_before_the_start(tmp_path: Path) -> None:
    output = OutputFile(tmp_path / "a.png", overwrite=False)
    output.discard()
    with pytest.raises(Cancelled), output:
        pass
    assert not list(tmp_path.iterdir())
