"""New runs go to the preferred folder, unless the user names another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel

from napari_zerodce.gui.docks.finetune.dock import FineTuneDock
from napari_zerodce.gui.session.preferences import Preferences
from napari_zerodce.gui.session.session import session_of
from napari_zerodce.training.run_folder import RUNS_VARIABLE, runs_folder


@pytest.fixture
def finetune(
    model: ViewerModel, stated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settle: Any
) -> Any:
    monkeypatch.delenv(RUNS_VARIABLE, raising=False)
    stated.runs_folder = str(tmp_path)
    dock = FineTuneDock(model)
    yield dock
    dock.release_once()
    settle(dock)
    dock.deleteLater()


def test_runs_go_to_the_preferred_folder(
    model: ViewerModel, finetune: FineTuneDock, tmp_path: Path
) -> None:
    assert finetune.runs.text() == str(tmp_path)
    session_of(model).preferences = Preferences(runs_folder=tmp_path / "other")
    assert finetune.runs.text() == str(tmp_path / "other")
    session_of(model).preferences = Preferences()
    assert finetune.runs.text() == str(runs_folder())


def test_folder_that_the_user_named_stays(
    model: ViewerModel, finetune: FineTuneDock, tmp_path: Path
) -> None:
    finetune.runs.setText("/elsewhere")
    session_of(model).preferences = Preferences(runs_folder=tmp_path / "other")
    assert finetune.runs.text() == "/elsewhere"


def test_environment_is_stronger_than_the_preference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runs_folder(tmp_path) == tmp_path
    monkeypatch.setenv(RUNS_VARIABLE, "/somewhere")
    assert runs_folder(tmp_path) == Path("/somewhere")
