"""The progress of a run and its remaining time, reported no more often than an eye can follow."""

from __future__ import annotations

import time
from typing import Final

from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

TILE: Final = 20
"""Work for a tile that the network processes or that is enhanced."""

GLANCE: Final = 1
"""Work for a part of the image that only becomes a thumbnail."""

_SECONDS_BETWEEN_REPORTS = 0.05


class Meter:
    """Counts the work of a run, reports progress and stops the run if the user asked.

    Progress never decreases, even if a plane starts again with smaller tiles.

    Parameters
    ----------
    planes : int
        Number of planes.
    report, should_stop : callable
        As in `enhance`.
    doing : str
        The message for a single plane.
    """

    def __init__(
        self,
        planes: int,
        *,
        report: Report,
        should_stop: ShouldStop,
        doing: str = "Enhancing",
    ) -> None:
        self._doing = doing
        self._planes = planes
        self._report = report
        self._should_stop = should_stop
        self._started = time.perf_counter()
        self._last = -_SECONDS_BETWEEN_REPORTS
        self._furthest = 0.0
        self._plane, self._work, self._worked = 0, 1, 0

    def check(self) -> None:
        """Raise `Cancelled` if the user asked to stop."""
        raise_if_stopped(self._should_stop)

    def begin_plane(self, number: int, work: int) -> None:
        """Start a plane.

        Parameters
        ----------
        number : int
            Of the plane, from 0.
        work : int
            Sum of the work of all visits.

        Raises
        ------
        Cancelled
            If the user asked to stop.
        """
        self._plane, self._work, self._worked = number, work, 0
        raise_if_stopped(self._should_stop)

    def visit(self, work: int = TILE) -> None:
        """Count a part of the plane's work as done.

        Raises
        ------
        Cancelled
            If the user asked to stop.
        """
        self._worked += work
        self._furthest = max(self._furthest, self._plane + self._worked / self._work)
        now = time.perf_counter()
        if now - self._last >= _SECONDS_BETWEEN_REPORTS or self._furthest >= self._planes:
            self._last = now
            self._report(self._progress(now))
        raise_if_stopped(self._should_stop)

    def _progress(self, now: float) -> Progress:
        message = f"Plane {self._plane + 1} of {self._planes}" if self._planes > 1 else self._doing
        left = (now - self._started) / self._furthest * (self._planes - self._furthest)
        return Progress(self._furthest, self._planes, message, left)
