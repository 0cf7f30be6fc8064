"""The preparation of a run: one ending, and no folder of a cancelled one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QObject

from napari_zerodce.errors import Cancelled, RequestError
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared.training.preparation import Preparation
from napari_zerodce.training.run_folder import RunFolder


@pytest.fixture
def told(qapp: Any) -> tuple[Preparation, list[str], QObject]:
    parent = QObject()
    made, heard = Preparation(parent), []
    made.prepared.connect(lambda folder: heard.append(f"prepared {folder.path.name}"))
    made.failed.connect(lambda error: heard.append(f"failed {error}"))
    made.cancelled.connect(lambda: heard.append("cancelled"))
    made.finished.connect(lambda: heard.append("finished"))
    return made, heard, parent


def test_a_folder_is_prepared(told: Any, qtbot: Any, tmp_path: Path) -> None:
    preparation, heard, _ = told
    preparation.start(Job("", lambda *_: RunFolder(tmp_path / "run"), quiet=True))
    qtbot.waitUntil(lambda: heard == ["prepared run", "finished"])


def test_a_failure_is_told(told: Any, qtbot: Any) -> None:
    def work(*_: Any) -> None:
        raise RequestError("no image")

    preparation, heard, _ = told
    preparation.start(Job("", work, quiet=True))
    qtbot.waitUntil(lambda: heard == ["failed no image", "finished"])


@pytest.mark.parametrize("sees_it", [True, False])
def test_a_cancelled_one_leaves_nothing(
    told: Any, qtbot: Any, tmp_path: Path, sees_it: bool
) -> None:
    def work(_: Any, should_stop: Any) -> RunFolder:
        while not should_stop():
            pass
        if sees_it:
            raise Cancelled
        (tmp_path / "run").mkdir()
        return RunFolder(tmp_path / "run")

    preparation, heard, _ = told
    preparation.start(Job("", work, quiet=True))
    preparation.cancel()
    qtbot.waitUntil(lambda: heard == ["cancelled", "finished"])
    assert not (tmp_path / "run").exists()
