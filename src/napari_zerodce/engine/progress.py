"""How far a run is and how long it will take, told not more often than an eye can follow."""

from __future__ import annotations

import time
from typing import Final

from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

TILE: Final = 20
"""Work of a tile that goes through the network or is enhanced."""

GLANCE: Final = 1
"""Work of a part of the image that is only made a thumbnail of."""

_SECONDS_BETWEEN_REPORTS = 0.05


class Meter:
    """Counts the planes of a run, reports progress and asks whether to stop.

    Progress never goes back, even where a plane is begun again with smaller tiles.

    Parameters
    ----------
    planes : int
        How many planes there are.
    report, should_stop : callable
        As in `enhance`.
    doing : str
        What is told of a single plane.
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
        """Start plane `number` (from 0), in which there is `work` to do: the sum of all visits."""
        self._plane, self._work, self._worked = number, work, 0
        raise_if_stopped(self._should_stop)

    def visit(self, work: int = TILE) -> None:
        """Note that a part of the plane's work is done.

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
