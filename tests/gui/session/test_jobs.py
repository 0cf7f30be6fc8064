"""Jobs: exactly one ending, whatever happens in the thread, and always on the GUI thread."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from napari_zerodce.engine.requests import Progress
from napari_zerodce.errors import Cancelled, RequestError
from napari_zerodce.gui.session.jobs import Job


def _run(job: Job, qtbot: Any) -> list[tuple[str, Any]]:
    seen: list[tuple[str, Any]] = []
    job.progressed.connect(lambda value: seen.append(("progressed", value)))
    job.succeeded.connect(lambda value: seen.append(("succeeded", value)))
    job.failed.connect(lambda value: seen.append(("failed", value)))
    job.cancelled.connect(lambda finished: seen.append(("cancelled", finished)))
    job.aborted.connect(lambda finished: seen.append(("aborted", finished)))
    job.finished.connect(lambda: seen.append(("finished", None)))
    with qtbot.waitSignal(job.finished):
        job.start()
    return seen


@pytest.mark.parametrize("quiet", [False, True])
def test_result_then_finished(qtbot: Any, quiet: bool) -> None:
    seen = _run(Job("adding", lambda report, should_stop: 1 + 1, quiet=quiet), qtbot)
    assert seen == [("succeeded", 2), ("finished", None)]


def test_work_runs_in_another_thread_and_reports_arrive_in_this_one(qtbot: Any) -> None:
    threads = []

    def work(report: Any, should_stop: Any) -> int:
        report(Progress(1, 2, "half"))
        return threading.get_ident()

    job = Job("reporting", work)
    job.progressed.connect(lambda _: threads.append(threading.get_ident()))
    seen = _run(job, qtbot)
    assert seen[0] == ("progressed", Progress(1, 2, "half"))
    assert threads == [threading.get_ident()]
    assert seen[1][1] != threading.get_ident()


def test_mistake_of_the_user_is_told_and_not_raised(qtbot: Any) -> None:
    def work(report: Any, should_stop: Any) -> None:
        raise RequestError("give two numbers")

    seen = _run(Job("failing", work), qtbot)
    assert [name for name, _ in seen] == ["failed", "finished"]
    assert str(seen[0][1]) == "give two numbers"


def test_runtime_error_like_torchs_ends_the_job_too(qtbot: Any, monkeypatch: Any) -> None:
    from napari.utils.notifications import notification_manager

    raised = []
    monkeypatch.setattr(notification_manager, "receive_error", lambda *error: raised.append(error))

    def work(report: Any, should_stop: Any) -> None:
        raise RuntimeError("shape '[3]' is invalid")

    seen = _run(Job("failing", work), qtbot)
    assert [name for name, _ in seen] == ["failed", "finished"]
    assert raised[0][0] is RuntimeError  # our bug, so it keeps its traceback
    assert raised[0][2] is not None


def test_cancel_stops_the_work(qtbot: Any) -> None:
    def work(report: Any, should_stop: Any) -> None:
        while not should_stop():
            time.sleep(0.01)
        raise Cancelled

    job = Job("waiting", work)
    job.progressed.connect(lambda _: None)
    from qtpy.QtCore import QTimer

    QTimer.singleShot(50, job.cancel)
    assert _run(job, qtbot) == [("cancelled", None), ("finished", None)]
    assert job not in Job._alive


def test_cancelled_job_carries_what_was_finished(qtbot: Any) -> None:
    def work(report: Any, should_stop: Any) -> None:
        stop = Cancelled()
        stop.finished = "three planes"
        raise stop

    assert _run(Job("waiting", work), qtbot) == [("cancelled", "three planes"), ("finished", None)]


@pytest.mark.parametrize(
    ("awaited", "expected"),
    [(True, [("aborted", "three planes"), ("finished", None)]), (False, [("finished", None)])],
)
def test_abort_by_napari_is_told_if_somebody_awaits_it(
    qtbot: Any, awaited: bool, expected: Any
) -> None:
    begun = threading.Event()

    def work(report: Any, should_stop: Any) -> None:
        begun.set()
        while not should_stop():
            time.sleep(0.01)
        stop = Cancelled()
        stop.finished = "three planes"
        raise stop

    job = Job("waiting", work)
    job.is_awaited = lambda: awaited
    from qtpy.QtCore import QTimer

    QTimer.singleShot(50, lambda: begun.wait(120) and job._worker.quit())
    assert _run(job, qtbot) == expected
    assert job not in Job._alive


@pytest.mark.parametrize("awaited", [True, False])
def test_result_that_was_ready_before_the_abort_is_not_lost(qtbot: Any, awaited: bool) -> None:
    def work(report: Any, should_stop: Any) -> int:
        job._worker.quit()
        return 5

    job = Job("adding", work)
    job.is_awaited = lambda: awaited
    assert _run(job, qtbot) == [*([("succeeded", 5)] if awaited else []), ("finished", None)]


LEAVE_EARLY = """
import sys
import napari
from qtpy.QtCore import QTimer
viewer = napari.Viewer()
_, dock = viewer.window.add_plugin_dock_widget("napari-zerodce", "Enhance")
dock.form.fields["backend"].value = "torch"  # to time this machine, it is loaded
QTimer.singleShot(int(sys.argv[1]), viewer.close)
napari.run()
print("left", flush=True)
"""


@pytest.mark.parametrize("milliseconds", [0, 250, 900])
def test_leaving_while_torch_is_being_loaded_is_harmless(milliseconds: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LEAVE_EARLY, str(milliseconds)],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip().endswith("left")
    assert "Traceback" not in ended.stderr
