from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_zerodce.cli.interruption import GRACE_SECONDS, run_interruptibly
from napari_zerodce.errors import Cancelled, ImageError

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows sends Ctrl-C to whole groups of processes"
)

PROGRAM = """
import signal, sys, time
from pathlib import Path
from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.errors import Cancelled

def polite(should_stop):
    while not should_stop():
        time.sleep(0.01)
    raise Cancelled

def deaf(should_stop):
    time.sleep(100_000)  # the test waits for no such time

def finishes(should_stop):
    sys.stdin.readline()  # the signal has been sent
    return 0

def when_working(work):
    def run(should_stop):
        print("started", flush=True)
        return work(should_stop)
    return run

{before}
sys.exit(run_interruptibly(
    when_working({work}),
    interrupted=lambda: "two of three files done",
    clean_up=lambda: Path({evidence!r}).touch(),
    grace={grace},
))
"""


@pytest.fixture
def signalled(tmp_path: Path, start_child) -> Callable[..., tuple[int, str]]:
    """Exit code and stderr of work that only a signal ends."""

    def signalled(
        work: str, *signals: int, before: str = "", grace: float = GRACE_SECONDS
    ) -> tuple[int, str]:
        evidence = str(tmp_path / "cleaned")
        code = PROGRAM.format(work=work, evidence=evidence, before=before, grace=grace)
        process = start_child(
            [sys.executable, "-c", code], stdin=-1, stdout=-1, stderr=-1, text=True
        )
        assert process.stdout.readline() == "started\n"
        for number in signals:
            process.send_signal(number)
            time.sleep(0.01)  # signals of one kind that wait together count once
        _, errors = process.communicate(timeout=200)
        return process.returncode, errors

    return signalled


LINE = "napari-zerodce: two of three files done\n"


@pytest.mark.parametrize(
    ("name", "exit_code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)]
)
def test_work_stops_by_itself(tmp_path: Path, signalled, name: str, exit_code: int) -> None:
    code, errors = signalled("polite", getattr(signal, name), grace=200)
    assert (code, errors) == (exit_code, LINE)
    assert not (tmp_path / "cleaned").exists()


def test_work_that_hears_nothing_is_left_and_cleaned_up(tmp_path: Path, signalled) -> None:
    code, errors = signalled("deaf", signal.SIGINT)
    assert (code, errors) == (130, LINE)
    assert (tmp_path / "cleaned").exists()


def test_impatient_user_breaks_nothing(tmp_path: Path, signalled) -> None:
    code, errors = signalled("deaf", *[signal.SIGINT] * 5)
    assert (code, errors) == (130, LINE)
    assert (tmp_path / "cleaned").exists()


def test_ignored_signal_stays_ignored(signalled) -> None:
    # As under nohup, and for commands that a shell script puts into the background.
    before = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    code, errors = signalled("finishes", signal.SIGINT, before=before)
    assert (code, errors) == (0, "")


def test_results_errors_and_handlers_pass_through() -> None:
    def fail(_: object) -> int:
        raise ImageError("no")

    def cancel(_: object) -> int:
        raise Cancelled

    before = signal.getsignal(signal.SIGINT)
    nothing = {"interrupted": lambda: "", "clean_up": lambda: None}
    assert run_interruptibly(lambda _: 3, **nothing) == 3
    with pytest.raises(ImageError, match="no"):
        run_interruptibly(fail, **nothing)
    with pytest.raises(Cancelled):  # nobody asked for it: not to be taken for success
        run_interruptibly(cancel, **nothing)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def interrupt_when(start_child, wait_until) -> Callable[..., tuple[int, str, str]]:
    """Start a command, send Ctrl-C when `reached` says so; exit code, lines, errors."""

    def interrupt(reached, words: list[str], **options) -> tuple[int, str, str]:
        process = start_child(words, stdout=-1, stderr=-1, text=True, **options)
        wait_until(reached, process)
        process.send_signal(signal.SIGINT)
        lines, errors = process.communicate(timeout=200)
        return process.returncode, lines, errors

    return interrupt


def test_ctrl_c_while_tiles_are_enhanced(tmp_path: Path, held, interrupt_when) -> None:
    generator = np.random.default_rng(0)
    for name, side in (("a", 64), ("b", 500), ("c", 64)):
        np.save(tmp_path / f"{name}.npy", generator.integers(0, 80, (side, side, 3), np.uint8))
    out = tmp_path / "out"
    files = (tmp_path / f"{name}.npy" for name in "abc")
    words = held.command("enhance", *files, "--output", out, "--device", "cpu", "--tile", "64")
    in_b = held.after(tiles=20)  # a is one tile

    def waits_and_a_is_written() -> bool:
        return held.is_waiting() and (out / "a.npy").exists()

    code, lines, errors = interrupt_when(waits_and_a_is_written, words, env=in_b)
    assert code == 130
    assert lines.count("\n") == 1
    assert errors == "napari-zerodce: interrupted: 1 enhanced, 0 failed, 2 not done\n"
    assert [path.name for path in out.iterdir()] == ["a.npy"]


COMPRESSING = """
import sys
from pathlib import Path
from napari_zerodce.cli import main
from napari_zerodce.imaging.files.photos import png

compress = png.{encoder}

def without_end(image):
    if image.array.size < 100:  # a rehearsal
        return compress(image)
    Path({begun!r}).touch()
    while True:  # a large image on a slow machine
        compress(image)

png.{encoder} = without_end
sys.exit(main({words!r}))
"""


@pytest.mark.parametrize(
    ("dtype", "encoder"), [(np.uint8, "_encoded_shallow"), (np.uint16, "_encoded_deep")]
)
def test_ctrl_c_while_a_large_file_is_compressed(
    tmp_path: Path, interrupt_when, dtype: type, encoder: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 80, (800, 800, 3), dtype)
    source, out, begun = tmp_path / "noise.npy", tmp_path / "out", tmp_path / "begun"
    np.save(source, noise)
    words = ["enhance", str(source), "--output", str(out / "noise.png"), "--device", "cpu"]
    words += ["--checkpoint", "zero-dce-pp", "--scale-factor", "50"]
    code = COMPRESSING.format(encoder=encoder, begun=str(begun), words=words)
    exit_code, lines, errors = interrupt_when(begun.exists, [sys.executable, "-c", code])
    assert exit_code == 130
    assert not lines
    assert errors == "napari-zerodce: interrupted: 0 enhanced, 0 failed, 1 not done\n"
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("name", ["maps.npy", "maps.tif", "maps.zarr"])
def test_ctrl_c_while_maps_are_written(tmp_path: Path, held, interrupt_when, name: str) -> None:
    image = np.random.default_rng(0).integers(0, 80, (800, 800, 3), np.uint8)
    np.save(tmp_path / "a.npy", image)
    out = tmp_path / "out"
    words = ("maps", tmp_path / "a.npy", "--output", out / name, "--tile", "100", "--device", "cpu")
    files = ".napari-zerodce-*/*" + ("/0/c/**/*" if name.endswith(".zarr") else "")
    begun = held.after(folder=out, pattern=files, files=1)
    code, lines, errors = interrupt_when(held.is_waiting, held.command(*words), env=begun)
    assert code == 130
    assert not lines
    assert errors == f"napari-zerodce: interrupted: {out / name} was not written\n"
    assert list(out.iterdir()) == []
