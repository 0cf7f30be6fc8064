"""Runs that wait in their middle, so that it is there on a fast and on a slow machine."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import pytest

from napari_zerodce.engine import progress
from napari_zerodce.engine.progress import PlaneMeter


class HeldRuns:
    """Runs on a CPU wait before a plane until they are let go, or cancelled.

    The planes before it are finished, and their progress is told.
    """

    def __init__(self) -> None:
        self.before: float = math.inf
        """The number of the plane; at 0, forecasts and views wait, too."""

    def wait(self, meter: PlaneMeter) -> None:
        """Wait as long as one of the planes is not let in."""
        while max(meter._numbers) >= self.before:
            meter.check()
            time.sleep(0.002)

    def let_go(self) -> None:
        """Let all planes in."""
        self.before = math.inf


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldRuns]:
    """Holds runs before a plane that the test says; at the end of the test they go on."""
    runs, begin = HeldRuns(), PlaneMeter.begin

    def begin_later(meter: PlaneMeter, work: int) -> None:
        runs.wait(meter)
        begin(meter, work)

    monkeypatch.setattr(PlaneMeter, "begin", begin_later)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_REPORTS", 0.0)
    yield runs
    runs.let_go()
