"""The folder of runs: each new run has a path of its own, named by its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.shared.training import runs_field
from napari_zerodce.gui.shared.training.runs_field import RunsField


@pytest.fixture
def field(qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunsField:
    class Clock(runs_field.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls(2026, 11, 26, 10, 15, 3)

    monkeypatch.setattr(runs_field, "datetime", Clock)
    monkeypatch.setenv("NAPARI_ZERODCE_RUNS", str(tmp_path))
    widget = RunsField(None)
    qtbot.addWidget(widget)
    return widget


def test_a_run_has_the_name_of_its_weights_or_of_its_preset(
    field: RunsField, tmp_path: Path
) -> None:
    named = field.new_folder("cells/of: November", otherwise="photo")
    assert named == tmp_path / "2026-11-26 10.15.03 cells-of- November"
    unnamed = field.new_folder("", otherwise="few-photos")
    assert unnamed == tmp_path / "2026-11-26 10.15.03 few-photos"


def test_two_runs_of_a_second_have_two_folders(field: RunsField) -> None:
    first = field.new_folder("x", otherwise="")
    first.mkdir()
    second = field.new_folder("x", otherwise="")
    assert second.name == f"{first.name} (2)"


def test_a_relative_path_is_one_sentence(field: RunsField) -> None:
    field.setText("runs")
    with pytest.raises(RequestError, match="'Runs in' is 'runs', but must be the full path"):
        field.new_folder("", otherwise="photo")
