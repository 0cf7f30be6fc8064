"""The entry in napari's activity bar: in hundredths, never backwards, never nested."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from napari_zerodce.engine.requests import Progress
from napari_zerodce.gui.session import activity
from napari_zerodce.gui.session.activity import ActivityEntry
from napari_zerodce.gui.session.jobs import Job


class Bar:
    """Counts as napari's bar does, and lets Qt process events inside an update."""

    made: list[Bar]

    def __init__(self, job: Job, *, total: int, desc: str) -> None:
        self.total, self.desc, self.n = total, desc, 0
        self.is_closed = False
        self.meanwhile: Any = lambda: None
        Bar.made.append(self)

    def update(self, steps: int) -> None:
        self.meanwhile()
        self.n += steps

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(activity, "_Bar", Bar)
    Bar.made = []
    return Job("Zero-DCE: enhancing photo", lambda _report, _should_stop: None)


def _entry_and_bar(job: Job, qtbot: Any) -> tuple[ActivityEntry, Bar]:
    entry = ActivityEntry(job)
    qtbot.waitUntil(lambda: len(Bar.made) == 1)
    return entry, Bar.made[0]


def _progress(done: float, total: float = 1) -> Progress:
    return Progress(done, total, "")


def test_bar_goes_with_the_job_until_it_has_finished(job: Job, qtbot: Any) -> None:
    entry, bar = _entry_and_bar(job, qtbot)
    assert (bar.total, bar.desc) == (100, "Zero-DCE: enhancing photo")
    for done, shown in ((0, 0), (3, 25), (3.2, 26), (12, 100)):
        job.progressed.emit(_progress(done, 12))
        assert bar.n == shown
    assert not bar.is_closed
    job.finished.emit()
    assert bar.is_closed
    assert entry is not None


def test_bar_never_goes_back_and_not_beyond_its_end(job: Job, qtbot: Any) -> None:
    entry, bar = _entry_and_bar(job, qtbot)
    for done, shown in ((0.5, 50), (0.2, 50), (7, 100)):
        job.progressed.emit(_progress(done))
        assert bar.n == shown
    job.progressed.emit(_progress(1, 0))  # a run of nothing
    assert bar.n == 100
    assert entry is not None


def test_reports_that_come_during_an_update_are_not_nested(job: Job, qtbot: Any) -> None:
    entry, bar = _entry_and_bar(job, qtbot)
    bar.meanwhile = lambda: job.progressed.emit(_progress(0.9))
    job.progressed.emit(_progress(0.5))
    assert bar.n == 50
    bar.meanwhile = lambda: None
    job.progressed.emit(_progress(0.6))
    assert bar.n == 60, "the next report is told again"
    assert entry is not None


def test_failing_bar_does_not_silence_later_reports(job: Job, qtbot: Any) -> None:
    entry, bar = _entry_and_bar(job, qtbot)
    bar.meanwhile = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        entry._on_job_progressed(_progress(0.5))
    bar.meanwhile = lambda: None
    job.progressed.emit(_progress(0.6))
    assert bar.n == 60


def test_job_keeps_its_entry(job: Job, qtbot: Any) -> None:
    ActivityEntry(job)
    gc.collect()
    qtbot.waitUntil(lambda: len(Bar.made) == 1)
    (bar,) = Bar.made
    job.progressed.emit(_progress(0.5))
    assert bar.n == 50
    job.finished.emit()
    assert bar.is_closed


def test_cancel_in_the_activity_dock_cancels_the_job(make_napari_viewer_proxy: Any) -> None:
    make_napari_viewer_proxy()
    job = Job("Zero-DCE: saving cells", lambda _report, _should_stop: None)
    bar = activity._Bar(job, total=100, desc=job.title)
    bar.cancel()
    assert bar.is_canceled
    assert job._stop.is_set()
    bar.close()


def test_long_title_leaves_room_for_cancel(monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    monkeypatch.setattr(activity, "_Bar", Bar)
    Bar.made = []
    job = Job("Zero-DCE: saving a file with a very long name.zarr", lambda _report, _stop: None)
    _entry, bar = _entry_and_bar(job, qtbot)
    assert bar.desc == "Zero-DCE: saving a file with a ve…"
    job.finished.emit()


def test_bar_appears_late_and_where_the_job_is(job: Job, qtbot: Any) -> None:
    entry = ActivityEntry(job, delay_ms=100_000)
    job.progress = _progress(0.3)
    job.progressed.emit(job.progress)
    assert not Bar.made, "napari's icon would move for a moment"
    entry._waiting.start(0)
    qtbot.waitUntil(lambda: bool(Bar.made))
    assert Bar.made[0].n == 30


def test_job_that_ends_at_once_has_no_bar(job: Job) -> None:
    entry = ActivityEntry(job)
    job.finished.emit()
    assert not entry._waiting.isActive()
    assert not Bar.made
