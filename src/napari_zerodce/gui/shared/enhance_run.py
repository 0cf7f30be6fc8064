"""One run that enhances a layer: it belongs to the viewer, so it survives the dock's closing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from napari.utils.notifications import show_error, show_info

from napari_zerodce.engine.forecast import remember_speed
from napari_zerodce.engine.requests import EnhanceRequest, EnhanceResult
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.covered import hide_covered, why_mixed
from napari_zerodce.gui.layers.results import add_result
from napari_zerodce.gui.layers.source import Source, source_now
from napari_zerodce.gui.session.activity import ActivityEntry
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared import work
from napari_zerodce.gui.shared.work import Enhanced
from napari_zerodce.imaging.scope import Scope

if TYPE_CHECKING:
    import napari
    from napari.layers import Image, Layer

_DISPLAY_ONLY = "For viewing, not for measuring intensities."


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
        scope = request.scope or Scope.whole(self.source.layout)
        self._run(job, of=scope.count)

    def keep(self, finished: EnhanceResult, *, of: int) -> None:
        """Add what a cancelled run has finished.

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
        job.failed.connect(partial(EnhanceRun._on_failed, self))
        job.cancelled.connect(partial(EnhanceRun._on_cancelled, self, of))
        occupy(self.session, job)

    def _on_succeeded(self, made: Enhanced) -> None:
        now = source_now(self.viewer, self.source)
        source = now or self.source
        layer = add_result(self.viewer, source, made.result, made.levels)
        hidden = hide_covered(self.viewer, layer)
        sentences = (
            f"Added '{layer.name}' after {made.result.seconds:.1f} s.",
            _DISPLAY_ONLY,
            "" if now else self._describe_change(),
            _describe_range(layer, source),
            _describe_hidden(layer, hidden),
        )
        self._end(Outcome(" ".join(filter(None, sentences)), "good", self.action, WeakSet([layer])))
        for notice in made.result.notices:
            show_info(notice)

    def _describe_change(self) -> str:
        name = f"'{self.source.shown_name}'"
        if self.source.layer not in self.viewer.layers:
            return f"{name} was deleted during the run; the result lies where it was."
        return f"{name} got another image during the run; the result is that of the former image."

    def _on_failed(self, error: Exception) -> None:
        self.session.outcome = Outcome(describe_failure(error), "bad", self.action)
        if isinstance(error, ZeroDCEError):  # any other error was raised by the job
            show_error(str(error))

    def _on_cancelled(self, of: int, finished: EnhanceResult | None) -> None:
        if finished is None:
            return  # the session tells it
        count = of if finished.scope is None else finished.scope.count
        planes, are = "plane" if of == 1 else "planes", "is" if count == 1 else "are"
        text = f"Cancelled; {count} of {of} {planes} {are} finished."
        self._end(Outcome(text, keep=partial(self.keep, finished, of=of)))

    def _end(self, outcome: Outcome) -> None:
        """Show an outcome in the panels, or in a notification if there are none on screen."""
        self.session.outcome = outcome
        if not outcome.seen:
            show_info(outcome.text)


def _describe_range(layer: Image, source: Source) -> str:
    low, high = layer.contrast_limits
    if (low, high) == source.contrast_limits:
        return ""
    return f"Shown from {low:g} to {high:g}, unlike the source layer."


def _describe_hidden(layer: Image, hidden: list[Layer]) -> str:
    if not layer.visible:
        return "It is hidden while the live view is on."
    if not hidden:
        return ""
    names = " and ".join(f"'{other.name}'" for other in hidden)
    are, them = ("is", "it") if len(hidden) == 1 else ("are", "them")
    return f"{names} {are} hidden, because {why_mixed(layer)} would mix {them} with the result."


def describe_failure(error: Exception) -> str:
    """Return what a panel says about an error; only this package's own errors speak to users."""
    if isinstance(error, ZeroDCEError):
        return str(error)
    return "Unexpected error; napari's notification shows the details."


def occupy(session: Session, job: Job) -> None:
    """Start a job as the run of a session, with an entry in napari's activity dock.

    Parameters
    ----------
    session : Session
    job : Job
    """
    ActivityEntry(job)
    job.start()
    session.occupy(job)
