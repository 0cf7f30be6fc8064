"""Which trainer carries out a run: what config.json says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_zerodce.errors import RequestError, TrainingError
from napari_zerodce.training.carry_out import carry_out, config_of
from napari_zerodce.training.config import RunConfig
from napari_zerodce.training.run_folder import RunFolder


def test_a_run_without_a_kind_trains_curves(make_run) -> None:
    folder = make_run(steps=1)
    path = folder.path / "config.json"
    facts = json.loads(path.read_text())
    assert facts.pop("kind") == "curves"
    path.write_text(json.dumps(facts))  # as older versions wrote it
    assert folder.kind == "curves"
    assert isinstance(config_of(folder), RunConfig)
    assert carry_out(folder) == "done"
    assert "exposure" in folder.history().losses


def test_an_unknown_kind_is_a_mistake_in_the_file(make_run) -> None:
    folder = make_run(steps=1)
    path = folder.path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"kind": "styles"}))
    with pytest.raises(RequestError, match="has a mistake in kind"):
        config_of(folder)


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not the folder of a run"):
        carry_out(RunFolder(tmp_path))
