"""One run that enhances a layer: it belongs to the viewer, so it survives the dock's closing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from napari.utils.notifications import show_error, show_info

from napari_zerodce.engine.forecast import remember_speed
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import ABORTED, CANCELLED, Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.added_result import add_enhanced
from napari_zerodce.gui.shared.endings import conclude, conclude_failure, occupy
from napari_zerodce.gui.shared.work import Enhanced
from napari_zerodce.gui.widgets.labels import Tone

if TYPE_CHECKING:
    import napari

DISPLAY_ONLY: Final = "For viewing, not for measuring intensities."


@dataclass(frozen=True)
class EnhanceRun:
    """Enhances a source; its result becomes a layer, and its outcome that of the session.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
    source : Source
        As it was when the run started.
    action : str
        The action of the panels that show the outcome.
    """

    viewer: napari.Viewer
    session: Session
    source: Source
    action: str

    def start(self, request: EnhanceRequest) -> None:
        """Enhance what is requested.

        Parameters
        ----------
        request : EnhanceRequest
            A request for that source.
        """
        enhancing = work.enhancing(request, self.source.level_shapes)
        job = Job(f"Zero-DCE: enhancing {self.source.name}", enhancing)
        job.succeeded.connect(lambda made: remember_speed(request, made.result))
        self._run(job, of=request.part.count)

    def keep(self, finished: EnhanceResult, *, of: int) -> None:
        """Add what a run has finished that was cancelled or failed.

        Parameters
        ----------
        finished : EnhanceResult
        of : int
            Number of planes that were requested.
        """
        completing = work.completing(finished, self.source.level_shapes)
        self._run(Job(f"Zero-DCE: keeping planes of {self.source.name}", completing), of=of)

    def _run(self, job: Job, *, of: int) -> None:
        # Qt's signals do not keep the object of a plain bound method.
        job.succeeded.connect(partial(EnhanceRun._on_succeeded, self))
        job.failed.connect(partial(EnhanceRun._on_failed, self, of))
        job.cancelled.connect(partial(EnhanceRun._on_stopped, self, f"{CANCELLED};", of))
        job.aborted.connect(partial(EnhanceRun._on_stopped, self, f"{ABORTED};", of))
        occupy(self.viewer, self.session, job)

    def _on_succeeded(self, made: Enhanced) -> None:
        added = add_enhanced(self.viewer, self.source, made)
        opening = f"Added '{added.layer.name}' after {made.result.seconds:.1f} s. {DISPLAY_ONLY}"
        text = " ".join((opening, *added.notes))
        tone: Tone = "bad" if made.result.missing else "good"
        conclude(self.session, Outcome(text, tone, self.action, WeakSet([added.layer])))
        for notice in made.result.notices:
            if notice != made.result.about_missing:  # that is a part of the outcome
                show_info(notice)

    def _on_failed(self, of: int, error: Exception) -> None:
        finished = error.finished if isinstance(error, ZeroDCEError) else None
        if finished is None:
            conclude_failure(self.session, self.action, error)
        else:
            self.session.outcome = self._offer(str(error), of, finished, "bad")
            show_error(str(error))

    def _on_stopped(self, why: str, of: int, finished: EnhanceResult | None) -> None:
        if finished is not None:  # else the session tells it
            conclude(self.session, self._offer(why, of, finished, "plain"))

    def _offer(self, why: str, of: int, finished: EnhanceResult, tone: Tone) -> Outcome:
        text = f"{why} {describe_finished(finished, of=of)} finished."
        return Outcome(text, tone, keep=partial(self.keep, finished, of=of))


def describe_finished(result: EnhanceResult, *, of: int) -> str:
    """Return how many planes a result has, such as "3 of 5 planes are".

    Parameters
    ----------
    result : EnhanceResult
    of : int
        Number of planes that were requested.
    """
    count = of if result.scope is None else result.scope.count
    planes, are = "plane" if of == 1 else "planes", "is" if count == 1 else "are"
    return f"{count} of {of} {planes} {are}"
