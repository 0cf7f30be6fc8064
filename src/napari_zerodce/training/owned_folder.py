"""A folder that one process at a time works in, and that others may ask to stop."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

from napari_zerodce.errors import TrainingError

_LOCK: Final = "running.json"
_STOP: Final = "stop"

_CLOCK: Final = 2.0
"""Seconds. The stated start of a process changes a little when the system adjusts its clock."""

_HEARTBEAT: Final = 60.0
"""Seconds. A process on another machine counts as alive for this time after its last heartbeat."""


class OwnedFolder:
    """A folder with the process that works in it.

    Parameters
    ----------
    path : str or Path
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Mark this process as the only one that works on the run, inside the ``with`` block.

        Raises
        ------
        TrainingError
            If another process works on the run, or the folder cannot be written.
        """
        if self.is_alive:
            raise self._taken()
        lock = self.path / _LOCK
        own = {"pid": os.getpid(), "host": socket.gethostname(), "started": _started(os.getpid())}
        with written_or_told(self.path):
            lock.unlink(missing_ok=True)  # of a process that no longer exists
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
            f"Another process already works on the run {self.path}; stop that process first."
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
        """Update the heartbeat, by which other machines know that the process is alive."""
        lock = self.path / _LOCK
        if lock.exists():
            os.utime(lock)

    def ask_to_stop(self) -> None:
        """Ask the process that works on the run to stop after its present step."""
        (self.path / _STOP).touch()

    @property
    def shall_stop(self) -> bool:
        """Whether someone has asked to stop since this process started."""
        try:
            asked = (self.path / _STOP).stat().st_mtime
        except FileNotFoundError:
            return False
        return asked >= psutil.Process().create_time()


def _started(pid: int) -> float | None:
    """Return the start time of a process, None if there is none; systems reuse process numbers."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


@contextmanager
def written_or_told(path: Path) -> Iterator[None]:
    """Turn an `OSError` into a `TrainingError` that says why the folder cannot be written."""
    try:
        yield
    except OSError as err:
        raise TrainingError(unwritable(path, err)) from err


def unwritable(path: Path, err: OSError) -> str:
    """Return a sentence that says why a folder cannot be written."""
    reason = err.strerror or type(err).__name__
    if err.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        advice = "free some space, or choose another folder. Earlier files are kept"
    else:
        advice = "choose another folder"
    return f"The run folder {path} cannot be written: {reason}; {advice}."
