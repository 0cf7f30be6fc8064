"""Which task comes next, and when an image is complete: decided without dask."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from napari_zerodce.batch.images import BatchImage
from napari_zerodce.batch.parts import Part
from napari_zerodce.batch.tasks import BatchSettings, Begun, Finished, begin, enhance_part, finish
from napari_zerodce.batch.worker import Outcome


@dataclass(frozen=True)
class Task:
    """A call of a function by a worker.

    Parameters
    ----------
    image : BatchImage
    function : callable
        One of `tasks`.
    arguments : tuple
        After the settings.
    label : str
        What it does with what, for the dashboard and for messages.
    part : Part
        The part of the image, if it is one.
    failed_on : str
        The address of the worker on which it failed before, or "".
    """

    image: BatchImage
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    label: str
    part: Part = ()
    failed_on: str = ""


@dataclass(frozen=True)
class Ending:
    """An image that needs no more tasks.

    Parameters
    ----------
    image : BatchImage
    finished : Finished, optional
        None if it failed.
    failures : tuple of str
        A sentence for each reason, without repetitions.
    """

    image: BatchImage
    finished: Finished | None = None
    failures: tuple[str, ...] = ()


@dataclass
class _Open:
    """An image whose parts are in work."""

    begun: Begun
    left: int
    seconds: float = 0.0
    failures: dict[str, None] = field(default_factory=dict)
    notices: dict[str, None] = field(default_factory=dict)

    @property
    def fraction(self) -> float:
        parts = len(self.begun.parts)
        return (parts - self.left) / (parts + 1)  # the last step counts as one


class Schedule:
    """The tasks of a batch. Parts of an image that has begun come before the next image.

    Parameters
    ----------
    images : sequence of BatchImage
    settings : BatchSettings
    """

    def __init__(self, images: Sequence[BatchImage], settings: BatchSettings) -> None:
        self.settings = settings
        self.planned = len(images)
        self.ended = 0
        self._open: dict[BatchImage, _Open] = {}
        self._waiting = deque(Task(image, begin, (image,), image.name) for image in images)

    @property
    def fraction(self) -> float:
        """The part of all images that is done, in [0, 1]."""
        return (self.ended + sum(each.fraction for each in self._open.values())) / self.planned

    def next(self) -> Task | None:
        """Return the next task, None if there is none at present."""
        return self._waiting.popleft() if self._waiting else None

    def take(self, task: Task, outcome: Outcome, *, may_retry: bool) -> Ending | None:
        """Note how a task ended, and return an image that has ended by it.

        Parameters
        ----------
        task : Task
        outcome : Outcome
        may_retry : bool
            Whether another worker can try it if it failed for the first time.
        """
        if outcome.failure and may_retry and not task.failed_on:
            self._waiting.appendleft(replace(task, failed_on=outcome.worker or "unknown"))
            return None
        if task.part:
            return self._take_part(task, outcome)
        opened = self._open.pop(task.image, None)
        if outcome.failure:
            return self._end(Ending(task.image, failures=(outcome.failure,)))
        if isinstance(outcome.value, Finished):
            told = (*(opened.notices if opened else ()), *outcome.value.notices)
            return self._end(Ending(task.image, replace(outcome.value, notices=told)))
        self._open_parts(outcome.value)
        return None

    def _open_parts(self, begun: Begun) -> None:
        self._open[begun.image] = _Open(begun, left=len(begun.parts))
        tasks = [self._task_of(begun, part) for part in begun.parts]
        self._waiting.extendleft(reversed(tasks))

    def _task_of(self, begun: Begun, part: Part) -> Task:
        label = f"{begun.image.name} [{part[0]}]"
        return Task(begun.image, enhance_part, (begun, part), label, part)

    def _take_part(self, task: Task, outcome: Outcome) -> Ending | None:
        opened = self._open[task.image]
        opened.left -= 1
        opened.seconds += outcome.seconds
        if outcome.failure:
            opened.failures[outcome.failure] = None
        opened.notices |= dict.fromkeys(outcome.value or ())
        if opened.left:
            return None
        if opened.failures:
            del self._open[task.image]
            return self._end(Ending(task.image, failures=tuple(opened.failures)))
        arguments = (opened.begun, opened.seconds)
        label = f"{task.image.name} (complete)"
        self._waiting.appendleft(Task(task.image, finish, arguments, label))
        return None

    def _end(self, ending: Ending) -> Ending:
        self.ended += 1
        return ending
