"""A run's folder: what is in it, written so that a kill at any moment leaves it whole."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np
import psutil
from numpy.typing import NDArray
from platformdirs import user_data_path

from napari_zerodce.errors import RequestError, TrainingError
from napari_zerodce.training.config import RunConfig, read_model
from napari_zerodce.training.crops import Crops, CropSet
from napari_zerodce.training.events import History, read_history
from napari_zerodce.whole_file import write_whole

RUNS_VARIABLE: Final = "NAPARI_ZERODCE_RUNS"

STATE_FILE: Final = "state.pt"

_CONFIG: Final = "config.json"
_CROPS: Final = "crops.npz"
_START: Final = "start.weights"
_LOCK: Final = "running.json"
_STOP: Final = "stop"
_SETS: Final = ("training", "validation")
_ROOM: Final = 2**25
"""Bytes for checkpoints, pictures and events."""

_CLOCK: Final = 2.0
"""Seconds. When a process began seems to change a little where the clock is set."""

_HEARTBEAT: Final = 60.0
"""Seconds. A process on another machine is taken for alive so long after its last sign of life."""

Preview = NDArray[np.uint16]


def runs_folder() -> Path:
    """Return the folder for new runs' folders, which may not exist yet.

    The environment variable ``NAPARI_ZERODCE_RUNS`` replaces the one in the user's data folder.
    """
    if chosen := os.environ.get(RUNS_VARIABLE):
        return Path(chosen).expanduser()
    return user_data_path("napari-zerodce", appauthor=False) / "runs"


class RunFolder:
    """One run's files.

    ======================================  ======================================================
    ``config.json``                         a `RunConfig`
    ``crops.npz``                           the sampled crops, and the preview crop
    ``start.weights``                       the checkpoint the run begins with, if any
    ``events.jsonl``                        what happened, one line each
    ``state.pt``                            weights and optimiser, to go on from
    ``checkpoints/step-000120.safetensors``  weights, with how they came to be
    ``best.safetensors``                    those with the lowest validation loss
    ``last.safetensors``                    those of the last step that was saved
    ``previews/step-000120.png``            what they make of the preview crop
    ``log.txt``                             what the process printed, if a dock started it
    ``running.json``, ``stop``              who works on it; the wish to stop
    ======================================  ======================================================

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()
        self.events = self.path / "events.jsonl"
        self.best = self.path / "best.safetensors"
        self.last = self.path / "last.safetensors"
        self.start = self.path / _START
        self.log = self.path / "log.txt"
        self.state = self.path / STATE_FILE
        self.original = self.path / "previews" / "original.png"

    def checkpoint(self, step: int) -> Path:
        """Return where the checkpoint of a step is."""
        return self.path / "checkpoints" / f"step-{step:06d}.safetensors"

    def preview(self, step: int) -> Path:
        """Return where the picture of a step is."""
        return self.path / "previews" / f"step-{step:06d}.png"

    # ---- made once

    def create(
        self, config: RunConfig, crops: Crops, preview: Preview, *, start: bytes | None
    ) -> None:
        """Make the folder of a run that has not begun; ``config.json`` comes last.

        Parameters
        ----------
        config : RunConfig
        crops : Crops
        preview : ndarray, shape (3 or 1, h, w), uint16
            The crop that is enhanced with each checkpoint.
        start : bytes, optional
            The checkpoint file to begin with.

        Raises
        ------
        RequestError
            If the folder holds something already.
        TrainingError
            If it cannot be written.
        """
        self.check_free()
        with written_or_told(self.path):
            existed = self.path.exists()
            try:
                self._fill(config, _packed(crops, preview), start)
            except BaseException:
                for part in self.path.iterdir() if existed else [self.path]:
                    shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
                raise

    def _fill(self, config: RunConfig, crops: bytes, start: bytes | None) -> None:
        (self.path / "checkpoints").mkdir(parents=True, exist_ok=True)
        self.original.parent.mkdir(exist_ok=True)
        free = shutil.disk_usage(self.path).free
        if free < len(crops) + _ROOM:
            raise OSError(
                errno.ENOSPC,
                f"{(len(crops) + _ROOM) >> 20} MiB are needed and {free >> 20} MiB free",
            )
        if start is not None:
            write_whole(self.start, start)
        write_whole(self.path / _CROPS, crops)
        self.write_config(config)

    def check_free(self) -> None:
        """Raise a `RequestError` unless the folder is empty or does not exist yet."""
        try:
            taken = self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir()))
        except OSError as err:
            raise TrainingError(_unwritable(self.path, err)) from err
        if taken and self.is_run:
            raise RequestError(
                f"{self.path} holds a run already; resume it, or choose another folder for a new "
                "run."
            )
        if taken:
            found = "holds something already" if self.path.is_dir() else "is a file"
            raise RequestError(f"{self.path} {found}; choose another folder for the run.")

    def write_config(self, config: RunConfig) -> None:
        """Write the configuration, whole or not at all."""
        write_whole(self.path / _CONFIG, config.model_dump_json(indent=2).encode() + b"\n")

    # ---- read

    @property
    def is_run(self) -> bool:
        """Whether there is a run in the folder."""
        try:
            return (self.path / _CONFIG).is_file() and (self.path / _CROPS).is_file()
        except OSError:  # a name that is too long, or a folder that may not be looked into
            return False

    def check_run(self) -> None:
        """Raise a `TrainingError` unless there is a run in the folder."""
        if not self.is_run:
            raise TrainingError(
                f"{self.path} is not the folder of a run: it has no config.json and crops.npz; "
                "choose one that was made by a fine-tuning."
            )

    def config(self) -> RunConfig:
        """Read the configuration. Raises RequestError."""
        return read_model(RunConfig, self.path / _CONFIG)

    def crops(self) -> tuple[Crops, Preview]:
        """Read the crops and the preview crop. Raises TrainingError."""
        try:
            path = self.path / _CROPS
            with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
                training, validation = (
                    CropSet(content[name], content[f"{name}_background"]) for name in _SETS
                )
                return Crops(training, validation), content["preview"]
        except Exception as err:
            raise TrainingError(
                f"The crops of the run {self.path} cannot be read: the file is damaged; start a "
                "new run."
            ) from err

    def history(self) -> History:
        """Return what the events tell."""
        return read_history(self.events)

    # ---- who works on it

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Be the one process that works on the run. Raises TrainingError if another one does."""
        if self.is_alive:
            raise self._taken()
        lock = self.path / _LOCK
        own = {"pid": os.getpid(), "host": socket.gethostname(), "started": _started(os.getpid())}
        with written_or_told(self.path):
            lock.unlink(missing_ok=True)  # of a process that is gone
            try:
                with lock.open("xb") as file:
                    file.write(json.dumps(own).encode())
            except FileExistsError as err:
                raise self._taken() from err
        try:
            yield
        finally:
            with suppress(OSError):
                lock.unlink()
            with suppress(OSError):
                (self.path / _STOP).unlink()

    def _taken(self) -> TrainingError:
        return TrainingError(
            f"{self.path} is being trained by another process; stop that one first."
        )

    @property
    def is_alive(self) -> bool:
        """Whether a process works on the run."""
        lock = self.path / _LOCK
        try:
            owner = json.loads(lock.read_bytes())
            if owner["host"] != socket.gethostname():
                return time.time() - lock.stat().st_mtime < _HEARTBEAT
            started = _started(owner["pid"])
            return started is not None and abs(owner["started"] - started) < _CLOCK
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def kill_owner(self) -> None:
        """End the process of this machine that works on the run, if there is one."""
        if self.is_alive:
            owner = json.loads((self.path / _LOCK).read_bytes())
            if owner["host"] == socket.gethostname():
                psutil.Process(owner["pid"]).kill()

    def beat(self) -> None:
        """Give a sign of life, for other machines."""
        lock = self.path / _LOCK
        if lock.exists():
            os.utime(lock)

    def ask_to_stop(self) -> None:
        """Wish that whoever works on the run ends it after its present step."""
        (self.path / _STOP).touch()

    @property
    def shall_stop(self) -> bool:
        """Whether somebody has wished so since this process began."""
        try:
            wished = (self.path / _STOP).stat().st_mtime
        except FileNotFoundError:
            return False
        return wished >= psutil.Process().create_time()


def _started(pid: int) -> float | None:
    """Return when a process began, None if there is none: numbers are used again."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


@contextmanager
def written_or_told(path: Path) -> Iterator[None]:
    """Let the system's refusals to write be a `TrainingError` with one sentence."""
    try:
        yield
    except OSError as err:
        raise TrainingError(_unwritable(path, err)) from err


def _unwritable(path: Path, err: OSError) -> str:
    reason = err.strerror or type(err).__name__
    if err.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        advice = "make room, or choose another folder. What was saved before is kept"
    else:
        advice = "choose another folder"
    return f"The run folder {path} cannot be written: {reason}; {advice}."


def _packed(crops: Crops, preview: Preview) -> bytes:
    buffer = io.BytesIO()
    np.savez(
        buffer,
        training=crops.training.values,
        training_background=crops.training.background,
        validation=crops.validation.values,
        validation_background=crops.validation.background,
        preview=preview,
    )
    return buffer.getvalue()
