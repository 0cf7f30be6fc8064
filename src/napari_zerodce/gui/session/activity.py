"""The entry of a job in napari's activity dock; use it on the GUI thread only."""

from __future__ import annotations

from typing import Any

from napari.utils import cancelable_progress
from qtpy.QtCore import QObject

from napari_zerodce.engine.requests import Progress
from napari_zerodce.gui.session.jobs import Job

_STEPS = 100
_LONGEST_TITLE = 34


def _short(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"


class _Bar(cancelable_progress):  # type: ignore[misc]
    """A progress bar whose Cancel button cancels a job."""

    def __init__(self, job: Job, **options: Any) -> None:
        # napari shows what follows the last "|". With tqdm's own text, Cancel is out of sight.
        super().__init__(bar_format="{bar}|{remaining} left", **options)
        self._job = job

    def cancel(self) -> None:
        """Cancel the job."""
        super().cancel()
        self._job.cancel()


class ActivityEntry(QObject):
    """A bar with Cancel in napari's activity dock that follows a job until it has finished."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)  # which keeps it: Qt's signals do not
        self._bar = _Bar(job, total=_STEPS, desc=_short(job.title))
        self._updating = False
        job.progressed.connect(self._on_job_progressed)
        job.finished.connect(self._on_job_finished)

    def _on_job_progressed(self, progress: Progress) -> None:
        # The update of napari's bar lets Qt process events: without this check, updates for the
        # reports in the queue would run inside each other.
        if self._updating:
            return
        self._updating = True
        try:
            self._bar.update(max(0, int(progress.fraction * _STEPS) - self._bar.n))
        finally:
            self._updating = False

    def _on_job_finished(self) -> None:
        self._bar.close()
