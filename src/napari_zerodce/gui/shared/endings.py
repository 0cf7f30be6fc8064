"""How a run begins and ends: busy, in napari's activity dock, and with an outcome for the user."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error, show_info

from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.session.activity import OF_A_DOCK_MS, ActivityEntry
from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.outcome import Outcome
from napari_zerodce.gui.session.session import Session

if TYPE_CHECKING:
    import napari


def occupy(viewer: napari.Viewer, session: Session, job: Job) -> None:
    """Start a job as the run of a session, with an entry in napari's activity dock.

    Parameters
    ----------
    viewer : napari.Viewer
        If it is still open, it is told when napari aborts the job: the window of any viewer that
        closes may do that.
    session : Session
    job : Job
    """
    job.is_awaited = partial(_is_open, viewer)
    ActivityEntry(job, delay_ms=OF_A_DOCK_MS)
    try:
        session.occupy(job)  # first, so that panels miss none of its reports
    finally:
        job.start()  # also if a listener raised: a job that never ends would keep the session busy


def _is_open(viewer: napari.Viewer) -> bool:
    window = getattr(viewer, "window", None)  # a model of a viewer has no window
    try:
        return window is None or bool(window.geometry())
    except (AttributeError, RuntimeError):  # closed by a script, or by the user
        return False


def conclude(session: Session, outcome: Outcome) -> None:
    """Show an outcome in the panels, or in a notification if there are none on screen.

    Parameters
    ----------
    session : Session
    outcome : Outcome
    """
    session.outcome = outcome
    if not outcome.seen:
        show_info(outcome.text)


def conclude_failure(session: Session, action: str, error: Exception) -> None:
    """Show why a run failed, in the panels of an action and in a notification.

    A notification does not repeat what a plan has said.

    Parameters
    ----------
    session : Session
    action : str
    error : Exception
    """
    session.outcome = outcome = Outcome(describe_failure(error), "bad", action)
    if isinstance(error, ZeroDCEError) and not outcome.planned:  # the job has raised others
        show_error(str(error))


def describe_failure(error: Exception) -> str:
    """Return what a panel says about an error; only this package's own errors speak to users."""
    if isinstance(error, ZeroDCEError):
        return str(error)
    return "Unexpected error; napari's notification shows the details."
