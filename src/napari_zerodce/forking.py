"""What a forked child process makes anew: it has none of its parent's threads, but their locks.

`multiprocessing` forks by default on Linux up to Python 3.13. A pool of threads that the child
takes over never begins any work, and a lock that another thread held stays locked for ever.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from weakref import WeakSet


class ForkSafeLock:
    """A lock for ``with``, which is free in a child process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        """Wait until no other thread has it."""
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        """Let other threads have it."""
        self._lock.release()

    def renew(self) -> None:
        """Make it free, whoever holds it."""
        self._lock = threading.Lock()


def call_in_forked_children(renew: Callable[[], object]) -> None:
    """Have a function called in each child process that is a fork of this one, before all else.

    Parameters
    ----------
    renew : callable
    """
    if hasattr(os, "register_at_fork"):  # Windows has no forks
        os.register_at_fork(after_in_child=renew)


_locks: WeakSet[ForkSafeLock] = WeakSet()


def _renew_locks() -> None:
    for lock in _locks:
        lock.renew()


call_in_forked_children(_renew_locks)
