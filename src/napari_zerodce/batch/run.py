"""A batch from its first task to its last: submit, take what ends, try again what failed."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from napari_zerodce.batch.cluster import GPU
from napari_zerodce.batch.images import BatchImage
from napari_zerodce.batch.patience import Patience, Warn, warn_nobody
from napari_zerodce.batch.schedule import Ending, Schedule, Task
from napari_zerodce.batch.tasks import BatchSettings
from napari_zerodce.batch.worker import Outcome, do, stop
from napari_zerodce.counting import counted
from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

_POLL_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 2.0
_AHEAD: Final = 2
"""Tasks for each thread of a worker: one in work, one that waits."""


def run_batch(  # noqa: PLR0913  callbacks, each named when it is given
    client: Any,
    images: Sequence[BatchImage],
    settings: BatchSettings,
    *,
    tell: Callable[[Ending], None],
    report: Report,
    should_stop: ShouldStop,
    warn: Warn = warn_nobody,
) -> float:
    """Enhance all images of a batch.

    Parameters
    ----------
    client : distributed.Client
    images : sequence of BatchImage
    settings : BatchSettings
    tell : callable
        Called with the `Ending` of each image.
    report : callable
        Called with a `Progress`.
    should_stop : callable
    warn : callable, optional
        Called with a line for the user if all workers are gone.

    Returns
    -------
    float
        Seconds that all tasks took in their workers.

    Raises
    ------
    Cancelled
        If the user asked to stop; what is on disk is used by the next run.
    ZeroDCEError
        If the scheduler is lost.
    """
    run = _Run(client, Schedule(images, settings), report, warn)
    try:
        while run.submit():
            raise_if_stopped(should_stop)
            for ending in run.take():
                tell(ending)
            run.report()
    finally:
        run.leave()
    return run.seconds


class _Run:
    """The tasks that are with the workers."""

    def __init__(self, client: Any, schedule: Schedule, report: Report, warn: Warn) -> None:
        self._client, self._schedule, self._report = client, schedule, report
        self._patience = Patience(warn)
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._tasks: dict[Any, Task] = {}
        self._number = 0
        self.seconds = 0.0
        self._started = time.monotonic()
        self._looked = 0.0
        self._threads: dict[str, int] = {}
        self._resources: dict[str, float] | None = None

    def submit(self) -> bool:
        """Give tasks to the workers, and return whether any is left."""
        self._look()
        most = _AHEAD * max(1, sum(self._threads.values()))
        while len(self._tasks) < most and (task := self._schedule.next()):
            future = self._submit(task)
            self._tasks[future] = task
            future.add_done_callback(self._ended.put)
        return bool(self._tasks)

    def _look(self) -> None:
        """See which workers there are; they come and go."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        if self._client.status != "running":
            raise ZeroDCEError(
                "The scheduler is lost; start the same command again when it is back: what is "
                "done is kept."
            )
        with suppress(OSError, TimeoutError):
            self._threads = self._client.nthreads()
            self._patience.look(len(self._threads))
            self._resources = _gpu_of(self._client)

    def _submit(self, task: Task) -> Any:
        settings, self._number = self._schedule.settings, self._number + 1
        others = [where for where in self._threads if where != task.failed_on]
        return self._client.submit(
            do,
            task.function,
            settings,
            *task.arguments,
            facts=settings.facts,
            key=_key_of(task, f"{settings.batch}.{self._number}"),
            pure=False,
            workers=others if task.failed_on else None,
            allow_other_workers=bool(task.failed_on),
            resources=self._resources,
        )

    def take(self) -> list[Ending]:
        """Return the images that have ended by now."""
        endings = []
        with suppress(queue.Empty):
            futures = [self._ended.get(timeout=_POLL_SECONDS)]
            while not self._ended.empty():
                futures.append(self._ended.get_nowait())
            for future in futures:
                may_retry = len(self._threads) > 1
                task = self._tasks.pop(future)
                outcome = _outcome_of(future)
                self.seconds += outcome.seconds
                ending = self._schedule.take(task, outcome, may_retry=may_retry)
                endings += [ending] if ending else []
        return endings

    def report(self) -> None:
        """Report how far the batch is."""
        done, schedule = self._schedule.fraction, self._schedule
        elapsed = time.monotonic() - self._started
        left = elapsed * (1 - done) / done if done > 0 else None
        images = counted(schedule.planned, "image")
        workers = counted(len(self._threads), "worker")
        message = f"{schedule.ended} of {images}, {workers}"
        self._report(Progress(done, 1, message, left))

    def leave(self) -> None:
        """Stop what is still with the workers."""
        if not self._tasks:
            return
        with suppress(Exception):  # the workers may be gone
            self._client.cancel(list(self._tasks))
            self._client.run(stop, self._schedule.settings.batch, on_error="ignore")


def _key_of(task: Task, number: str) -> str:
    """Return the name of a task in the dashboard, which groups by what stands before a digit."""
    return f"{task.function.__name__.replace('_', '-')}-{number} {task.label}"


def _outcome_of(future: Any) -> Outcome:
    """Return the outcome of a task, also if its worker died or could not even begin it."""
    if future.cancelled():
        return Outcome(failure="The scheduler has lost it.")
    error = future.exception()
    if error is None:
        outcome: Outcome = future.result()
        return outcome
    if type(error).__name__ == "KilledWorker":
        return Outcome(
            failure="Several workers died while they worked on it, perhaps without memory; give "
            "them more, or use fewer processes on each machine."
        )
    return Outcome(failure=f"{type(error).__name__}: {error}")


def _gpu_of(client: Any) -> dict[str, float] | None:
    """Return the resource that a task needs: a GPU if workers say that they have one."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    has = any(GPU in worker.get("resources", {}) for worker in workers)
    return {GPU: 1} if has else None
