"""Whether all workers have the versions and the weights of this computer, asked before any work."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from napari_zerodce.batch.facts import Facts, difference, facts_here, versions_here
from napari_zerodce.batch.patience import Patience, Warn, warn_nobody
from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.errors import RequestError
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

_POLL_SECONDS: Final = 0.2


def check_workers(
    client: Any,
    facts: Facts,
    *,
    report: Report,
    should_stop: ShouldStop,
    warn: Warn = warn_nobody,
) -> None:
    """Wait for the first workers, and compare their facts with those of this process.

    Parameters
    ----------
    client : distributed.Client
    facts : Facts
        Of this process.
    report, should_stop : callable
    warn : callable, optional
        Called with a line for the user if no worker comes.

    Raises
    ------
    RequestError
        If a worker differs, or lacks the package or the weights.
    Cancelled
        If the user asked to stop.
    """
    patience = Patience(warn)
    while not client.nthreads():
        patience.look(0)
        report(Progress(0, 1, "Waiting for workers of the scheduler"))
        raise_if_stopped(should_stop)
        time.sleep(_POLL_SECONDS)
    report(Progress(0, 1, "Comparing the workers' versions"))
    for where, versions in client.run(versions_here, on_error="return").items():
        if isinstance(versions, OSError) and where not in client.nthreads():
            continue  # it is gone; a worker that comes later compares its facts itself
        if isinstance(versions, Exception):
            raise _missing(where, versions)
        _refuse_difference(facts, Facts(versions, facts.weights), where)
    for where, theirs in _facts_of_workers(client, facts, should_stop).items():
        _refuse_difference(facts, theirs, where)


def _facts_of_workers(client: Any, facts: Facts, should_stop: ShouldStop) -> Mapping[str, Facts]:
    """Return the facts of each worker that stays, which loads torch for it."""
    names = [name for name, _ in facts.weights]
    asked = {
        where: client.submit(facts_here, names, workers=[where], pure=False)
        for where in client.nthreads()
    }
    while not all(future.done() for future in asked.values()):
        raise_if_stopped(should_stop)
        time.sleep(_POLL_SECONDS)
        there = client.nthreads()
        asked = {
            where: future for where, future in asked.items() if where in there or future.done()
        }
    for where, future in asked.items():
        if future.exception() is not None:
            raise _missing(where, future.exception())
    return {where: future.result() for where, future in asked.items()}


def _refuse_difference(ours: Facts, theirs: Facts, where: str) -> None:
    if found := difference(ours, theirs, where=where):
        raise RequestError(found)


def _missing(where: str, err: BaseException) -> RequestError:
    lines = str(err).strip().splitlines() or [type(err).__name__]
    return RequestError(
        f"The worker {where} cannot take part: {lines[0].rstrip('.')}; install the same "
        "napari-zerodce there, and put the weights where it can read them."
    )
