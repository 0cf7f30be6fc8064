"""What a worker process keeps between tasks, and how a task's end is told without an exception."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from napari_zerodce.batch.facts import Facts, difference, facts_here
from napari_zerodce.errors import Cancelled, ZeroDCEError
from napari_zerodce.thread_policy import wait_without_spinning

on_gpu: Final = threading.Lock()
"""Only one task of a process uses the GPU at a time; others read and write meanwhile."""

_stopped: Final[set[str]] = set()
_checked: Final[set[Facts]] = set()


@dataclass(frozen=True)
class Outcome:
    """How a task ended.

    Parameters
    ----------
    value : object
        What the task returned.
    failure : str
        A sentence for the user, or "".
    worker : str
        The address of the worker.
    seconds : float
        Time that the task took there.
    """

    value: Any = None
    failure: str = ""
    worker: str = ""
    seconds: float = 0.0


def do(function: Callable[..., Any], *arguments: Any, facts: Facts) -> Outcome:
    """Call a function in a worker, and return how that ended.

    An exception would not say which worker failed, and dask would try to send our own to clients.

    Parameters
    ----------
    function : callable
    *arguments : object
    facts : Facts
        Of the client: a worker that came later may differ.
    """
    from distributed import get_worker

    worker, started = get_worker().address, time.perf_counter()
    try:
        _check(facts, worker)
        value, failure = function(*arguments), ""
    except Cancelled:
        value, failure = None, "It was stopped."
    except ZeroDCEError as err:
        value, failure = None, str(err)
    except MemoryError:
        value, failure = None, "The image is too large for the worker's memory."
    except Exception:  # noqa: BLE001  a bug in one task must not stop the others
        words = "This is a bug in napari-zerodce; please report it:"
        value, failure = None, f"{words}\n{traceback.format_exc()}"
    return Outcome(value, failure, worker, time.perf_counter() - started)


def _check(facts: Facts, worker: str) -> None:
    if facts in _checked:
        return
    wait_without_spinning()
    found = difference(facts, facts_here(name for name, _ in facts.weights), where=worker)
    if found:
        raise ZeroDCEError(found)
    _checked.add(facts)


def stop(batch: str) -> None:
    """Make the tasks of a batch in this process stop.

    Parameters
    ----------
    batch : str
        The batch's name.
    """
    _stopped.add(batch)


def is_stopped(batch: str) -> bool:
    """Return whether the tasks of a batch should stop."""
    return batch in _stopped
