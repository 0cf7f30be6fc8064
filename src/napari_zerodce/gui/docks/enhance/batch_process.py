"""A batch as a process of its own: its command, and its progress until it has ended."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import Progress, Report
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import Cancelled, ImageError
from napari_zerodce.setting import command_words
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.gui.session.jobs import Work

_POLL_SECONDS: Final = 0.1
_PROGRAM: Final = (sys.executable, "-m", "napari_zerodce", "batch")


@dataclass(frozen=True)
class Elsewhere:
    """Where a batch runs, and where its results go.

    Parameters
    ----------
    output : str
        A folder or a URL.
    scheduler : str
        The address of a scheduler, or "" for processes of this computer.
    workers : int
        Number of processes of this computer; 0 for as many as suit it.
    """

    output: str
    scheduler: str = ""
    workers: int = 0


def command_of(source: str, settings: EnhanceSettings, where: Elsewhere) -> list[str]:
    """Return the command that enhances a file.

    Parameters
    ----------
    source : str
        A file, an OME-Zarr or a URL.
    settings : EnhanceSettings
        With the window in numbers, if it was that of a layer.
    where : Elsewhere
    """
    words = [*_PROGRAM, source, "--output", where.output, "--json"]
    words += ["--scheduler", where.scheduler] if where.scheduler else []
    words += ["--workers", str(where.workers)] if where.workers and not where.scheduler else []
    return [*words, *command_words(settings), *command_words(settings.look, defaults=DEFAULT_LOOK)]


def running(command: Sequence[str]) -> Work:
    """Return the work that runs a batch of one image; its result is where the enhanced image is.

    Parameters
    ----------
    command : sequence of str
        As `command_of` gives it.
    """

    def work(report: Report, should_stop: ShouldStop) -> str:
        ended: dict[str, Any] = {}
        with _started(command) as child:
            for entry in _entries(child, should_stop):
                ended |= entry
                if "progress" in entry:
                    left = entry["seconds_left"]
                    report(Progress(entry["progress"], 1, entry["message"], left))
        if should_stop():
            raise Cancelled
        if "target" not in ended:
            raise ImageError(_reason(ended))
        target: str = ended["target"]
        return target

    return work


def _started(command: Sequence[str]) -> subprocess.Popen[str]:
    # In a group of its own: Ctrl-C in napari's terminal must not end the workers before it.
    group: Any = (
        {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        if os.name == "nt"
        else {"start_new_session": True}
    )
    return subprocess.Popen(  # noqa: S603  a fixed command of this plugin
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **group,
    )


def _entries(child: subprocess.Popen[str], should_stop: ShouldStop) -> Iterator[dict[str, Any]]:
    """Yield what a child writes until it has ended; stop it when the user asks."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(child, lines), daemon=True).start()
    asked = False
    while True:
        if should_stop() and not asked:
            asked = True
            child.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))
        with suppress(queue.Empty):
            line = lines.get(timeout=_POLL_SECONDS)
            if not line:
                return
            yield _entry_of(line)


def _entry_of(line: str) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = json.loads(line)
    except ValueError:  # the one line of an error
        return {"complaint": line.strip().removeprefix("napari-zerodce: ")}
    return entry


def _read(child: subprocess.Popen[str], lines: queue.SimpleQueue[str]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        lines.put(line)
    lines.put("")


def _reason(ended: dict[str, Any]) -> str:
    """Return why there is no result."""
    if reasons := ended.get("reasons"):
        return " ".join(reasons)
    unknown = "The batch ended without a result; start it in a terminal to see why."
    return str(ended.get("complaint", unknown))
