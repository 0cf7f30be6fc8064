"""Images to enhance, and the command line run as a user runs it, or held in the middle."""

from __future__ import annotations

import os
import subprocess
import sys
import time
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


HELD = """
import os, sys, time
from pathlib import Path
from napari_zerodce.engine.progress import PlaneMeter

mark, tiles, folder, pattern, files = (os.environ["HELD_" + each] for each in (
    "MARK", "TILES", "FOLDER", "PATTERN", "FILES"))
done = []

def is_reached():
    if len(done) < int(tiles):
        return False
    return sum(path.is_file() for path in Path(folder).glob(pattern)) >= int(files)

def held(meter, *work, visit=PlaneMeter.visit):  # dask may run this twice in a process
    while is_reached():
        Path(mark).touch()
        meter.check()  # which raises an error as soon as the work shall stop
        time.sleep(0.01)
    visit(meter, *work)
    done.append(work)

PlaneMeter.visit = held
"""

HELD_AT_STEP = """
import sys, time
from napari_zerodce.training.run_process import StepLog

last, add_step = int(sys.argv.pop(1)), StepLog.add_step

def held(log, step, *facts, **more):
    add_step(log, step, *facts, **more)
    while step >= last:
        time.sleep(1)

StepLog.add_step = held
"""

COMMAND = """
from napari_zerodce.cli import main
sys.exit(main(sys.argv[1:]))
"""


class Held:
    """Where child processes wait until they are stopped, as on a very slow machine.

    A command that is interrupted in the middle must not depend on how long it takes: it waits after
    a tile, and no time ends that.

    Parameters
    ----------
    folder : Path
        For files of its own.
    """

    def __init__(self, folder: Path) -> None:
        self._mark = folder / "held.mark"
        self.script = folder / "held.py"
        self.script.write_text(HELD)

    def after(
        self, *, tiles: int = 0, folder: str | Path = ".", pattern: str = "*", files: int = 0
    ) -> dict[str, str]:
        """Return the environment that holds a process after tiles, and files in a folder."""
        facts = {"mark": self._mark, "tiles": tiles, "folder": folder, "pattern": pattern}
        names = {
            f"HELD_{name.upper()}": str(fact) for name, fact in (facts | {"files": files}).items()
        }
        self._mark.unlink(missing_ok=True)
        return dict(os.environ) | names

    def command(self, *words: str | Path) -> list[str]:
        """Return the command of a process that can be held."""
        return [sys.executable, "-c", HELD + COMMAND, *map(str, words)]

    def is_waiting(self) -> bool:
        """Return whether a process is held."""
        return self._mark.exists()


@pytest.fixture
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    return Held(tmp_path_factory.mktemp("held"))


def _wait_until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 200
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture(scope="session")
def command_to_step() -> Callable[..., list[str]]:
    """A command of a training that takes some steps and waits to be killed, however fast it is."""

    def command(step: int, *words: str | Path) -> list[str]:
        return [sys.executable, "-c", HELD_AT_STEP + COMMAND, str(step), *map(str, words)]

    return command


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Waits until a process has reached something; the process must not end before."""
    return _wait_until


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
