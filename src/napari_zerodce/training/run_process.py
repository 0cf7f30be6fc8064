"""What every process that works on a run does: one owner, events, an ending, and its speed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final, Protocol, TypeVar

import psutil
import torch

from napari_zerodce.device import Device
from napari_zerodce.errors import Cancelled, TrainingError, ZeroDCEError
from napari_zerodce.stopping import ShouldStop
from napari_zerodce.training.events import TOTAL, Ending, EventWriter
from napari_zerodce.training.loop import Diverged, StepReport
from napari_zerodce.training.owned_folder import written_or_told
from napari_zerodce.training.run_config import AnyRunConfig
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.tensorboard import TensorBoardLog

Told = Callable[[Mapping[str, Any]], None]
Write = Callable[..., None]
"""Writes an event: its kind, and facts by name."""

Trial = Callable[[Callable[[StepReport], None]], None]

_Config = TypeVar("_Config", bound=AnyRunConfig)

TRIAL_STEPS: Final = 6
"""Steps from whose time the number of steps follows that a number of minutes holds."""

_SPEED_SECONDS: Final = 5.0
_OVERHEAD: Final = 1.15
"""Time of a step with its share of validation and saving, divided by the time of the step alone."""


def untold(_event: Mapping[str, Any]) -> None:
    """Tell nobody."""


class Run(Protocol):
    """The work of one process on a run."""

    def go(self) -> tuple[Ending, str]:
        """Take all remaining steps; return how the run ended, and a sentence about it."""
        ...


def occupy_and_run(
    folder: RunFolder,
    begin: Callable[[RunFolder, Write, ShouldStop], Run],
    *,
    should_stop: ShouldStop,
    tell: Told,
) -> Ending:
    """Work on the run of a folder as its only process, and write how it ends.

    Parameters
    ----------
    folder : RunFolder
    begin : callable
        Returns the work on the run. It gets the folder, what writes an event, and what tells
        whether someone wants to stop.
    should_stop : callable
        Called before each step; returns whether the user stopped the run. A request to stop in the
        folder has the same effect.
    tell : callable
        Called with each event after it is written.

    Returns
    -------
    {"done", "stopped", "diverged"}

    Raises
    ------
    ZeroDCEError
        If the run cannot start or continue; the last event holds the same message.
    """
    folder.check_run()

    def asked() -> bool:
        return should_stop() or folder.shall_stop

    with folder.occupied(), written_or_told(folder.path), EventWriter(folder.events) as writer:

        def write(event: str, **facts: Any) -> None:
            writer.write(event, **facts)
            tell({"event": event, **facts})

        try:
            with written_or_told(folder.path):
                ending, message = begin(folder, write, asked).go()
        except Cancelled:
            ending, message = "stopped", "Stopped before the first step."
        except ZeroDCEError as err:
            with suppress(OSError):  # a full disk has no room for this event, either
                write("ended", ending="failed", message=str(err))
            raise
        write("ended", ending=ending, message=message)
        return ending


def check_whole(folder: RunFolder, expected: int, found: int, *, kept: Path) -> None:
    """Refuse a run with missing or changed files, which would silently start again or differ.

    Parameters
    ----------
    folder : RunFolder
    expected, found : int
        Side of the crops in the configuration, and of those in the file.
    kept : Path
        The weights that a run has after its first steps.

    Raises
    ------
    TrainingError
        If a file is missing, or the crops are others.
    """
    if found != expected:
        raise TrainingError(
            f"config.json of {folder.path} states crops of {expected} pixels, but the crops in "
            f"crops.npz have {found}; start a new run for other crops."
        )
    if not folder.state.exists() and kept.exists() and folder.history().step > 0:
        raise TrainingError(
            f"{folder.state} is missing, so the run cannot continue; start a new run from {kept}."
        )


def has_start(folder: RunFolder, config: AnyRunConfig) -> bool:
    """Return whether a run starts from the weights of a checkpoint.

    Parameters
    ----------
    folder : RunFolder
    config : AnyRunConfig

    Raises
    ------
    TrainingError
        If it should, and they are missing.
    """
    if folder.start.exists():
        return True
    if config.checkpoint is not None and not folder.state.exists():
        raise TrainingError(
            f"{folder.start} with the weights from which the run starts is missing; start a new "
            "run."
        )
    return False


class StepLog:
    """Writer of what a run tells about its steps: losses, speed and memory.

    Parameters
    ----------
    folder : RunFolder
    device : Device
    write : callable
        Writes an event.
    step : int
        Step from which the run continues.
    """

    def __init__(self, folder: RunFolder, device: Device, write: Write, *, step: int) -> None:
        self._device, self._write = device, write
        self._stepped: deque[float] = deque()
        self._board = TensorBoardLog(folder.path / "tensorboard", step=step)

    def begin(self, step: int, steps: int) -> None:
        """Tell that the run begins or continues after a step."""
        time_now = datetime.now(tz=UTC).isoformat(timespec="seconds")
        self._write("started", step=step, steps=steps, device=str(self._device), time=time_now)

    def add_step(self, step: int, losses: Mapping[str, float], total: float) -> None:
        """Tell the losses of a step, each times its weight."""
        now = time.monotonic()
        self._stepped.append(now)
        while now - self._stepped[0] > _SPEED_SECONDS and len(self._stepped) > 2:
            self._stepped.popleft()
        self._write(
            "step",
            step=step,
            losses=dict(losses),
            total=total,
            steps_per_second=round(self._speed(), 3),
            memory=round(_memory(self._device), 3),
        )
        self._board.write("training", step, {**losses, TOTAL: total})

    def add_validation(self, step: int, losses: Mapping[str, float], *, best: bool) -> None:
        """Tell the losses of images that are not in the training."""
        total = sum(losses.values())
        self._write("validation", step=step, losses=dict(losses), total=total, best=best)
        self._board.write("validation", step, {**losses, TOTAL: total})

    def close(self) -> None:
        """Write what is still in memory."""
        self._board.close()

    def _speed(self) -> float:
        if len(self._stepped) < 2:
            return 0.0
        return (len(self._stepped) - 1) / max(1e-6, self._stepped[-1] - self._stepped[0])


def with_steps(folder: RunFolder, config: _Config, trial: Trial, *, least: int) -> _Config:
    """Return a configuration whose minutes are a number of steps, and write it into the folder.

    Parameters
    ----------
    folder : RunFolder
    config : AnyRunConfig
        Returned as it is if it has no minutes.
    trial : callable
        Takes `TRIAL_STEPS` steps, and calls what it gets after each.
    least : int
        Smallest number of steps.
    """
    if config.minutes is None:
        return config
    steps = max(least, int(60 * config.minutes / _step_seconds(trial)))
    training = config.training.model_copy(update={"steps": steps})
    config = config.model_copy(update={"training": training, "minutes": None})
    folder.write_config(config)
    return config


def _step_seconds(trial: Trial) -> float:
    """Return the median seconds of a step, apart from the first, slow one.

    The fastest step would tell of a machine that has nothing else to do.
    """
    moments: list[float] = []
    with suppress(Diverged):  # the run itself raises the error later
        trial(lambda _: moments.append(time.perf_counter()))
    steps = [later - earlier for earlier, later in pairwise(moments)]
    return _OVERHEAD * (median(steps) if steps else 1.0)


def _memory(device: Device) -> float:
    """Return the memory in GiB that the run needs on its device."""
    if device.kind == "cuda":
        return torch.cuda.max_memory_allocated(device.name) / 2**30
    return float(psutil.Process().memory_info().rss) / 2**30
