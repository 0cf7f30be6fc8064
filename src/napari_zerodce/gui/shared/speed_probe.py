"""Measure in the background how fast the chosen settings are, before the user starts a run."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal

from napari_zerodce.engine.forecast import Forecast, without_pixels
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.widgets.single_shot import single_shot

_PATIENCE_MS = 150  # several settings often change together


class SpeedProbe(QObject):
    """Times the latest request; results for older requests are discarded.

    Parameters
    ----------
    parent : QObject
    """

    known = Signal(object)  # Forecast
    failed = Signal(object)  # Exception

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._wanted: EnhanceRequest | None = None
        self._running: EnhanceRequest | None = None
        self._paused = False
        self._timer = single_shot(self, _PATIENCE_MS, self._start)

    def ask(self, request: EnhanceRequest) -> None:
        """Time this request soon, instead of the previous one; its image is not kept."""
        self._wanted = without_pixels(request)
        self._timer.start()

    def pause(self) -> None:
        """Stop timing, so that a run has the device for itself."""
        self._paused = True
        if self._job is not None:
            self._job.cancel()

    def resume(self) -> None:
        """Time the latest request again."""
        self._paused = False
        self._timer.start()

    def stop(self) -> None:
        """Stop timing and forget the latest request."""
        self._wanted = None
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()

    def _start(self) -> None:
        if self._paused or self._job is not None or self._wanted is None:
            return
        self._running = self._wanted
        self._job = Job(
            "Zero-DCE: timing this machine", work.forecasting(self._running), quiet=True
        )
        self._job.succeeded.connect(self._on_job_succeeded)
        self._job.failed.connect(self._on_job_failed)
        self._job.cancelled.connect(self._on_job_cancelled)
        self._job.finished.connect(self._on_job_finished)
        self._job.start()

    def _on_job_succeeded(self, forecast: Forecast) -> None:
        if self._running is self._wanted:
            self.known.emit(forecast)

    def _on_job_failed(self, error: Exception) -> None:
        if self._running is self._wanted:
            self.failed.emit(error)

    def _on_job_cancelled(self) -> None:
        self._running = None  # not timed: it may be wanted again before the thread has stopped

    def _on_job_finished(self) -> None:
        self._job = None
        if self._running is not self._wanted:
            self._start()
