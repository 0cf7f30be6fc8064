"""The progress of a run and its remaining time, reported no more often than an eye can follow."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import Final

from napari_zerodce.engine.requests import Progress, Report, ignore
from napari_zerodce.imaging.sampling import OnRegion
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

TILE: Final = 20
"""Work for a tile that the network processes or that is enhanced."""

GLANCE: Final = 1
"""Work for a part of the image that only becomes a thumbnail."""

_SECONDS_BETWEEN_REPORTS = 0.2
"""Each report draws napari's window again: 50 ms if there is no driver of a graphics card."""

_SECONDS_OF_PACE = 20.0
"""Shorter, and the remaining time would jump; longer, and it would follow a change late."""

_SECONDS_BEFORE_READING_IS_TOLD = 0.2
"""Small images are read at once."""


def reading_reporter(report: Report, doing: str = "Finding the window") -> OnRegion:
    """Return a function that reports how much of an image is read before its run.

    The reports leave the bar at 0, because the run has not begun.

    Parameters
    ----------
    report : callable
    doing : str
        What it is read for.
    """
    started = time.perf_counter()
    last = started + _SECONDS_BEFORE_READING_IS_TOLD - _SECONDS_BETWEEN_REPORTS

    def told(done: int, total: int) -> None:
        nonlocal last
        now = time.perf_counter()
        if now - last < _SECONDS_BETWEEN_REPORTS:
            return
        last = now
        left = (now - started) / done * (total - done) if done else None
        report(Progress(0, 1, f"{doing}: {done} of {total} parts read", left))

    return told


class Meter:
    """Counts the work of a run, reports progress and stops the run if the user asked.

    Progress never decreases, even if a plane starts again with smaller tiles. Several threads may
    work on different planes, or on the same one.

    Parameters
    ----------
    planes : int
        Number of planes.
    report, should_stop : callable
        As in `enhance`.
    doing : str
        The message for a single plane.
    unit : str
        What is counted, if it is not planes.
    before : int
        How many of them an earlier run has done.
    """

    def __init__(
        self,
        planes: int,
        *,
        report: Report,
        should_stop: ShouldStop,
        doing: str = "Enhancing",
        unit: str = "Plane",
        before: int = 0,
    ) -> None:
        self._doing, self._unit, self._before = doing, unit, before
        self._planes = planes
        self._report = report
        self._should_stop = should_stop
        self._past = deque([(time.perf_counter(), 0.0)])  # the work that was done at times
        self._last = -_SECONDS_BETWEEN_REPORTS
        self._fractions: dict[int, float] = {}
        self._done, self._whole = 0.0, 0
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise `Cancelled` if the user asked to stop."""
        raise_if_stopped(self._should_stop)

    def plane(self, *numbers: int) -> PlaneMeter:
        """Return the counter for a plane, or for several that are processed as one.

        Parameters
        ----------
        *numbers : int
            Of the planes, from 0.
        """
        return PlaneMeter(self, *numbers)

    def aside(self) -> Meter:
        """Return a meter of work that does not count, and that the same user may stop."""
        return Meter(1, report=ignore, should_stop=self._should_stop)

    def finished(self, first: int = 0) -> int:
        """Return how many planes are finished, one after another, from the plane `first` on."""
        with self._lock:
            last = first
            while self._fractions.get(last, 0.0) >= 1:
                last += 1
            return last - first

    def advance(self, number: int, fraction: float) -> None:
        """Count a part of a plane as done, and report it.

        Parameters
        ----------
        number : int
            Of the plane.
        fraction : float
            The part of the plane that is done, in [0, 1].
        """
        with self._lock:
            before = self._fractions.get(number, 0.0)
            if fraction > before:
                self._fractions[number] = fraction
                self._done += fraction - before
                self._whole += fraction == 1
            if self._whole == self._planes:
                self._done = float(self._planes)  # without the rounding errors of the sum
            now = time.perf_counter()
            if now - self._last >= _SECONDS_BETWEEN_REPORTS or self._done >= self._planes:
                self._last = now
                self._report(self._progress(now))

    def _progress(self, now: float) -> Progress:
        number = max(1, math.ceil(round(self._done, 6)))
        before, total = self._before, self._before + self._planes
        message = f"{self._unit} {before + number} of {total}" if total > 1 else self._doing
        return Progress(before + self._done, total, message, self._seconds_left(now))

    def _seconds_left(self, now: float) -> float | None:
        """Return the remaining time at the pace of the last seconds: a machine may become busy."""
        while len(self._past) > 1 and now - self._past[1][0] > _SECONDS_OF_PACE:
            self._past.popleft()
        before, done_before = self._past[0]
        self._past.append((now, self._done))
        if self._done <= done_before:
            return None  # a plane starts again with smaller tiles
        return (now - before) / (self._done - done_before) * (self._planes - self._done)


class PlaneMeter:
    """Counts the work of one plane, or of several that are processed as one.

    Parameters
    ----------
    meter : Meter
        Of the run.
    *numbers : int
        Of the planes, from 0.
    """

    def __init__(self, meter: Meter, *numbers: int) -> None:
        self._meter, self._numbers = meter, numbers
        self._work, self._worked = 1, 0
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise `Cancelled` if the user asked to stop."""
        self._meter.check()

    def aside(self) -> PlaneMeter:
        """Return a counter of work that does not count, and that the same user may stop."""
        return self._meter.aside().plane(0)

    def begin(self, work: int) -> None:
        """Start the plane.

        Parameters
        ----------
        work : int
            Sum of the work of all visits.

        Raises
        ------
        Cancelled
            If the user asked to stop.
        """
        self._work, self._worked = work, 0
        self._meter.check()

    def visit(self, work: int = TILE) -> None:
        """Count a part of the plane's work as done.

        Raises
        ------
        Cancelled
            If the user asked to stop.
        """
        with self._lock:
            self._worked += work
            fraction = self._worked / self._work
        for number in self._numbers:
            self._meter.advance(number, fraction)
        self._meter.check()
