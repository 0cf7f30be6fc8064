"""The entry of a job in napari's activity dock; use it on the GUI thread only."""

from __future__ import annotations

from typing import Any, Final

from napari.utils import cancelable_progress
from qtpy.QtCore import QObject

from napari_zerodce.engine.requests import Progress
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.widgets.single_shot import single_shot

_STEPS = 100
_LONGEST_TITLE = 34

OF_A_DOCK_MS: Final = 4000
"""When the entry of a run appears that a dock shows, too. While there is an entry, napari's icon
moves, and each of its pictures draws the whole window again: without a driver of a graphics card,
this takes more time than the enhancement of a photo."""


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
    """A bar with Cancel in napari's activity dock that follows a job until it has finished.

    Parameters
    ----------
    job : Job
    delay_ms : int
        A job that ends sooner has no bar.
    """

    def __init__(self, job: Job, *, delay_ms: int = 0) -> None:
        super().__init__(job)  # which keeps it: Qt's signals do not
        self._job = job
        self._bar: _Bar | None = None
        self._updating = False
        self._waiting = single_shot(self, delay_ms, self._appear)
        self._waiting.start()
        job.progressed.connect(self._on_job_progressed)
        job.finished.connect(self._on_job_finished)

    def _appear(self) -> None:
        self._bar = _Bar(self._job, total=_STEPS, desc=_short(self._job.title))
        if self._job.progress is not None:
            self._on_job_progressed(self._job.progress)

    def _on_job_progressed(self, progress: Progress) -> None:
        # The update of napari's bar lets Qt process events: without this check, updates for the
        # reports in the queue would run inside each other.
        if self._bar is None or self._updating:
            return
        steps = int(progress.fraction * _STEPS) - self._bar.n
        if steps <= 0:
            return
        self._updating = True
        try:
            self._bar.update(steps)
        finally:
            self._updating = False

    def _on_job_finished(self) -> None:
        self._waiting.stop()
        if self._bar is not None:
            self._bar.close()
