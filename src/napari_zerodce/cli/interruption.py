"""How Ctrl-C stops a command within a second, and without unfinished outputs."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from types import FrameType

from napari_zerodce.errors import Cancelled
from napari_zerodce.stopping import ShouldStop

GRACE_SECONDS = 0.4
"""How long the work may go on after a signal; a tile takes about 0.1 seconds."""

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_POLL_SECONDS = 0.05


def run_interruptibly(
    work: Callable[[ShouldStop], int],
    *,
    interrupted: Callable[[], str],
    clean_up: Callable[[], None],
    grace: float = GRACE_SECONDS,
) -> int:
    """Do work in a thread, and stop it after a signal.

    The main thread only waits, because Python delivers signals to it between calls only. To decode
    or compress a large image, or to import torch, is one call of several seconds.

    Parameters
    ----------
    work : callable
        Its argument is a function that returns whether to stop; the work then raises `Cancelled`.
        It returns an exit code.
    interrupted : callable
        Returns the line to print after an interruption.
    clean_up : callable
        Removes unfinished outputs if the work does not stop in time.
    grace : float
        Seconds that the work has to stop; a second signal ends them.

    Returns
    -------
    int
        The exit code of `work`, or 128 plus the signal's number: 130 after Ctrl-C.
    """
    with _noticed_signals() as signals:
        outcome = _start(work, lambda: bool(signals))
        while not signals and not outcome.done():
            _wait(outcome, _POLL_SECONDS)
        if not signals:
            return outcome.result()
        deadline = time.monotonic() + grace
        while not outcome.done() and len(signals) == 1 and time.monotonic() < deadline:
            _wait(outcome, _POLL_SECONDS)
        return _end(outcome, 128 + signals[0], interrupted=interrupted, clean_up=clean_up)


def _start(work: Callable[[ShouldStop], int], should_stop: ShouldStop) -> Future[int]:
    outcome: Future[int] = Future()

    def run() -> None:
        try:
            outcome.set_result(work(should_stop))
        except BaseException as err:  # noqa: BLE001  the waiting thread raises it
            outcome.set_exception(err)

    threading.Thread(target=run, name="napari-zerodce work", daemon=True).start()
    return outcome


def _wait(outcome: Future[int], seconds: float) -> None:
    # On Windows, Python handles Ctrl-C only between waits, so these are short.
    with suppress(TimeoutError):
        outcome.exception(seconds)


def _end(
    outcome: Future[int],
    exit_code: int,
    *,
    interrupted: Callable[[], str],
    clean_up: Callable[[], None],
) -> int:
    stopped = outcome.done()
    error = outcome.exception() if stopped else None
    if error and not isinstance(error, Cancelled):
        raise error
    sys.stderr.write(f"napari-zerodce: {interrupted()}\n")
    if not stopped:
        sys.stdout.flush()
        sys.stderr.flush()
        clean_up()
        os._exit(exit_code)  # sys.exit would wait for the thread's present call
    return exit_code


@contextmanager
def _noticed_signals() -> Iterator[list[int]]:
    """Collect the signals that arrive, instead of ending the process."""
    arrived: list[int] = []

    def notice(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)

    before = {}
    for number in (getattr(signal, name, None) for name in _SIGNALS):
        # A signal that is ignored, as under nohup, stays ignored.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, notice)
    try:
        yield arrived
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
