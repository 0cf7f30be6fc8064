"""Start a dock's runs, one at a time in each viewer, and show their results in its panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error, show_info
from qtpy.QtCore import QObject

from napari_zerodce.engine.forecast import remember_speed
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.results import add_result
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.gui.layers.wanted import Wanted
from napari_zerodce.gui.session.activity import ActivityEntry
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.run_panel import RunPanel
from napari_zerodce.gui.shared.several_results import add_all

if TYPE_CHECKING:
    import napari

_DISPLAY_ONLY = "For viewing, not for measuring intensities."


class RunController(QObject):
    """Starts the runs of one dock; they stop when the dock closes.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
    panel : RunPanel
        Shows the outcome of a run.
    parent : QObject
    """

    def __init__(
        self, viewer: napari.Viewer, session: Session, panel: RunPanel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._session = session
        self._panel = panel
        self._job: Job | None = None

    def release(self) -> None:
        """Cancel the run, because the dock closes."""
        if self._job is not None:
            self._job.cancel()

    def enhance(self, source: Source, request: EnhanceRequest) -> None:
        """Enhance a source into a new layer.

        Parameters
        ----------
        source : Source
        request : EnhanceRequest
            The request for that source.
        """
        job = Job(f"Zero-DCE: enhancing {source.name}", work.enhancing(request))
        self.start(job, lambda result: self._on_enhanced(source, request, result))

    def enhance_chosen(self, read: Callable[[], Wanted]) -> None:
        """Enhance what a dock asks for, unless a run is in progress; each source gets a layer.

        Parameters
        ----------
        read : callable
            Returns what the dock asks for; raises a ZeroDCEError if something is missing.
        """
        if self._session.busy:
            return
        try:
            wanted = read()
            wanted.check()
        except ZeroDCEError as err:
            self.show_failure(err)
            return
        if len(wanted.sources) == 1 and not wanted.left_out:
            self.enhance(wanted.sources[0], wanted.requests[0])
        else:
            self._enhance_all(wanted)

    def _enhance_all(self, wanted: Wanted) -> None:
        count = len(wanted.sources)
        job = Job(f"Zero-DCE: enhancing {count} layers", work.enhancing_all(wanted.requests))
        self.start(job, lambda done: self._panel.say(*add_all(self._viewer, wanted, done)))

    def start(self, job: Job, on_success: Callable[[Any], None]) -> None:
        """Start a job that the panel shows and can cancel.

        Parameters
        ----------
        job : Job
        on_success : callable
            Called with the job's result on the GUI thread.
        """
        job.succeeded.connect(on_success)
        job.failed.connect(self.show_failure)
        job.finished.connect(self._on_job_finished)
        self._job = job
        ActivityEntry(job)
        job.start()
        self._session.occupy(job)

    def _on_job_finished(self) -> None:
        self._job = None

    def show_failure(self, error: Exception) -> None:
        """Show why something failed."""
        if isinstance(error, ZeroDCEError):
            self._panel.say(str(error), "bad")
            show_error(str(error))
        else:  # the job has already raised it, with its traceback
            self._panel.say("Unexpected error; napari's notification shows the details.", "bad")

    def _on_enhanced(self, source: Source, request: EnhanceRequest, result: EnhanceResult) -> None:
        layer = add_result(self._viewer, source, result)
        remember_speed(request, result)
        low, high = layer.contrast_limits
        shown = f" Shown from {low:g} to {high:g}, unlike the source layer."
        self._panel.say(
            f"Added '{layer.name}' after {result.seconds:.1f} s. {_DISPLAY_ONLY}"
            f"{'' if (low, high) == source.contrast_limits else shown}",
            "good",
        )
        for notice in result.notices:
            show_info(notice)
