"""One background job: a function runs in a worker thread, and signals report it to the GUI."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from napari.qt.threading import create_worker
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QObject, QThreadPool, QTimer, Signal
from superqt.utils import create_worker as create_quiet_worker

from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.errors import Cancelled, ZeroDCEError
from napari_zerodce.stopping import ShouldStop

Work = Callable[[Report, ShouldStop], Any]


@dataclass(frozen=True)
class _Ending:
    value: Any = None
    error: Exception | None = None
    cancelled: bool = False


class Job(QObject):
    """Runs a function that takes ``report`` and ``should_stop`` in a worker thread.

    The function is not a generator: a generator worker swallows RuntimeErrors, and torch raises
    them. The job emits exactly one of `succeeded`, `failed`, `cancelled` and `aborted`, then
    `finished`. `cancelled` and `aborted` carry what the function had finished until then, None if
    that is of no use. napari may abort the job because a window closes: if its own has closed, the
    job emits `finished` only.

    Parameters
    ----------
    title : str
        Describes the job in napari's question whether to close the window while it runs.
    work : callable
        Called as ``work(report, should_stop)``; `succeeded` carries its result.
    quiet : bool
        Whether napari may end the job without a question to the user.

    Attributes
    ----------
    progress : Progress or None
        What was reported last, for those who begin to follow the job later.
    is_awaited : callable
        Returns whether somebody still awaits the job's ending after napari has aborted it.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal(object)
    aborted = Signal(object)
    finished = Signal()

    # A job may outlive the dock that started it: its thread still emits its signals.
    _alive: ClassVar[set[Job]] = set()

    def __init__(self, title: str, work: Work, *, quiet: bool = False) -> None:
        super().__init__()
        self.title = title
        self._work = work
        self._quiet = quiet
        self._stop = threading.Event()
        self._worker: Any = None
        self._ending: _Ending | None = None
        self.progress: Progress | None = None
        self.is_awaited: Callable[[], bool] = lambda: False

    def start(self) -> None:
        """Start the worker thread."""
        Job._alive.add(self)
        create = create_quiet_worker if self._quiet else create_worker
        self._worker = create(_Titled(self.title, self._run), _start_thread=False)
        self._worker.finished.connect(self._on_worker_finished)
        self._worker.start()
        _stop_all_before_qt_goes()

    def cancel(self) -> None:
        """Ask the function to stop the next time it checks ``should_stop``."""
        self._stop.set()

    def _run(self) -> None:
        self._ending = self._worked()

    def _worked(self) -> _Ending:
        try:
            return _Ending(self._work(self._report, self._should_stop))
        except Cancelled as err:
            return _Ending(err.finished, cancelled=True)
        except Exception as err:  # noqa: BLE001 - the GUI thread shows or raises it
            return _Ending(error=err)

    def _report(self, progress: Progress) -> None:
        self.progress = progress
        self.progressed.emit(progress)

    def _should_stop(self) -> bool:
        return self._stop.is_set() or bool(self._worker.abort_requested)

    def _on_worker_finished(self) -> None:
        if not self._worker.abort_requested:
            self._end(tells=True)
        else:  # first, Qt deletes the window if it is the job's own that closes
            QTimer.singleShot(0, lambda: self._end(tells=self.is_awaited()))

    def _end(self, *, tells: bool) -> None:
        ending, self._ending = self._ending, None  # it may hold a large result
        if ending is not None and tells:
            self._tell(ending)
        self.finished.emit()
        Job._alive.discard(self)

    def _tell(self, ending: _Ending) -> None:
        if ending.cancelled:
            # A user who has cancelled knows why.
            aborted = self._worker.abort_requested and not self._stop.is_set()
            (self.aborted if aborted else self.cancelled).emit(ending.value)
        elif ending.error is None:
            self.succeeded.emit(ending.value)
        else:
            self.failed.emit(ending.error)
            if not isinstance(ending.error, ZeroDCEError):  # a bug keeps its traceback
                error = ending.error
                notification_manager.receive_error(type(error), error, error.__traceback__)


@cache
def _stop_all_before_qt_goes() -> None:
    """Register `_stop_all` once, so that no thread emits signals after Qt has deleted its objects.

    napari waits for its own workers when the application quits, but not in every way in which a
    script can end. Without this, the process aborts if the window closes while torch is imported.
    """
    atexit.register(_stop_all)  # called before PyQt's own: the last registered one runs first


def _stop_all() -> None:
    for job in list(Job._alive):
        job.cancel()
    pool = QThreadPool.globalInstance()
    if pool is not None:
        pool.waitForDone()


class _Titled:
    """A function whose name in napari's list of running tasks is a title."""

    def __init__(self, title: str, function: Callable[[], Any]) -> None:
        self._title = title
        self._function = function
        self.__name__ = title

    def __call__(self) -> Any:
        return self._function()

    def __repr__(self) -> str:
        return self._title
