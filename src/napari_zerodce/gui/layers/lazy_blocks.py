"""Compute the blocks of lazy layers in the background when they are wanted; keep recent ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_zerodce.gui.session.jobs import Job
from napari_zerodce.gui.session.session import Session
from napari_zerodce.gui.widgets.single_shot import single_shot

if TYPE_CHECKING:
    from napari_zerodce.gui.session.jobs import Work

Block = tuple[np.ndarray[Any, Any], ...]
"""What one job computes: an array for each of the layers that share the blocks."""

_PATIENCE_MS = 60  # a slider that is dragged wants many blocks and shows only the last one


class LazyBlocks(QObject):
    """Gives the blocks that are known, and computes the others one after the other.

    A block may be a plane, a tile, or anything else that has a key. `want` may be called in any
    thread; everything else belongs to the GUI thread. A run of the session has priority.

    Parameters
    ----------
    session : Session
    title : str
        Describes the jobs in napari's list of running tasks.
    compute : callable
        Given a key, it returns the work that computes the block.
    most_bytes : int
        Memory for blocks. The block that was used longest ago is forgotten first; the newest one is
        always kept.
    urgency : callable, optional
        Sorts the keys of wanted blocks; equal ones are sorted by their readers, the newest first.
    held : bool
        Whether nothing is computed until `begin` is called.
    """

    arrived = Signal(object)  # the key of a block that is now known
    computing = Signal(object)  # the key of the block that a job computes, None if there is no job
    waiting = Signal(object)  # the key of a block that waits for a run of the session, or None
    failed = Signal(object)  # Exception
    _asked = Signal()  # in any thread

    def __init__(
        self,
        session: Session,
        *,
        title: str,
        compute: Callable[[Any], Work],
        most_bytes: int,
        urgency: Callable[[Any], Any] = lambda _: 0,
        held: bool = False,
    ) -> None:
        super().__init__()
        self._session, self._title = session, title
        self._compute, self._most_bytes, self._urgency = compute, most_bytes, urgency
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, Block] = OrderedDict()
        self._wishes: OrderedDict[Hashable, tuple[Hashable, ...]] = OrderedDict()
        self._failures: set[Hashable] = set()
        self._is_held, self._is_released = held, False
        self._job: Job | None = None
        self._key: Hashable = None
        self._waits: Hashable = None
        self._timer = single_shot(self, _PATIENCE_MS, self._look)
        self._asked.connect(self._on_asked)
        session.events.job.connect(self._on_session_job_changed)

    def begin(self) -> None:
        """Compute what is wanted from now on."""
        self._is_held = False
        self._timer.start()

    def release(self) -> None:
        """Compute nothing any more; known blocks stay. A second call does nothing."""
        if not self._is_released:
            self._is_released = True
            self._session.events.job.disconnect(self._on_session_job_changed)
            self._look()

    # ---- in any thread

    def want(self, reader: Hashable, keys: Sequence[Hashable]) -> list[Block | None]:
        """Return the known blocks, None for the others, which are computed soon.

        Parameters
        ----------
        reader : hashable
            Who wants the blocks. Blocks that it wanted before and does not want now are not
            computed.
        keys : sequence of hashable
            If not all of these blocks fit into the memory, only the first ones are computed.
        """
        with self._lock:
            if self._wishes.get(reader) != (wish := tuple(keys)):
                self._failures.difference_update(wish)  # they are tried again
            self._wishes[reader] = wish
            self._wishes.move_to_end(reader)
        self._asked.emit()
        return self.known(keys)

    def known(self, keys: Sequence[Hashable]) -> list[Block | None]:
        """Return the known blocks, None for the others."""
        with self._lock:
            for key in keys:
                if key in self._known:
                    self._known.move_to_end(key)
            return [self._known.get(key) for key in keys]

    def wish_of(self, reader: Hashable) -> tuple[Hashable, ...]:
        """Return the keys of the blocks that a reader wanted last."""
        with self._lock:
            return self._wishes.get(reader, ())

    def forget(self, reader: Hashable) -> None:
        """Compute nothing for a reader, until it wants something again."""
        with self._lock:
            self._wishes.pop(reader, None)
        self._asked.emit()

    # ---- known blocks

    def put(self, key: Hashable, block: Block) -> None:
        """Keep a block that is already computed."""
        with self._lock:
            self._known[key] = block
            self._known.move_to_end(key)
            while len(self._known) > 1 and _size(*self._known.values()) > self._most_bytes:
                self._known.popitem(last=False)

    def missing(self) -> list[Hashable]:
        """Return the keys of the blocks that are still to be computed, the most urgent first."""
        if self._is_held or self._is_released:
            return []
        with self._lock:
            # By the largest block: with less, blocks would push each other out, again and again.
            size = max(map(_size, self._known.values()), default=self._most_bytes)
            room = max(1, self._most_bytes // size)
            newest_first = [wish[:room] for wish in reversed(self._wishes.values())]
            keys = dict.fromkeys(key for wish in newest_first for key in wish)
            left = (key for key in keys if key not in self._known and key not in self._failures)
            return sorted(left, key=self._urgency)

    # ---- one job at a time

    def _on_asked(self) -> None:
        self._timer.start()

    def _on_session_job_changed(self, job: Job | None) -> None:
        self._timer.start()
        if job is not None and self._job is not None:  # leave the device to the run
            self._job.cancel()

    def _look(self) -> None:
        missing = self.missing()
        self._tell_waiting(missing[0] if missing and self._session.busy else None)
        if self._job is not None:
            if self._key not in missing:
                self._job.cancel()
        elif missing and not self._session.busy:
            self._start(missing[0])

    def _tell_waiting(self, key: Hashable) -> None:
        if key != self._waits:
            self._waits = key
            self.waiting.emit(key)

    def _start(self, key: Hashable) -> None:
        self._key = key
        self._job = Job(self._title, self._compute(key), quiet=True)
        self._job.succeeded.connect(self._on_job_succeeded)
        self._job.failed.connect(self._on_job_failed)
        self._job.finished.connect(self._on_job_finished)
        self._job.start()
        self.computing.emit(key)

    def _on_job_succeeded(self, block: Block) -> None:
        self.put(self._key, block)
        self.arrived.emit(self._key)

    def _on_job_failed(self, error: Exception) -> None:
        self._failures.add(self._key)  # so that it is not repeated endlessly
        self.failed.emit(error)

    def _on_job_finished(self) -> None:
        self._job = None
        self._look()
        if self._job is None:
            self.computing.emit(None)


def _size(*blocks: Block) -> int:
    return max(1, sum(array.nbytes for block in blocks for array in block))
