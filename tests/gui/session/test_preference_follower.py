"""A session starts with the preferences, and follows them where the user has not chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_zerodce.engine.memory import allocate
from napari_zerodce.errors import ImageError
from napari_zerodce.gui.session import preference_follower
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.preference_follower import PreferenceFollower, follow_preferences
from napari_zerodce.gui.session.preferences import Preferences
from napari_zerodce.gui.session.session import Session, session_of
from napari_zerodce.imaging.windows import WindowChoice


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sentences that were shown; no waiting while somebody types."""
    sentences: list[str] = []
    monkeypatch.setattr(preference_follower, "show_warning", sentences.append)
    monkeypatch.setattr(preference_follower, "_PATIENCE_MS", 20)
    return sentences


def _wait(qtbot: Any, follower: PreferenceFollower) -> None:
    qtbot.waitUntil(lambda: not follower._timer.isActive() and not Job._alive)


def test_session_starts_with_the_preferences(
    model: ViewerModel, stated: Any, told: list[str], qtbot: Any
) -> None:
    stated.checkpoint, stated.window, stated.device = "zero-dce-pp", "dtype", "cpu"
    session = session_of(model)
    assert session.checkpoint == "zero-dce-pp"
    assert session.settings.window == WindowChoice("dtype")
    assert session.settings.device == "cpu"
    _wait(qtbot, PreferenceFollower(session))
    assert session.settings.device == "cpu"
    assert told == []


def test_default_preferences_start_no_job(model: ViewerModel, told: list[str]) -> None:
    PreferenceFollower(session_of(model))
    assert not Job._alive, "a job would import torch"


def test_device_that_this_machine_lacks_becomes_automatic(
    model: ViewerModel, stated: Any, told: list[str], qtbot: Any
) -> None:
    stated.device = "cuda:99"
    session = session_of(model)
    assert session.settings.device == "cuda:99", "not looked for yet"
    _wait(qtbot, PreferenceFollower(session))
    assert session.settings.device == "auto"
    assert [sentence.count("'cuda:99'") for sentence in told] == [1]


def test_change_reaches_only_what_the_user_has_not_chosen(
    model: ViewerModel, stated: Any, told: list[str], qtbot: Any
) -> None:
    session = session_of(model)
    follower = PreferenceFollower(session)
    session.change(checkpoint="zero-dce-pp", scale_factor=4)
    stated.window, stated.checkpoint = "minmax", "zero-dce"
    _wait(qtbot, follower)
    assert session.settings.window == WindowChoice("minmax")
    assert (session.checkpoint, session.settings.scale_factor) == ("zero-dce-pp", 4)
    assert session.preferences == Preferences("zero-dce", WindowChoice("minmax"))


def test_scale_factor_belongs_to_its_checkpoint(
    model: ViewerModel, stated: Any, told: list[str], qtbot: Any
) -> None:
    session = session_of(model)
    session.change(scale_factor=4)
    follower = PreferenceFollower(session)
    stated.checkpoint = "zero-dce"
    _wait(qtbot, follower)
    assert (session.checkpoint, session.settings.scale_factor) == ("zero-dce", None)


def test_nothing_is_told_while_the_user_types(
    model: ViewerModel, stated: Any, told: list[str], qtbot: Any
) -> None:
    session = session_of(model)
    follower = PreferenceFollower(session)
    for text in ("m", "mi", "min", "minm", "minmax"):
        stated.window = text
    _wait(qtbot, follower)
    assert session.settings.window == WindowChoice("minmax")
    assert told == []
    stated.window = "minma"
    _wait(qtbot, follower)
    assert session.settings.window == WindowChoice("auto")
    assert len(told) == 1


def test_memory_budget_refuses_a_result(model: ViewerModel, stated: Any) -> None:
    stated.memory_budget = 1 / 1024
    session_of(model)
    assert allocate((1024, 1024), np.uint8, opening="It needs").nbytes == 2**20
    with pytest.raises(ImageError, match="preference 'Memory budget'"):
        allocate((1025, 1024), np.uint8, opening="It needs")


def test_folder_of_runs_is_a_value_of_the_session(
    model: ViewerModel, stated: Any, told: list[str], tmp_path: Path, qtbot: Any
) -> None:
    session = session_of(model)
    follower = PreferenceFollower(session)
    folders: list[tuple[Path | None, Path | None]] = []
    session.events.preferences.connect(
        lambda new, old: folders.append((new.runs_folder, old.runs_folder))
    )
    stated.runs_folder = str(tmp_path)
    _wait(qtbot, follower)
    assert folders == [(tmp_path, None)]


def test_viewer_has_one_follower(model: ViewerModel) -> None:
    follow_preferences(model)
    follower = preference_follower._followers[model]
    follow_preferences(model)
    assert preference_follower._followers[model] is follower
    assert isinstance(follower._session, Session)
    assert follower._session is session_of(model)
