"""Images to enhance, and the command line run as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from napari_zerodce.cli import main

Photo = NDArray[np.uint8]
RunCommand = Callable[..., subprocess.CompletedProcess[str]]


def _photo(height: int = 40, width: int = 50, seed: int = 0) -> Photo:
    generator = np.random.default_rng(seed)
    gradient = np.linspace(5, 60, width)[None, :, None]
    return (gradient + generator.integers(0, 20, (height, width, 3))).astype(np.uint8)


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the user's own downloads; one thread is enough for small images."""
    folder = tmp_path / "weights cache"
    monkeypatch.setenv("NAPARI_ZERODCE_CACHE", str(folder))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    return folder


@pytest.fixture(autouse=True)
def a_busy_scheduler_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait long for schedulers of tests, here and in children."""
    monkeypatch.setattr("napari_zerodce.batch.cluster._SECONDS_TO_ANSWER", 200)
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "200s")


@pytest.fixture(scope="session")
def make_photo() -> Callable[..., Photo]:
    """Makes a noisy dark gradient, shape (height, width, 3), no sample above 80."""
    return _photo


@pytest.fixture(scope="session")
def load_photo() -> Callable[[Path], Photo]:
    def load(path: Path) -> Photo:
        with Image.open(path) as photo:
            return np.asarray(photo)

    return load


def _save(name: str, array: NDArray[np.generic], **details: object) -> Path:
    path = Path(name)
    if path.suffix == ".npy":
        np.save(path, array)
    elif path.suffix == ".tif":
        tifffile.imwrite(path, array, **details)
    else:
        Image.fromarray(array).save(path)
    return path


@pytest.fixture(scope="session")
def save() -> Callable[..., Path]:
    """Writes an array into an image file, told by the suffix."""
    return _save


@pytest.fixture
def dark(tmp_path: Path) -> Path:
    """A dark RGB photo in a PNG file."""
    path = tmp_path / "dark.png"
    Image.fromarray(_photo()).save(path)
    return path


@pytest.fixture(scope="session")
def command() -> Callable[..., list[str]]:
    def command(*words: str | Path) -> list[str]:
        return [sys.executable, "-m", "napari_zerodce", *map(str, words)]

    return command


@pytest.fixture
def run_command(command: Callable[..., list[str]], tmp_path: Path) -> RunCommand:
    """Runs a command in a process of its own, in the temporary folder, as a script would."""

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*words),
            capture_output=True,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            cwd=tmp_path,
            env=dict(os.environ),
            check=False,
            timeout=200,
        )

    return run


@pytest.fixture
def run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> RunCommand:
    """Runs a command in this process, which has torch already, and gives the same as a process."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        arguments = [*map(str, words)]
        capfd.readouterr()
        try:
            exit_code = main(arguments)
        except SystemExit as err:  # argparse
            exit_code = err.code
        return subprocess.CompletedProcess(arguments, exit_code, *capfd.readouterr())

    return run


@pytest.fixture
def run_on_terminal(start_child) -> Callable[..., tuple[int, str]]:
    """Runs a program on a pseudo-terminal; gives its exit code and all that appeared there."""

    def run(words: list[str], typed: str = "") -> tuple[int, str]:
        import fcntl
        import pty
        import struct
        import termios

        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        process = start_child(words, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        os.write(ours, typed.encode())
        screen = b""
        try:
            while piece := os.read(ours, 4096):
                screen += piece
        except OSError:
            pass  # Linux's way to say that the other end is closed
        os.close(ours)
        return process.wait(timeout=200), screen.decode()

    return run


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a scheduler with two workers that have loaded torch before."""
    from distributed import LocalCluster

    options = {"dashboard_address": ":0", "memory_limit": 0, "silence_logs": 50}
    with LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster:
        yield cluster.scheduler_address
