"""Ctrl-C ends a command within a second, whatever it is doing, and leaves nothing half-done."""

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
"""So long the work may take to stop by itself after a signal; a tile takes about 0.1 seconds."""

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_POLL_SECONDS = 0.05


def run_interruptibly(
    work: Callable[[ShouldStop], int],
    *,
    interrupted: Callable[[], str],
    clean_up: Callable[[], None],
    grace: float = GRACE_SECONDS,
) -> int:
    """Do work in a thread, and stop it when the user or the system asks to.

    A thread, because decoding or compressing a large image, and importing torch, are single calls
    of seconds during which Python delivers no signal to its own thread.

    Parameters
    ----------
    work : callable
        Gets a function that says whether to stop, and then raises `Cancelled`; returns an exit
        code.
    interrupted : callable
        Returns the line to print after an interruption.
    clean_up : callable
        Removes what the work leaves behind if it does not stop by itself in time.
    grace : float
        Seconds it has for that; a second signal ends them.

    Returns
    -------
    int
        That of `work`, or 128 and the signal's number: 130 after Ctrl-C.
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
    # Windows notices Ctrl-C only between waits: hence the short ones above.
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
        os._exit(exit_code)  # sys.exit would wait for whatever the thread is in
    return exit_code


@contextmanager
def _noticed_signals() -> Iterator[list[int]]:
    """Collect the signals that arrive, instead of dying of them."""
    arrived: list[int] = []

    def notice(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)

    before = {}
    for number in (getattr(signal, name, None) for name in _SIGNALS):
        # A signal that is ignored, as under nohup, stays so.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, notice)
    try:
        yield arrived
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
