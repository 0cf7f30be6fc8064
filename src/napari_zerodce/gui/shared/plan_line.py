"""Say above a dock's button what a run would do and cost, before the user starts it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from qtpy.QtCore import QObject

from napari_zerodce.engine.forecast import Forecast, kind_for_speed
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.gui.layers.wanted import Wanted
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.shared.run_panel import RunPanel
from napari_zerodce.gui.shared.speed_probe import SpeedProbe


class PlanLine(QObject):
    """Shows the plan of a dock, first without the speed, then with it.

    Parameters
    ----------
    session : Session
    panel : RunPanel
        Shows the plan; while a run is in progress, it stays as it is.
    read : callable
        Returns what the dock asks for; raises a ZeroDCEError if something is missing.
    notes : callable
        Returns sentences that follow the plan; empty ones are left out.
    parent : QObject
    """

    def __init__(
        self,
        session: Session,
        panel: RunPanel,
        *,
        read: Callable[[], Wanted],
        notes: Callable[[Wanted], Iterable[str]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._panel = session, panel
        self._read, self._notes = read, notes
        # The latest speed, or why there is none, and what it is for.
        self._known: tuple[Any, Forecast | Exception | None] = (None, None)
        self._probe = SpeedProbe(self)
        self._probe.known.connect(self._on_probe_ended)
        self._probe.failed.connect(self._on_probe_ended)
        session.events.job.connect(self._on_session_job_changed)

    def release(self) -> None:
        """Stop timing, because the dock closes."""
        self._session.events.job.disconnect(self._on_session_job_changed)
        self._probe.stop()

    def show(self) -> None:
        """Show the plan for what the dock asks for now, unless a run is in progress."""
        if self._session.busy:
            return
        try:
            wanted = self._read()
            self._describe(wanted)
        except ZeroDCEError as err:
            self._panel.show_plan(str(err))
            self._probe.stop()
        else:
            self._probe.ask(wanted.requests[0])
            self._probe.resume()

    def wait(self, text: str) -> None:
        """Show another text, and leave the device to other work, until `show` is called.

        Parameters
        ----------
        text : str
        """
        self._probe.pause()
        self._panel.show_plan(text)

    def _describe(self, wanted: Wanted) -> None:
        kind, known = self._known
        known = known if kind == kind_for_speed(wanted.requests[0]) else None
        if isinstance(known, Exception):
            self._panel.show_plan(str(known))
            return
        plan, *rest = filter(None, (*wanted.describe(known), *self._notes(wanted)))
        stop = "." if rest and not plan.endswith("…") else ""
        self._panel.show_plan(" ".join((f"{plan}{stop}", *rest)))

    def _on_probe_ended(self, known: Forecast | Exception) -> None:
        with suppress(ZeroDCEError):  # the plan says so already
            wanted = self._read()
            self._known = kind_for_speed(wanted.requests[0]), known
            self._describe(wanted)

    def _on_session_job_changed(self, job: Any) -> None:
        if job is not None:
            self._probe.pause()
        else:
            self._probe.resume()
            self.show()
