"""A training run as a child process: start it, follow its events, stop it, attach to it again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QObject, QTimer, Signal

from napari_zerodce.gui.widgets.single_shot import single_shot
from napari_zerodce.training.events import EventReader, History

if TYPE_CHECKING:
    from napari_zerodce.training.run_folder import RunFolder

_POLL_MS: Final = 250
_BYTES_AT_ONCE: Final = 2**17
"""Bytes of events that take the GUI thread about 10 ms; a run of an hour has megabytes."""

_SECONDS_TO_STOP: Final = 3.0
"""Enough for a step and a validation; after that, a second press of Stop ends the process."""


class TrainingProcess(QObject):
    """One training run, started by this napari, by another one, or from a terminal.

    The child process has its own process session, so that it survives napari. A child process is
    necessary because torch's optimizers can crash in a process with OpenGL.

    Parameters
    ----------
    folder : RunFolder
        The folder of the run.
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
        # With a long file, one bite after the other, so that the window stays responsive.
        self._going_on = single_shot(self, 0, self.look)
        self._running = False
        self._had_ended = False
        self._was_ended_here = False

    @property
    def is_running(self) -> bool:
        """Whether a process worked on the run at the last check."""
        return self._running

    @property
    def is_finished(self) -> bool:
        """Whether the run is complete, or cannot be continued because it diverged."""
        return self.history.ending in {"done", "diverged"}

    def start(self) -> None:
        """Start or continue the run."""
        # The ending that an earlier process reported is no longer valid.
        self.history = self.folder.history()
        self.history.ending, self.history.message = None, ""
        self._reader = EventReader(self.folder.events, at_once=_BYTES_AT_ONCE)
        self._reader.skip_to_end()
        with self.folder.log.open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603  a fixed command of this plugin
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
        """Follow a run; if it has ended already, `ended` is emitted after its last event."""
        self._had_ended = not self.folder.is_alive
        self._follow()
        self.look()

    def stop(self) -> None:
        """Ask the run to end after its current step; a second call after 3 s ends it at once."""
        if self.stopping_since is None:
            self.stopping_since = time.monotonic()
            self.folder.ask_to_stop()
        elif self.may_be_ended:
            self._was_ended_here = True
            self.kill()

    @property
    def may_be_ended(self) -> bool:
        """Whether the run had enough time to stop, so that the next `stop` may end its process."""
        since = self.stopping_since
        return since is not None and time.monotonic() - since > _SECONDS_TO_STOP

    def kill(self) -> None:
        """End the process; saved checkpoints stay."""
        if self._child is not None:
            self._child.kill()
        else:
            self.folder.kill_owner()

    def release(self) -> None:
        """Stop following; the process continues."""
        self._stop_looking()

    def look(self) -> None:
        """Read the events that are new since the last call."""
        alive = self._is_alive()  # before reading: the last events are then in the file
        for event in self._reader.new_events():
            self.history.take(event)
        if self._reader.is_behind:
            self._going_on.start()
            return
        if alive:
            self.advanced.emit()
            return
        self._running = False
        self._stop_looking()
        self.stopping_since = None
        if self.history.ending is None and not self._had_ended:
            self.history.ending, self.history.message = "failed", self._reason_of_end()
        self.advanced.emit()
        self.ended.emit()

    def _follow(self) -> None:
        self._running = True
        self.stopping_since = None
        self._timer.start()

    def _stop_looking(self) -> None:
        self._timer.stop()
        self._going_on.stop()

    def _is_alive(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return self.folder.is_alive

    def _reason_of_end(self) -> str:
        """Return why a process has ended that reported no reason."""
        if not self.folder.is_run:
            return (
                f"The run folder {self.folder.path} was deleted; the run cannot be continued. "
                "Start a new run."
            )
        said = _last_line(self.folder.log)
        if said:
            return said
        code = None if self._child is None else self._child.returncode
        how = "" if code is None else f" (exit code {code})"
        ended = "at once" if self._was_ended_here else f"from outside{how}"
        return (
            f"The training process was ended {ended}. Checkpoints up to about step "
            f"{self.history.step} are kept; press Resume to continue."
        )


_children: list[subprocess.Popen[bytes]] = []


def _remember(child: subprocess.Popen[bytes]) -> None:
    """Keep a child until it has ended, so that it is reaped even if its dock is closed."""
    _children[:] = [other for other in _children if other.poll() is None]
    _children.append(child)


def _last_line(log: Any) -> str:
    """Return the last error message in the log of a process, "" if there is none."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    marked = [line for line in text.splitlines() if line.startswith("napari-zerodce: ")]
    return str(marked[-1].removeprefix("napari-zerodce: ")) if marked else ""


def _detached() -> dict[str, Any]:
    """Return options of `Popen` with which a child survives napari and Ctrl-C in the terminal."""
    if os.name == "nt":
        flags = "CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW"
        return {"creationflags": sum(getattr(subprocess, flag) for flag in flags)}
    return {"start_new_session": True}
