"""A fine-tuning as a child process: start it, follow its events, stop it, find it again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QObject, QTimer, Signal

from napari_zerodce.training.events import EventReader, History

if TYPE_CHECKING:
    from napari_zerodce.training.run_folder import RunFolder

_POLL_MS: Final = 250
_BYTES_AT_ONCE: Final = 2**17
"""Of events, about 10 milliseconds of the window's time; an hour's run has megabytes."""

_SECONDS_TO_STOP: Final = 3.0
"""A step and a validation; who presses Stop again after that means it."""


class TrainingProcess(QObject):
    """One run, whether this napari started it, another one, or a terminal.

    A child of its own session, so that it survives napari; torch's optimizers could not run in a
    process with OpenGL anyway.

    Parameters
    ----------
    folder : RunFolder
    """

    advanced = Signal()
    ended = Signal()

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self.folder = folder
        self.history = History()
        self.stopping_since: float | None = None
        self._reader = EventReader(folder.events, at_once=_BYTES_AT_ONCE)
        self._child: subprocess.Popen[bytes] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self.look)
        self._running = False
        self._is_of_the_past = False
        self._was_ended_here = False

    @property
    def is_running(self) -> bool:
        """Whether a process works on the run, as far as was seen last."""
        return self._running

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to do, or no point in going on."""
        return self.history.ending in {"done", "diverged"}

    def start(self) -> None:
        """Begin or continue the run."""
        # What an earlier process said of its end is not true any more.
        self.history = self.folder.history()
        self.history.ending, self.history.message = None, ""
        self._reader = EventReader(self.folder.events, at_once=_BYTES_AT_ONCE)
        self._reader.skip_to_end()
        with self.folder.log.open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603  our own command
                [sys.executable, "-m", "napari_zerodce", "finetune", "--resume",
                 str(self.folder.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                close_fds=True,
                **_detached(),
            )  # fmt: skip
        _remember(self._child)
        self._follow()

    def attach(self) -> None:
        """Follow a run that is going on or over; `ended` tells when all of the latter is read."""
        self._is_of_the_past = not self.folder.is_alive
        self._follow()
        self.look()

    def stop(self) -> None:
        """Let the run end after its present step; asked again after a while, at once."""
        if self.stopping_since is None:
            self.stopping_since = time.monotonic()
            self.folder.ask_to_stop()
        elif self.may_be_ended:
            self._was_ended_here = True
            self.kill()

    @property
    def may_be_ended(self) -> bool:
        """Whether it was asked to stop so long ago that it may be ended without being asked."""
        since = self.stopping_since
        return since is not None and time.monotonic() - since > _SECONDS_TO_STOP

    def kill(self) -> None:
        """End the process; what it has saved stays."""
        if self._child is not None:
            self._child.kill()
        else:
            self.folder.kill_owner()

    def release(self) -> None:
        """Follow no more; the process goes on."""
        self._timer.stop()

    def look(self) -> None:
        """See what has happened since the last time."""
        alive = self._is_alive()  # before the events: what it wrote last is then among them
        for event in self._reader.new_events():
            self.history.take(event)
        if self._reader.is_behind:
            QTimer.singleShot(0, self.look)  # the window lives in between
            return
        if alive:
            self.advanced.emit()
            return
        self._running = False
        self._timer.stop()
        self.stopping_since = None
        if self.history.ending is None and not self._is_of_the_past:
            self.history.ending, self.history.message = "failed", self._epitaph()
        self.advanced.emit()
        self.ended.emit()

    def _follow(self) -> None:
        self._running = True
        self.stopping_since = None
        self._timer.start()

    def _is_alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return self.folder.is_alive

    def _epitaph(self) -> str:
        """Say why a process has ended that said nothing itself."""
        if not self.folder.is_run:
            return f"The run's folder {self.folder.path} has gone, and the training with it."
        said = _last_line(self.folder.log)
        if said:
            return said
        code = None if self._child is None else self._child.returncode
        how = "" if code is None else f" (exit code {code})"
        saved = f"what was saved up to about step {self.history.step} is kept; Resume goes on"
        who = "at once" if self._was_ended_here else f"from outside{how}"
        return f"The training process was ended {who}: {saved}."


_children: list[subprocess.Popen[bytes]] = []


def _remember(child: subprocess.Popen[bytes]) -> None:
    """Keep a child until it has ended: it may outlive who started it, and is to be reaped."""
    _children[:] = [other for other in _children if other.poll() is None]
    _children.append(child)


def _last_line(log: Any) -> str:
    """Return the complaint that a process printed last."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    marked = [line for line in text.splitlines() if line.startswith("napari-zerodce: ")]
    return str(marked[-1].removeprefix("napari-zerodce: ")) if marked else ""


def _detached() -> dict[str, Any]:
    """Return what lets a child outlive napari and not hear the Ctrl-C of its terminal."""
    if os.name == "nt":
        flags = "CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW"
        return {"creationflags": sum(getattr(subprocess, flag) for flag in flags)}
    return {"start_new_session": True}
