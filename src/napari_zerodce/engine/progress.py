"""How far a run is and how long it will take, told not more often than an eye can follow."""

from __future__ import annotations

import time

from napari_zerodce.engine.messages import Progress, Report, ShouldStop
from napari_zerodce.errors import Cancelled

_SECONDS_BETWEEN_REPORTS = 0.05


def raise_if_stopped(should_stop: ShouldStop) -> None:
    """Raise `Cancelled` if the user asked to stop."""
    if should_stop():
        raise Cancelled


class Meter:
    """Counts the planes of a run, reports progress and asks whether to stop.

    Parameters
    ----------
    planes : int
        How many planes there are.
    report, should_stop : callable
        As in `enhance`.
    """

    def __init__(self, planes: int, *, report: Report, should_stop: ShouldStop) -> None:
        self._planes = planes
        self._report = report
        self._should_stop = should_stop
        self._started = time.perf_counter()
        self._last = 0.0
        self._done = 0
        self._steps = 1
        self._step = 0

    def begin_plane(self, number: int, steps: int) -> None:
        """Start plane `number` (from 0), which takes `steps` visits."""
        self._done, self._steps, self._step = number, steps, 0
        self.check()

    def visit(self) -> None:
        """One more tile is done.

        Raises
        ------
        Cancelled
            If the user asked to stop.
        """
        self._step += 1
        now = time.perf_counter()
        done = self._done + min(1.0, self._step / self._steps)
        if now - self._last >= _SECONDS_BETWEEN_REPORTS or done >= self._planes:
            self._last = now
            self._report(Progress(done, self._planes, self._message(), self._left(now, done)))
        self.check()

    def check(self) -> None:
        """Raise `Cancelled` if the user asked to stop."""
        raise_if_stopped(self._should_stop)

    def _message(self) -> str:
        plane = f"Plane {self._done + 1} of {self._planes}" if self._planes > 1 else "Enhancing"
        return f"{plane}, tile {self._step} of {self._steps}" if self._steps > 1 else plane

    def _left(self, now: float, done: float) -> float | None:
        elapsed = now - self._started
        return elapsed / done * (self._planes - done) if done > 0 else None
