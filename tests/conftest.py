"""Fixtures every test may use, and what keeps child processes in hand."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

StartChild = Callable[..., "subprocess.Popen[Any]"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real photos and published weights, which few machines have."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("NAPARI_ZERODCE_TEST_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"real photos and published weights are not on this machine ({folder})")
    return folder


@pytest.fixture(scope="session", autouse=True)
def children_hear_signals() -> Iterator[None]:
    """Start every child with the signals' default actions, also under nohup and cron.

    A child inherits a signal that its parent ignores, but not a handler: a handler that does
    nothing keeps this process as deaf as it was.
    """
    numbers = (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP"))
    ignored = [each for each in numbers if each and signal.getsignal(each) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def start_child() -> Iterator[StartChild]:
    """Starts a process as `subprocess.Popen` does; it ends with the test, and its children too."""
    started: list[subprocess.Popen[Any]] = []

    def start(words: list[str], **options: Any) -> subprocess.Popen[Any]:
        started.append(subprocess.Popen(words, start_new_session=True, **options))
        return started[-1]

    yield start
    for process in started:
        _end_group(process)


def _end_group(process: subprocess.Popen[Any]) -> None:
    """End a process that leads a group, and whoever is left in that group."""
    if os.name == "posix":
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait(60)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
