"""The threads that work on tiles or planes side by side, each with one thread of its library.

Torch's own threads share each operation and wait for each other after it. While they wait, they
spin; on a busy machine the last one is late, and all others wait for it (benchmarks/busy.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from threading import Barrier, local
from typing import Final, TypeVar

from napari_zerodce.device import Backend, Device, import_torch
from napari_zerodce.forking import ForkSafeLock, call_in_forked_children
from napari_zerodce.hardware import usual_threads

Item = TypeVar("Item")


class Crew:
    """Calls a function for many items, several at a time.

    Parameters
    ----------
    size : int
        Number of threads.
    backend : {"onnxruntime", "torch"}
        Torch has to be told that each thread works alone.
    """

    def __init__(self, size: int, backend: Backend = "torch") -> None:
        self.size, self.backend = size, backend

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
        pool = _pool(self.size, self.backend)
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
    """The calling thread, with as many threads as its library takes."""

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
"""The calling thread: it has as many threads of torch as torch likes, and one of ONNX Runtime."""


_changing_torch = ForkSafeLock()
"""The number of torch's threads is that of the whole process, and is changed for a moment."""

_LEAST_WORK: Final = 700
"""Of smaller items, Python takes the most time, and only one thread at a time can run Python."""

_WORK_OF_CURVES: Final = 0.02
"""The work of applying curves to a pixel, if that of the network for a pixel is 1."""


FEW_THREADS: Final = 2
"""So few are slower than one where NumPy applies curves: after each of its short operations, a
thread waits for its turn in Python (1200x900, Zero-DCE++: 30 ms with one thread, 43 with two)."""

_THREADS_OF_GPU: Final = 3
"""One block is on its way there, one is computed, and one is on its way back."""


def crew_for(device: Device, backend: Backend) -> Crew:
    """Return the crew that suits a device: as many threads as torch would use on the CPU.

    Parameters
    ----------
    device : Device
    backend : {"onnxruntime", "torch"}
        The library that runs the network.
    """
    if device.kind == "cuda":
        return Crew(_THREADS_OF_GPU, backend)
    if device.kind != "cpu":
        return ALONE
    size = _threads_of_torch() if backend == "torch" else usual_threads()
    return Crew(size, backend) if size > 1 else ALONE


def _threads_of_torch() -> int:
    torch = import_torch()
    with _changing_torch:
        return int(torch.get_num_threads())


def crew_for_items(crew: Crew, pixels: int, scale_factor: int) -> Crew:
    """Return the crew, or one thread if items are so small that more threads would be slower.

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
    return crew if work >= _LEAST_WORK else one_thread(crew)


def crew_for_curves(crew: Crew) -> Crew:
    """Return the crew, or one thread if so few are slower, for tiles that get their curves only.

    Parameters
    ----------
    crew : Crew
        Of the device.
    """
    return crew if crew.size > FEW_THREADS else one_thread(crew)


def one_thread(crew: Crew) -> Crew:
    """Return who does the work of a crew in one thread.

    With torch it is the thread of a crew, not the calling one: there, torch would use more threads
    for an operation, and the last bits would be others.

    Parameters
    ----------
    crew : Crew
    """
    if crew.size == 1:
        return crew
    return Crew(1) if crew.backend == "torch" else ALONE


_making_pool = ForkSafeLock()
"""Without it, two first runs at once make two pools, and one is for nobody."""


def _pool(size: int, backend: Backend) -> ThreadPoolExecutor:
    with _making_pool:
        return _only_pool(size, backend)


@cache
def _only_pool(size: int, backend: Backend) -> ThreadPoolExecutor:
    if backend == "torch":
        return single_threads(size, "crew")
    return ThreadPoolExecutor(size, "crew")


call_in_forked_children(_only_pool.cache_clear)


def single_threads(count: int, name: str) -> ThreadPoolExecutor:
    """Return threads in which torch uses no other threads.

    Parameters
    ----------
    count : int
    name : str
        Prefix of the names of the threads.
    """
    torch = import_torch()
    all_there = Barrier(count)

    def begin(_: int) -> None:
        torch.get_num_threads()  # a thread keeps the number that it gets at its first call
        all_there.wait()

    with _changing_torch:
        usual = torch.get_num_threads()
        threads = ThreadPoolExecutor(count, name, torch.set_num_threads, (1,))
        list(threads.map(begin, range(count)))
        # The setting also applies to all later threads: without this, later runs use one core.
        torch.set_num_threads(usual)
    return threads
