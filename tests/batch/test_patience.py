"""A lack of workers is told once, after some seconds, and again after the next lack."""

from __future__ import annotations

import pytest

from napari_zerodce.batch import patience
from napari_zerodce.batch.patience import Patience


def test_a_lack_is_told_once_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    watch = Patience(told.append)
    now = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    counts = []
    for seconds, workers in ((0, 0), (4, 0), (5, 0), (9, 0), (10, 2), (11, 0), (15, 0), (16, 0)):
        now[0] = seconds
        watch.look(workers)
        counts.append(len(told))
    assert counts == [0, 0, 1, 1, 1, 1, 1, 2]
    assert told[0].startswith("waiting: the scheduler has no workers")
