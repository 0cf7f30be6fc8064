"""The preparation of a run in the background: it can be cancelled until the run begins."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from napari_zerodce.gui.session.jobs import Job
    from napari_zerodce.training.run_folder import RunFolder


class Preparation(QObject):
    """Starts jobs that prepare run folders, one at a time.

    Parameters
    ----------
    parent : QObject
    """

    prepared = Signal(object)  # a `RunFolder`
    failed = Signal(object)  # an exception
    cancelled = Signal()
    finished = Signal()  # after each of the others

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._was_cancelled = False

    def start(self, job: Job) -> None:
        """Start a job.

        Parameters
        ----------
        job : Job
            Its result is a `RunFolder`.
        """
        self._was_cancelled = False
        self._job = job
        job.succeeded.connect(self._on_job_succeeded)
        job.failed.connect(self.failed)
        job.cancelled.connect(self.cancelled)
        job.finished.connect(self._on_job_finished)
        job.start()

    def cancel(self) -> None:
        """Cancel the job; if it ends before it sees that, its folder is deleted."""
        if self._job is not None:
            self._was_cancelled = True
            self._job.cancel()

    def _on_job_succeeded(self, folder: RunFolder) -> None:
        if self._was_cancelled:
            shutil.rmtree(folder.path, ignore_errors=True)
            self.cancelled.emit()
        else:
            self.prepared.emit(folder)

    def _on_job_finished(self) -> None:
        self._job = None
        self.finished.emit()
