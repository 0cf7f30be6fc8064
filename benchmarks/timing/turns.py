"""Medians of functions that take turns, so that a busy machine slows all of them down equally."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Contender = Callable[[], object]


def nothing_to_wait_for() -> None:
    """Do nothing: on a CPU, a function has ended when it returns."""


def medians(
    contenders: Mapping[str, Contender],
    rounds: int,
    *,
    wait: Callable[[], None] = nothing_to_wait_for,
    warm: int = 1,
) -> dict[str, float]:
    """Return the median seconds of each contender.

    Parameters
    ----------
    contenders : Mapping of str to callable
    rounds : int
        How often each is timed.
    wait : callable, optional
        Returns when the device has done all that it was asked for.
    warm : int
        How often each runs before.
    """
    for contender in contenders.values():
        for _ in range(warm):
            contender()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            wait()
            started = time.perf_counter()
            contender()
            wait()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}
