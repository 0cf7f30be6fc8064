"""A run's entry in napari's activity bar; to be used on the GUI thread alone."""

from __future__ import annotations

from napari.utils import progress as napari_progress

from napari_zerodce.engine.requests import Progress
from napari_zerodce.gui.session.jobs import Job

_STEPS = 100


class ActivityEntry:
    """A bar in napari's activity dock that follows a job until it has finished."""

    def __init__(self, job: Job) -> None:
        self._bar = napari_progress(total=_STEPS, desc=job.title)
        self._updating = False
        job.progressed.connect(self._on_job_progressed)
        job.finished.connect(self._bar.close)

    def _on_job_progressed(self, progress: Progress) -> None:
        # napari's bar lets Qt process events inside its update: without this, reports that wait in
        # the queue would nest.
        if self._updating:
            return
        self._updating = True
        try:
            self._bar.update(max(0, int(progress.fraction * _STEPS) - self._bar.n))
        finally:
            self._updating = False
