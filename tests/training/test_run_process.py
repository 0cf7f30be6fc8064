"""Minutes become steps by the machine's own speed; a stop is heard from the folder too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from napari_zerodce.training import run_process
from napari_zerodce.training.loop import Diverged
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.run_process import occupy_and_run, untold, with_steps


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Makes a trial whose steps take these seconds, and then diverges."""

    def make(*seconds: float) -> Callable[..., None]:
        now = [100.0]
        monkeypatch.setattr(run_process.time, "perf_counter", lambda: now[0])

        def take(report: Callable[[Any], None]) -> None:
            for each in seconds:
                now[0] += each
                report(None)
            raise Diverged("at step 9")

        return take

    return make


@pytest.mark.parametrize(
    ("minutes", "seconds", "steps"),
    [
        (2, (9, 0.1, 0.1, 0.4, 0.1, 0.4), 1043),  # 120 / (0.1 * 1.15): neither the first nor a peak
        (20, (9, 0.1, 0.1, 0.4, 0.1, 0.4), 10_434),
        (1, (9, 2, 1), 34),  # 60 / (1.5 * 1.15)
        (0.1, (9, 2, 1), 20),  # the least
        (1, (5,), 52),  # only the first: a second is a guess
        (1, (), 52),
    ],
)
def test_steps_that_fit_into_minutes(make_run, trial, minutes, seconds, steps) -> None:
    folder = make_run(run={"minutes": minutes})
    config = with_steps(folder, folder.config(), trial(*seconds), least=20)
    assert (config.training.steps, config.minutes) == (steps, None)
    assert folder.config() == config


def test_a_number_of_steps_stays(make_run, trial) -> None:
    folder = make_run(steps=7)
    assert with_steps(folder, folder.config(), trial(), least=20) == folder.config()


@pytest.mark.parametrize("by_folder", [False, True])
def test_a_stop_is_heard(make_run, by_folder: bool) -> None:
    heard = []

    class Run:
        def __init__(self, folder: RunFolder, _write: Any, should_stop: Any) -> None:
            heard.append(should_stop())
            if by_folder:
                folder.ask_to_stop()
            heard.append(should_stop())

        def go(self) -> tuple[str, str]:
            return "stopped", ""

    asked = iter([False, not by_folder])
    occupy_and_run(make_run(), Run, should_stop=lambda: next(asked), tell=untold)
    assert heard == [False, True]
