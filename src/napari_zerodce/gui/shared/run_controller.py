"""Start a dock's runs, one at a time in each viewer, and show their outcome in its panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error
from qtpy.QtCore import QObject

from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.gui.layers.wanted import Wanted
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.endings import conclude, describe_failure, occupy
from napari_zerodce.gui.shared.enhance_run import EnhanceRun
from napari_zerodce.gui.shared.lazy_run import LazyRun
from napari_zerodce.gui.shared.run_panel import RunPanel
from napari_zerodce.gui.shared.several_runs import SeveralRuns

if TYPE_CHECKING:
    import napari


class RunController(QObject):
    """Starts the runs of one dock.

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
        self._if_closed = ""
        viewer.layers.events.removed.connect(self._forget_deleted)
        self._forget_deleted()

    def release(self) -> None:
        """Cancel the run if only this dock can use its result, because the dock closes."""
        self._viewer.layers.events.removed.disconnect(self._forget_deleted)
        if self._job is not None:
            # The outcome of the session says that the user has cancelled it; this one is later.
            self._job.cancelled.connect(partial(_conclude_closed, self._session, self._if_closed))
            self._job.cancel()

    def enhance(self, source: Source, request: EnhanceRequest) -> None:
        """Enhance a source into a new layer; the run goes on if the dock closes.

        Parameters
        ----------
        source : Source
        request : EnhanceRequest
            The request for that source.
        """
        EnhanceRun(self._viewer, self._session, source, self._panel.action).start(request)

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
            if wanted.is_lazy:
                LazyRun(self._viewer, self._session, wanted, self._panel.action).start()
                return
        except ZeroDCEError as err:
            self.show_failure(err)
            return
        if len(wanted.sources) == 1 and not wanted.left_out:
            self.enhance(wanted.sources[0], wanted.requests[0])
        else:
            SeveralRuns(self._viewer, self._session, wanted, self._panel.action).start()

    def start(self, job: Job, on_success: Callable[[Any], None], *, if_closed: str) -> None:
        """Start a job that the panel shows and can cancel; it stops if the dock closes.

        Parameters
        ----------
        job : Job
        on_success : callable
            Called with the job's result on the GUI thread.
        if_closed : str
            A sentence for the user, if the dock closes before the job has finished.
        """
        job.succeeded.connect(on_success)
        job.failed.connect(self.show_failure)
        job.finished.connect(self._on_job_finished)
        self._job, self._if_closed = job, if_closed
        occupy(self._viewer, self._session, job)

    def _on_job_finished(self) -> None:
        self._job = None

    def show_failure(self, error: Exception) -> None:
        """Show why something failed, unless the plan says it."""
        text = describe_failure(error)
        planned = self._panel.tells(text)
        self._panel.say(text, "bad")
        if isinstance(error, ZeroDCEError) and not planned:  # any other error was raised by the job
            show_error(str(error))

    def _forget_deleted(self, _: Any = None) -> None:
        """Forget an outcome if the layers that it is about were deleted."""
        outcome = self._session.outcome
        if outcome is None or outcome.about is None:
            return
        if not any(layer in self._viewer.layers for layer in outcome.about):
            self._session.outcome = None


def _conclude_closed(session: Session, text: str, _finished: object) -> None:
    conclude(session, Outcome(text))
