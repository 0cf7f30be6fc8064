"""The threads that work on tiles or planes side by side, each with one thread of torch.

Torch's own threads share each operation and wait for each other after it. While they wait, they
spin; on a busy machine the last one is late, and all others wait for it (benchmarks/busy.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from threading import Barrier, Lock, local
from typing import Final, TypeVar

import torch

from napari_zerodce.device import Device

Item = TypeVar("Item")


class Crew:
    """Calls a function for many items, several at a time.

    Parameters
    ----------
    size : int
        Number of threads.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def each(self, work: Callable[[Item], None], items: Iterable[Item]) -> None:
        """Call a function for each item; after an error, begin no more items, and raise it.

        A thread of a crew that calls this method works alone: if it waited for other threads of a
        crew, all of them could wait for each other. A lazy plane may itself be a result.

        Parameters
        ----------
        work : callable
            Called in any thread, and never again after this method has returned.
        items : iterable
            Taken in the calling thread, few at a time: it may read what the next item needs.
        """
        if getattr(_here, "is_of_a_crew", False):
            ALONE.each(work, items)
            return
        pool = _pool(self.size)
        pending: set[Future[None]] = set()
        try:
            for item in items:
                if len(pending) > self.size:  # one waits, so that no thread is ever idle
                    _take_finished(pending)
                pending.add(pool.submit(_work_in_crew, work, item))
            while pending:
                _take_finished(pending)
        finally:
            _end(pending)


class _Alone(Crew):
    """The calling thread, with as many threads of torch as it has."""

    def __init__(self) -> None:
        super().__init__(1)

    def each(self, work: Callable[[Item], None], items: Iterable[Item]) -> None:
        """Call a function for each item, in order."""
        for item in items:
            work(item)


_here = local()


def _work_in_crew(work: Callable[[Item], None], item: Item) -> None:
    _here.is_of_a_crew = True  # for ever: it is a thread of a crew and nothing else
    work(item)


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


ALONE: Final = _Alone()
"""The calling thread, with as many threads of torch as it has."""


_changing_torch = Lock()
"""The number of torch's threads is that of the whole process, and is changed for a moment."""

_LEAST_WORK: Final = 700
"""Of smaller items, Python takes the most time, and only one thread at a time can run Python."""

_WORK_OF_CURVES: Final = 0.02
"""The work of applying curves to a pixel, if that of the network for a pixel is 1."""


def crew_for(device: Device) -> Crew:
    """Return the crew that suits a device: as many threads as torch would use on the CPU.

    A GPU is kept busy by one thread.

    Parameters
    ----------
    device : Device
    """
    with _changing_torch:
        size = torch.get_num_threads()
    return Crew(size) if device.kind == "cpu" and size > 1 else ALONE


def crew_for_items(crew: Crew, pixels: int, scale_factor: int) -> Crew:
    """Return the crew, or one thread if items are so small that more threads would be slower.

    The thread of a crew, not the calling one: there, torch would use more threads for an operation,
    and the last bits would be others.

    Parameters
    ----------
    crew : Crew
        Of the device.
    pixels : int
        Number of pixels of an item.
    scale_factor : int
        How many times smaller the thumbnail is that the network gets.
    """
    work = pixels * (1 / scale_factor**2 + _WORK_OF_CURVES)
    return Crew(1) if crew.size > 1 and work < _LEAST_WORK else crew


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
    with _changing_torch:
        return _single_threads(count, name)


def _single_threads(count: int, name: str) -> ThreadPoolExecutor:
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
