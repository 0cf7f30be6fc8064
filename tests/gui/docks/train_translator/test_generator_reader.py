"""Generators of files are read in the background; weights for curves are refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.gui.docks.train_translator import generator_reader
from napari_zerodce.gui.docks.train_translator.generator_reader import GeneratorReader
from napari_zerodce.gui.docks.train_translator.start_chooser import TranslatorStartChooser
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session

SMALL = GeneratorDesign("resnet", features=2, depth=1)


class Read:
    """A reader, its chooser, and the errors that it told."""

    def __init__(self, qtbot: Any) -> None:
        self.session, self.chooser = Session(), TranslatorStartChooser()
        qtbot.addWidget(self.chooser)
        self.reader = GeneratorReader(self.session, self.chooser)
        self.errors: list[Exception] = []
        self.reader.failed.connect(self.errors.append)


@pytest.fixture
def read(qtbot: Any) -> Any:
    yield Read(qtbot)
    qtbot.waitUntil(lambda: not Job._alive)


@pytest.fixture
def generator(tmp_path: Path) -> Path:
    path = tmp_path / "latest_net_G.pth"
    torch.save(make_generator(SMALL).state_dict(), path)
    return path


def test_a_file_is_chosen_when_it_is_read(read: Read, generator: Path, qtbot: Any) -> None:
    read.chooser.file_chosen.emit(generator)
    qtbot.waitUntil(lambda: read.chooser.checkpoint() == generator)
    assert read.chooser.generator.design == SMALL
    read.reader.read(generator, "horses")
    qtbot.waitUntil(lambda: read.chooser.generator.label == "horses")


def test_the_file_that_was_opened_last_is_chosen_though_another_one_is_read_later(
    read: Read, generator: Path, tmp_path: Path, hold_jobs: Any
) -> None:
    other = tmp_path / "other_net_G.pth"
    shutil.copy(generator, other)
    jobs = hold_jobs(generator_reader)
    for path in (other, generator):
        read.reader.read(path)
    for job in reversed(jobs):
        job.finish()
    assert read.chooser.checkpoint() == generator
    assert read.chooser.findData(str(other)) >= 0


def test_the_active_generator_is_offered_and_not_chosen(
    read: Read, generator: Path, qtbot: Any
) -> None:
    read.session.change(checkpoint=generator)
    qtbot.waitUntil(lambda: read.chooser.findData(str(generator)) >= 0)
    assert read.chooser.checkpoint() is None


def test_weights_for_curves_and_other_files_are_told(
    read: Read, tmp_path: Path, qtbot: Any
) -> None:
    from napari_zerodce.checkpoints.registry import BUNDLED

    read.reader.read(BUNDLED[0].path)
    qtbot.waitUntil(lambda: len(read.errors) == 1)
    assert "which gives curves, and a generator of pix2pix" in str(read.errors[0])
    (tmp_path / "text.pth").write_text("no weights")
    read.reader.read(tmp_path / "text.pth")
    qtbot.waitUntil(lambda: len(read.errors) == 2)
    assert read.chooser.checkpoint() is None


def test_a_released_reader_says_nothing(read: Read, generator: Path, qtbot: Any) -> None:
    read.reader.read(generator)
    read.reader.release()
    qtbot.waitUntil(lambda: not Job._alive)
    assert read.chooser.checkpoint() is None
