"""What is done with a checkpoint: used as it is, used or kept under another name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QObject

from napari_zerodce.checkpoints.named_files import renamed
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.checkpoints.registry import BUNDLED
from napari_zerodce.errors import CheckpointError
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.training import checkpoint_actions
from napari_zerodce.gui.shared.training.checkpoint_actions import CheckpointActions
from napari_zerodce.training.run_folder import RunFolder


class Desk:
    """The actions of a session, and what they say."""

    def __init__(self, folder: RunFolder) -> None:
        self.session, self._parent = Session(), QObject()
        self.folder, self.checkpoint = folder, folder.checkpoint(120)
        self.actions = CheckpointActions(self.session, self._parent)
        self.said: list[str] = []
        self.failures: list[Exception] = []
        self.actions.done.connect(self.said.append)
        self.actions.failed.connect(self.failures.append)


@pytest.fixture
def desk(tmp_path: Path, qtbot: Any) -> Any:
    folder = RunFolder(tmp_path / "run")
    folder.checkpoint(120).parent.mkdir(parents=True)
    folder.checkpoint(120).write_bytes(renamed(BUNDLED[1].path, "cells"))
    yield Desk(folder)
    wait(qtbot)


def wait(qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not Job._alive)


def test_under_the_name_of_the_run_it_is_the_file_itself(desk: Desk, qtbot: Any) -> None:
    desk.actions.use(desk.checkpoint, desk.folder, name="cells", run_name="cells")
    wait(qtbot)
    assert (desk.session.checkpoint, desk.session.settings.scale_factor) == (desk.checkpoint, 12)
    assert desk.said == ["cells is now the active checkpoint of all docks."]


def test_under_another_name_it_is_a_copy_and_the_file_stays(desk: Desk, qtbot: Any) -> None:
    before = desk.checkpoint.read_bytes()
    desk.actions.use(desk.checkpoint, desk.folder, name="a/b 🔬", run_name="cells")
    wait(qtbot)
    copy = desk.session.checkpoint
    assert copy == desk.folder.path / "named" / "a-b 🔬 step-000120.safetensors"
    assert read_info(copy).label == "a/b 🔬"
    assert desk.checkpoint.read_bytes() == before
    assert desk.said == ["a/b 🔬 is now the active checkpoint of all docks."]


def test_the_name_that_was_used_last_is_active_though_another_copy_is_ready_later(
    desk: Desk, hold_jobs: Any
) -> None:
    jobs = hold_jobs(checkpoint_actions)
    for name in ("first", "second"):
        desk.actions.use(desk.checkpoint, desk.folder, name=name, run_name="cells")
    for job in reversed(jobs):
        job.finish()
    assert read_info(desk.session.checkpoint).label == "second"
    assert desk.said == ["second is now the active checkpoint of all docks."]


def test_a_kept_copy_has_the_name_inside(desk: Desk, tmp_path: Path, qtbot: Any) -> None:
    target = tmp_path / "kept.safetensors"
    desk.actions.keep(desk.checkpoint, target, name="November")
    wait(qtbot)
    assert read_info(target).label == "November"
    assert desk.said == [f"November is kept as {target}."]
    assert desk.session.checkpoint == "auto"


def test_a_checkpoint_that_is_gone_is_one_sentence(desk: Desk, qtbot: Any) -> None:
    desk.checkpoint.unlink()
    for name in ("cells", "other"):
        desk.actions.use(desk.checkpoint, desk.folder, name=name, run_name="cells")
        wait(qtbot)
    assert [type(error) for error in desk.failures] == [CheckpointError] * 2
    assert all("does not exist" in str(error) for error in desk.failures)
    assert (desk.said, desk.session.checkpoint) == ([], "auto")


def test_nothing_is_said_after_the_release(desk: Desk, qtbot: Any) -> None:
    desk.actions.use(desk.checkpoint, desk.folder, name="cells", run_name="cells")
    desk.actions.release()
    wait(qtbot)
    assert (desk.said, desk.session.checkpoint) == ([], "auto")
