"""The run folder: whole or not at all, one process at a time, and every refusal one sentence."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from napari_zerodce.errors import RequestError, TrainingError, ZeroDCEError
from napari_zerodce.training.config import RunConfig, TrainingConfig
from napari_zerodce.training.crops import Crops, CropSet
from napari_zerodce.training.run_folder import RunFolder

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")

CONFIG = RunConfig(training=TrainingConfig(crop=16))


def some_crops(count: int = 3) -> Crops:
    generator = np.random.default_rng(0)

    def crop_set(number: int) -> CropSet:
        values = generator.integers(0, 65536, (number, 3, 16, 16), np.uint16)
        return CropSet(values, generator.random(number, np.float32))

    return Crops(crop_set(count), crop_set(1))


PREVIEW = np.arange(3 * 4 * 5, dtype=np.uint16).reshape(3, 4, 5)


def create(path: Path, *, start: bytes | None = b"weights") -> RunFolder:
    folder = RunFolder(path)
    folder.create(CONFIG, some_crops(), PREVIEW, start=start)
    return folder


def one_sentence(err: ZeroDCEError) -> str:
    message = str(err)
    assert "\n" not in message
    assert message.endswith(".")
    return message


# ---- made once


def test_what_is_put_in_comes_out(tmp_path: Path) -> None:
    folder = create(tmp_path / "new" / "run")
    assert folder.is_run
    folder.check_run()
    assert folder.config() == CONFIG
    crops, preview = folder.crops()
    for name in ("training", "validation"):
        found, expected = getattr(crops, name), getattr(some_crops(), name)
        assert np.array_equal(found.values, expected.values)
        assert np.array_equal(found.background, expected.background)
    assert np.array_equal(preview, PREVIEW)
    assert folder.start.read_bytes() == b"weights"
    assert folder.history().steps == []
    assert not list(folder.path.rglob("*.part*"))


def test_from_scratch_there_is_no_start(tmp_path: Path) -> None:
    assert not create(tmp_path / "run", start=None).start.exists()


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert create(tmp_path).is_run


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(RequestError, match="is not empty") as caught:
        create(tmp_path)
    one_sentence(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]
    with pytest.raises(RequestError, match="is a file; choose another folder"):
        create(tmp_path / "precious.txt")


def test_a_folder_with_a_run_is_refused_with_a_hint(tmp_path: Path) -> None:
    create(tmp_path / "run")
    with pytest.raises(RequestError, match="already holds a run; resume it"):
        create(tmp_path / "run")


@pytest.mark.parametrize("place", ["file.txt/run", "x" * 300, "/proc/nowhere/run"])
def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "file.txt").touch()
    if place.startswith("/proc") and not Path("/proc").exists():
        pytest.skip("there is no /proc")
    with pytest.raises(TrainingError, match="cannot be written: ") as caught:
        create(tmp_path / place)
    one_sentence(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


LIMITED = """
import resource, sys
import numpy as np
from napari_zerodce.errors import TrainingError
from napari_zerodce.training.config import RunConfig, TrainingConfig
from napari_zerodce.training.crops import Crops, CropSet
from napari_zerodce.training.run_folder import RunFolder

crops = CropSet(np.zeros((64, 3, 16, 16), np.uint16), np.zeros(64, np.float32))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    RunFolder(sys.argv[1]).create(
        RunConfig(training=TrainingConfig()), Crops(crops, crops), crops.values[0], start=b"w"
    )
except TrainingError as err:
    print(err)
"""


@POSIX
@pytest.mark.parametrize("existed", [False, True])
def test_a_disk_without_room_is_one_sentence_and_nothing_is_left(
    tmp_path: Path, existed: bool
) -> None:
    run = tmp_path / "run"
    if existed:
        run.mkdir()
    process = subprocess.run(
        [sys.executable, "-c", LIMITED, str(run)],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.count("\n") == 1
    assert f"The run folder {run} cannot be written: File too large" in process.stdout
    assert list(tmp_path.rglob("*")) == ([run] if existed else [])


# ---- read


@pytest.mark.parametrize("name", ["nowhere", "empty", "file.txt", "x" * 300])
def test_what_is_no_run_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").touch()
    with pytest.raises(TrainingError, match="is not the folder of a run") as caught:
        RunFolder(tmp_path / name).check_run()
    one_sentence(caught.value)


def test_a_run_whose_making_was_killed_is_none(tmp_path: Path) -> None:
    """config.json comes last."""
    folder = create(tmp_path / "run")
    (folder.path / "config.json").unlink()
    assert not folder.is_run


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_damaged_crops_are_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    folder = create(tmp_path / "run")
    crops = folder.path / "crops.npz"
    crops.write_bytes(crops.read_bytes()[:3000] if content is None else content)
    with pytest.raises(TrainingError, match="cannot be read: the file is damaged") as caught:
        folder.crops()
    one_sentence(caught.value)
    del caught
    gc.collect()  # a file that was left open is told of here


def test_a_damaged_configuration_is_one_sentence(tmp_path: Path) -> None:
    folder = create(tmp_path / "run")
    (folder.path / "config.json").write_text("{")
    with pytest.raises(ZeroDCEError, match=r"config\.json has a mistake") as caught:
        folder.config()
    one_sentence(caught.value)


def test_a_copy_with_another_name_is_inside_the_folder(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    copy = folder.named(folder.checkpoint(7), "../../a/b")
    assert copy == tmp_path / "run" / "named" / "a-b step-000007.safetensors"
    assert folder.named(folder.best, "").name == "unnamed best.safetensors"


def test_the_places_of_a_step(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert folder.checkpoint(120) == tmp_path / "checkpoints" / "step-000120.safetensors"
    assert folder.preview(120) == tmp_path / "previews" / "step-000120.png"


# ---- who works on it

OWNER = """
import sys, time
from napari_zerodce.training.run_folder import RunFolder
with RunFolder(sys.argv[1]).occupied():
    print("in", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def owner(start_child) -> Callable[[Path], subprocess.Popen[str]]:
    """Starts a process that works on a folder until its input is closed."""

    def begin(folder: Path) -> subprocess.Popen[str]:
        process = start_child(
            [sys.executable, "-c", OWNER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout.readline() == "in\n"
        return process

    return begin


def files_of(folder: RunFolder) -> set[str]:
    return {path.name for path in folder.path.iterdir()}


def test_two_processes_at_once_are_refused(
    tmp_path: Path, owner: Callable[[Path], subprocess.Popen[str]]
) -> None:
    folder = create(tmp_path / "run")
    before = files_of(folder)
    assert not folder.is_alive
    process = owner(folder.path)
    assert folder.is_alive
    with pytest.raises(TrainingError, match="Another process already works on the run") as caught:  # noqa: SIM117
        with folder.occupied():
            pytest.fail("two at once")
    one_sentence(caught.value)
    assert folder.is_alive, "the other one's lock is not taken away"
    process.communicate(timeout=200)
    assert process.returncode == 0
    assert not folder.is_alive
    assert files_of(folder) == before


@POSIX
def test_the_lock_of_a_killed_process_is_no_hindrance(
    tmp_path: Path, owner: Callable[[Path], subprocess.Popen[str]]
) -> None:
    folder = create(tmp_path / "run")
    process = owner(folder.path)
    process.send_signal(signal.SIGKILL)
    process.wait(120)
    assert "running.json" in files_of(folder)
    assert not folder.is_alive
    with folder.occupied():
        assert folder.is_alive
    assert "running.json" not in files_of(folder)


@POSIX
def test_the_owner_can_be_killed(
    tmp_path: Path, owner: Callable[[Path], subprocess.Popen[str]]
) -> None:
    folder = create(tmp_path / "run")
    folder.kill_owner()  # there is none
    process = owner(folder.path)
    folder.kill_owner()
    assert process.wait(120) == -signal.SIGKILL
    assert not folder.is_alive


def lock(folder: RunFolder, **changes: object) -> Path:
    content = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": psutil.Process().create_time(),
        **changes,
    }
    path = folder.path / "running.json"
    path.write_text(json.dumps(content))
    return path


def test_a_number_used_again_by_another_process_is_not_the_owner(tmp_path: Path) -> None:
    folder = create(tmp_path / "run")
    lock(folder)
    assert folder.is_alive
    lock(folder, started=psutil.Process().create_time() - 1000)
    assert not folder.is_alive


def test_on_another_machine_the_last_sign_of_life_counts(tmp_path: Path) -> None:
    folder = create(tmp_path / "run")
    path = lock(folder, host="elsewhere", pid=1)
    assert folder.is_alive
    os.utime(path, (time.time() - 3600,) * 2)
    assert not folder.is_alive
    folder.beat()
    assert folder.is_alive
    path.unlink()
    folder.beat()
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_lock_that_makes_no_sense_is_none(tmp_path: Path, content: str) -> None:
    folder = create(tmp_path / "run")
    (folder.path / "running.json").write_text(content)
    assert not folder.is_alive


def test_the_lock_goes_also_if_the_work_fails(tmp_path: Path) -> None:
    folder = create(tmp_path / "run")
    with pytest.raises(KeyError), folder.occupied():
        raise KeyError
    assert not folder.is_alive


def test_a_wish_to_stop_holds_for_the_process_that_runs(tmp_path: Path) -> None:
    folder = create(tmp_path / "run")
    assert not folder.shall_stop
    with folder.occupied():
        folder.ask_to_stop()
        assert folder.shall_stop
    assert not folder.shall_stop
    assert "stop" not in files_of(folder)


def test_a_wish_from_before_the_process_began_is_ignored(tmp_path: Path) -> None:
    folder = create(tmp_path / "run")
    folder.ask_to_stop()
    os.utime(folder.path / "stop", (psutil.Process().create_time() - 60,) * 2)
    assert not folder.shall_stop
    folder.ask_to_stop()
    assert folder.shall_stop, "and then wished again"
