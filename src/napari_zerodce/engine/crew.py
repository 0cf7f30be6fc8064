"""The threads that work on tiles or planes side by side, each with one thread of torch.

Torch's own threads share each operation and wait for each other after it. While they wait, they
spin; on a busy machine the last one is late, and all others wait for it (benchmarks/busy.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from threading import Barrier
from typing import TypeVar

import torch

from napari_zerodce.device import Device

Item = TypeVar("Item")


class Crew:
    """Calls a function for many items, several at a time.

    Parameters
    ----------
    size : int
        Number of items at a time. If it is 1, the calling thread does all the work.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def each(self, work: Callable[[Item], None], items: Iterable[Item]) -> None:
        """Call a function for each item; after an error, begin no more items, and raise it.

        Parameters
        ----------
        work : callable
            Called in any thread, and never again after this method has returned. It must not call
            `each` of a crew of more than one.
        items : iterable
            Taken in the calling thread, few at a time: it may read what the next item needs.
        """
        if self.size == 1:
            for item in items:
                work(item)
            return
        pool = _pool(self.size)
        pending: set[Future[None]] = set()
        try:
            for item in items:
                if len(pending) > self.size:  # one waits, so that no thread is ever idle
                    _take_finished(pending)
                pending.add(pool.submit(work, item))
            while pending:
                _take_finished(pending)
        finally:
            _end(pending)


def _take_finished(pending: set[Future[None]]) -> None:
    """Wait until at least one has finished, take it out, and raise its error."""
    finished, _ = wait(pending, return_when=FIRST_COMPLETED)
    pending -= finished
    try:
        while finished:
            finished.pop().result()
    finally:
        # An error refers to this frame. If this frame referred to the error, both would stay until
        # the garbage is collected, and with them the tensors of the tile, which need the memory.
        finished.clear()


def _end(pending: set[Future[None]]) -> None:
    for future in pending:
        future.cancel()
    wait(pending)
    pending.clear()


ALONE = Crew(1)
"""The calling thread."""


def crew_for(device: Device) -> Crew:
    """Return the crew that suits a device: as many threads as torch would use on the CPU.

    A GPU is kept busy by one thread.

    Parameters
    ----------
    device : Device
    """
    return Crew(torch.get_num_threads()) if device.kind == "cpu" else ALONE


@cache
def _pool(size: int) -> ThreadPoolExecutor:
    return single_threads(size, "crew")


def single_threads(count: int, name: str) -> ThreadPoolExecutor:
    """Return threads in which torch uses no other threads.

    Parameters
    ----------
    count : int
    name : str
        Prefix of the names of the threads.
    """
    usual = torch.get_num_threads()
    all_there = Barrier(count)

    def begin(_: int) -> None:
        torch.get_num_threads()  # a thread keeps the number that it gets at its first call
        all_there.wait()

    threads = ThreadPoolExecutor(count, name, torch.set_num_threads, (1,))
    list(threads.map(begin, range(count)))
    # The setting also applies to all later threads: without this, later runs use one core.
    torch.set_num_threads(usual)
    return threads
