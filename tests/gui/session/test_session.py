"""The session: what all docks of one viewer share, with a signal for each change."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel

from napari_zerodce.checkpoints.registry import BUNDLED, PUBLISHED
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session, session_of, unwrapped

AT_FIRST = EnhanceSettings(look=DEFAULT_LOOK)


@pytest.fixture
def session() -> Session:
    return Session()


def _job() -> Job:
    return Job("nothing", lambda _report, _should_stop: None)


# ---- settings


def test_session_begins_with_the_default_look(session: Session) -> None:
    assert session.settings == AT_FIRST


def test_change_tells_new_and_old_settings_once(session: Session) -> None:
    told: list[tuple[EnhanceSettings, EnhanceSettings]] = []
    session.events.settings.connect(lambda new, old: told.append((new, old)))
    session.change(device="cpu", look=Look(strength=0.5))
    new = EnhanceSettings(device="cpu", look=Look(strength=0.5))
    assert told == [(new, AT_FIRST)]
    assert session.settings == new
    session.change(device="cpu")
    assert len(told) == 1, "the same settings are no change"


def test_impossible_change_changes_nothing(session: Session) -> None:
    with pytest.raises(RequestError):
        session.change(tile=0)
    with pytest.raises(TypeError):
        session.change(colour="red")
    assert session.settings == AT_FIRST


@pytest.mark.parametrize("source", ["zero-dce-pp", Path("mine.pth")])
def test_checkpoint_is_that_of_the_settings(session: Session, source: Any) -> None:
    session.change(checkpoint=source)
    assert session.checkpoint == source


ONE_MAP = {
    "zero-dce": False,
    "zero-dce-pp": True,
    "zero-dce-fluo": False,
    "zero-dce-pp-fluo": True,
    "published-zero-dce": False,
    "published-zero-dce-pp": True,
}


def test_named_checkpoints_have_one_map_if_their_architecture_has(session: Session) -> None:
    found = {}
    for entry in (*BUNDLED, *PUBLISHED):
        session.change(checkpoint=entry.name)
        found[entry.name] = session.shares_one_map
    assert found == ONE_MAP
    session.change(checkpoint="auto", scale_factor=3)
    assert not session.shares_one_map


@pytest.mark.parametrize(("scale_factor", "shared"), [(None, False), (1, True), (12, True)])
def test_files_have_one_map_if_they_have_a_scale_factor(
    session: Session, scale_factor: int | None, shared: bool
) -> None:
    session.change(checkpoint=Path("mine.pth"), scale_factor=scale_factor)
    assert session.shares_one_map is shared


# ---- busy


def test_session_is_busy_until_its_job_has_finished(session: Session) -> None:
    jobs: list[Job | None] = []
    session.events.job.connect(jobs.append)
    assert not session.busy
    job = _job()
    session.occupy(job)
    assert session.busy
    job.finished.emit()
    assert not session.busy
    assert jobs == [job, None]


def test_session_is_free_again_even_if_a_listener_fails(session: Session) -> None:
    def fail(_: Any) -> None:
        raise ZeroDivisionError

    session.events.job.connect(fail)
    job = _job()
    with pytest.raises(Exception, match="ZeroDivisionError"):
        session.occupy(job)
    session.events.job.disconnect(fail)
    job.finished.emit()
    assert not session.busy


# ---- what came of a run


def test_cancelled_run_that_left_nothing_is_told(session: Session) -> None:
    job = _job()
    session.occupy(job)
    job.cancelled.emit(None)
    assert session.outcome is not None
    assert session.outcome.text == "Cancelled; nothing was changed."
    assert session.outcome.action is None, "every dock may show it"


def test_what_a_cancelled_run_has_finished_is_told_by_the_run(session: Session) -> None:
    job = _job()
    session.occupy(job)
    job.cancelled.emit("three planes")
    assert session.outcome is None


def test_next_run_replaces_the_outcome_before_it_begins(session: Session) -> None:
    session.outcome = Outcome("Added a layer.", "good")
    seen: list[Any] = []
    session.events.job.connect(lambda _: seen.append(session.outcome))
    session.occupy(_job())
    assert seen == [None]


# ---- one for each viewer


def test_each_viewer_has_one_session_of_its_own() -> None:
    first, second = ViewerModel(), ViewerModel()
    assert session_of(first) is session_of(first)
    assert session_of(first) is not session_of(second)


def test_proxy_of_a_viewer_has_the_viewers_session() -> None:
    class Proxy:
        def __init__(self, viewer: ViewerModel) -> None:
            self.__wrapped__ = viewer

    model = ViewerModel()
    proxy: Any = Proxy(model)
    assert session_of(proxy) is session_of(model)
    assert unwrapped(proxy) is model
    assert unwrapped(model) is model


def test_viewer_that_goes_takes_its_session() -> None:
    model = ViewerModel()
    session = weakref.ref(session_of(model))
    viewer = weakref.ref(model)
    del model
    gc.collect()
    assert viewer() is None
    assert session() is None


def test_each_kind_of_training_has_a_run_and_one_of_them_is_in_progress() -> None:
    class Run:
        is_running = False

    session, curves, translation = Session(), Run(), Run()
    session.follow("curves", curves)  # type: ignore[arg-type]
    session.follow("translation", translation)  # type: ignore[arg-type]
    assert session.runs == {"curves": curves, "translation": translation}
    assert session.kind_in_training is None
    translation.is_running = True
    assert session.kind_in_training == "translation"
