"""One run that enhances a layer: it belongs to the viewer, so it survives the dock's closing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

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
        """Enhance the whole source.

        Parameters
        ----------
        request : EnhanceRequest
            The request for that source.
        """
        job = Job(
            f"Zero-DCE: enhancing {self.source.name}",
            work.enhancing(request, self.source.level_shapes[1:]),
        )
        job.succeeded.connect(lambda made: remember_speed(request, made.result))
        self._run(job)

    def keep(self, finished: EnhanceResult) -> None:
        """Add what a cancelled run has finished.

        Parameters
        ----------
        finished : EnhanceResult
        """
        job = Job(
            f"Zero-DCE: keeping finished planes of {self.source.name}",
            work.completing(finished, self.source.level_shapes[1:]),
        )
        self._run(job)

    def _run(self, job: Job) -> None:
        # Qt's signals do not keep the object of a plain bound method.
        job.succeeded.connect(partial(EnhanceRun._on_succeeded, self))
        job.failed.connect(partial(EnhanceRun._on_failed, self))
        job.cancelled.connect(partial(EnhanceRun._on_cancelled, self))
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
        self._end(Outcome(" ".join(filter(None, sentences)), "good", self.action, (layer,)))
        for notice in made.result.notices:
            show_info(notice)

    def _describe_change(self) -> str:
        deleted = self.source.layer not in self.viewer.layers
        what = "was deleted" if deleted else "got another image"
        return f"'{self.source.shown_name}' {what} during the run; the result shows the former one."

    def _on_failed(self, error: Exception) -> None:
        self.session.outcome = Outcome(describe_failure(error), "bad", self.action)
        if isinstance(error, ZeroDCEError):  # any other error was raised by the job
            show_error(str(error))

    def _on_cancelled(self, finished: EnhanceResult | None) -> None:
        if finished is None:
            return  # the session tells it
        text = f"Cancelled; {finished.scope} are finished."
        self._end(Outcome(text, keep=partial(self.keep, finished)))

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
