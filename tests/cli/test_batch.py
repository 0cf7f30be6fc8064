"""A batch on real processes gives what 'enhance' gives, whatever dies or fails on the way."""

from __future__ import annotations

import builtins
import gc
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

CPU = ("--device", "cpu", "--precision", "float32")
PARTS = ("--task-pixels", "3000")


@pytest.fixture(autouse=True)
def _no_client_is_left():
    """Collect the clients of a test: one that is collected while another starts locks both."""
    yield
    gc.collect()


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Nine dim planes that a batch with `PARTS` cuts into eighteen parts."""
    path = tmp_path / "in" / "stack.tif"
    path.parent.mkdir()
    dim = np.random.default_rng(1).gamma(2, 40, (9, 60, 80)).astype(np.uint16)
    tifffile.imwrite(path, dim, imagej=True, metadata={"axes": "ZYX"})
    return path


@pytest.fixture
def expected(stack, run_here, tmp_path) -> Callable[..., np.ndarray]:
    """What 'enhance' makes of the stack."""

    def expected(*words: str) -> np.ndarray:
        done = run_here("enhance", stack, "--output", "expected.tif", "--overwrite", *CPU, *words)
        assert done.returncode == 0, done.stderr
        return tifffile.imread(tmp_path / "expected.tif")

    return expected


ALL_THERE = """
import sys
from distributed import Client

with Client(sys.argv[1], timeout=200) as client:
    client.wait_for_workers(int(sys.argv[2]), timeout=200)
"""


@pytest.fixture
def start_cluster(
    start_child, wait_until, held, tmp_path
) -> Callable[..., tuple[str, list[subprocess.Popen]]]:
    """Starts a scheduler and workers as processes of their own; gives the address.

    With an environment of `held`, the first worker waits there.
    """

    def start(
        workers: int = 2, first: dict[str, str] | None = None
    ) -> tuple[str, list[subprocess.Popen]]:
        known, silent = tmp_path / "scheduler.json", {"stderr": subprocess.DEVNULL}
        module = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
        options = ["--port", "0", "--no-dashboard", "--host", "127.0.0.1"]
        scheduler = start_child([*module, *options, "--scheduler-file", str(known)], **silent)
        wait_until(lambda: known.exists() and known.read_text(), scheduler)
        address = json.loads(known.read_text())["address"]
        module = [sys.executable, "-m", "distributed.cli.dask_worker", address]
        options = ["--no-nanny", "--nthreads", "1", "--no-dashboard"]
        started = []
        for number in range(workers):
            waits = number == 0 and first is not None
            preload = ["--preload", str(held.script)] if waits else []
            environment = first if waits else None
            started.append(start_child([*module, *options, *preload], env=environment, **silent))
        if workers:
            # In a process of its own: a client that is collected while another starts locks both.
            words = [sys.executable, "-c", ALL_THERE, address, str(workers)]
            subprocess.run(words, check=True, timeout=250)
        return address, started

    return start


def test_files_are_done_and_those_that_fail_are_reported(
    stack, expected, run_here, cluster, tmp_path
) -> None:
    for name in ("b", "c"):
        tifffile.imwrite(stack.with_name(f"{name}.tif"), tifffile.imread(stack))
    stack.with_name("broken.tif").write_bytes(b"II*\0nothing")
    words = ("batch", "in", "--output", "out", "--scheduler", cluster, *CPU)
    done = run_here(*words)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "3 enhanced, 1 failed"
    assert done.stderr.startswith(f"failed: {tmp_path / 'in' / 'broken.tif'}: broken.tif cannot be")
    assert done.stderr.count("\n") == 1
    published = expected()
    for name in ("stack", "b", "c"):
        assert np.array_equal(tifffile.imread(tmp_path / "out" / f"{name}.tif"), published)
    (record,) = (tmp_path / "out").glob(".napari-zerodce/stack.tif.json")
    made = json.loads(record.read_text())["provenance"]
    assert (made["checkpoint"], made["device"]) == ("zero-dce-fluo", "cpu")
    assert made["look"]["detail_gain_limit"] == 2

    # What is valid stays; a damaged and a deleted one are done again, and all for another look.
    (tmp_path / "in" / "broken.tif").unlink()
    target = tmp_path / "out" / "stack.tif"
    target.write_bytes(target.read_bytes()[:-1000])
    (tmp_path / "out" / "b.tif").unlink()
    kept = (tmp_path / "out" / "c.tif").stat().st_mtime_ns
    done = run_here(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "2 enhanced, 1 done before, 0 failed"
    assert (tmp_path / "out" / "c.tif").stat().st_mtime_ns == kept
    assert np.array_equal(tifffile.imread(target), published)
    done = run_here(*words, "--strength", "0.5")
    assert done.stdout.splitlines()[-1] == "3 enhanced, 0 failed"
    assert np.array_equal(tifffile.imread(target), expected("--strength", "0.5"))


def test_files_of_a_series_share_what_enhance_finds_for_them(run_here, cluster, tmp_path) -> None:
    (tmp_path / "in").mkdir()
    for number, bright in enumerate((900, 2500)):
        frame = np.random.default_rng(number).normal(300, 4, (50, 60))
        frame[:12] += np.linspace(0, bright, 12 * 60).reshape(12, 60)
        tifffile.imwrite(tmp_path / "in" / f"{number}.tif", frame.astype(np.uint16))
    words = ("in", "--output", "whole", *CPU)
    assert run_here("enhance", *words).returncode == 0
    batch = ("batch", "in", "--output", "out", "--scheduler", cluster, *CPU)
    done = run_here(*batch)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("0.tif", "1.tif"):
        made, whole = (tifffile.imread(tmp_path / each / name) for each in ("out", "whole"))
        assert np.array_equal(made, whole)
    assert run_here(*batch).stdout.splitlines()[-1] == "0 enhanced, 2 done before, 0 failed"
    done = run_here(*batch, "--window-per-file", "--global-curve")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(set(re.findall(r"window (.+)\)", done.stdout))) == 2
    done = run_here(*batch, "--global-curve")
    assert done.stderr.startswith("note: In a batch, files of a series share their window")


def test_photos_in_a_folder_are_as_each_is_alone(run_here, cluster, tmp_path) -> None:
    (tmp_path / "in").mkdir()
    random = np.random.default_rng(0)
    cells = (
        random.normal(12, 1, (40, 50, 1)).clip(0, 255) + 100 * (np.arange(40) < 6)[:, None, None]
    )
    grey = np.repeat(cells, 3, axis=2).astype(np.uint8)
    for name, photo in {"a": grey, "b": random.integers(0, 60, grey.shape, np.uint8)}.items():
        tifffile.imwrite(tmp_path / "in" / f"{name}.tif", photo, photometric="rgb")
    words = ("--scheduler", cluster, *CPU)
    assert run_here("batch", "in", "--output", "out", *words).returncode == 0
    assert run_here("enhance", "in", "--output", "alone", "--window-per-file", *CPU).returncode == 0
    for name in ("a.tif", "b.tif"):
        made, alone = (tifffile.imread(tmp_path / each / name) for each in ("out", "alone"))
        assert np.array_equal(made, alone)


@pytest.mark.parametrize("checkpoint", ["zero-dce", "zero-dce-pp"])
def test_parts_of_one_image_are_those_of_the_whole(
    checkpoint, stack, expected, run_here, cluster, tmp_path
) -> None:
    chosen = ("--checkpoint", checkpoint)
    words = ("batch", stack, "--output", "out", "--scheduler", cluster, *CPU, *PARTS, *chosen)
    assert run_here(*words).returncode == 0
    assert np.array_equal(tifffile.imread(tmp_path / "out" / "stack.tif"), expected(*chosen))


@pytest.mark.parametrize("time", ["shared", "smoothed"])
def test_frames_share_what_they_do_in_the_whole_series(
    time, stack, run_here, cluster, tmp_path
) -> None:
    words = (*CPU, "--time", time, "--time-axis", "0")
    assert run_here("enhance", stack, "--output", "whole.tif", *words).returncode == 0
    batch = ("batch", stack, "--output", "out", "--scheduler", cluster)
    assert run_here(*batch, *PARTS, *words).returncode == 0
    result = tifffile.imread(tmp_path / "out" / "stack.tif")
    assert np.array_equal(result, tifffile.imread(tmp_path / "whole.tif"))


def test_one_curve_for_the_whole_image_is_that_of_all_parts(
    stack, expected, run_here, cluster, tmp_path
) -> None:
    words = ("batch", stack, "--output", "out", "--scheduler", cluster, *CPU, *PARTS)
    assert run_here(*words, "--global-curve").returncode == 0
    result = tifffile.imread(tmp_path / "out" / "stack.tif")
    assert np.array_equal(result, expected("--global-curve"))


def count_of_parts(folder: Path) -> int:
    return len(list(folder.rglob("*.npy")))


def test_a_killed_worker_loses_nothing(
    stack, expected, start_cluster, start_child, command, held, wait_until, tmp_path
) -> None:
    address, workers = start_cluster(first=held.after(tiles=0))
    words = ("batch", stack, "--output", tmp_path / "out", "--scheduler", address)
    batch = start_child(
        command(*words, *CPU, *PARTS),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    parts = tmp_path / "out" / ".napari-zerodce"
    wait_until(lambda: held.is_waiting() and count_of_parts(parts) >= 3, batch)
    os.kill(workers[0].pid, signal.SIGKILL)
    out, err = batch.communicate(timeout=200)
    assert (batch.returncode, err) == (0, "")
    assert out.splitlines()[-1] == "1 enhanced, 0 failed"
    assert workers[1].poll() is None
    result = tifffile.imread(tmp_path / "out" / "stack.tif")
    assert np.array_equal(result, expected())
    assert [path.name for path in parts.iterdir()] == ["stack.tif.json"]


def test_that_all_workers_are_gone_is_told_without_a_terminal(
    stack, start_cluster, start_child, command, tmp_path
) -> None:
    address, _ = start_cluster(workers=0)
    words = ("batch", stack, "--output", tmp_path / "out", "--scheduler", address, *CPU)
    batch = start_child(command(*words), stderr=subprocess.PIPE, text=True)
    assert batch.stderr.readline().startswith("waiting: the scheduler has no workers; start some")
    os.killpg(batch.pid, signal.SIGINT)
    assert batch.communicate(timeout=200)[1].startswith("napari-zerodce: interrupted: 0 enhanced")


def test_ctrl_c_leaves_parts_and_the_same_command_goes_on(
    stack, expected, start_child, command, run_command, held, wait_until, tmp_path
) -> None:
    words = ("batch", stack, "--output", tmp_path / "out", "--workers", "2", *CPU, *PARTS)
    parts = tmp_path / "out" / ".napari-zerodce"
    with_a_part = held.after(folder=parts, pattern="**/*.npy", files=1)
    with_a_part["DASK_DISTRIBUTED__WORKER__PRELOAD"] = json.dumps([str(held.script)])
    batch = start_child(command(*words), stderr=subprocess.PIPE, text=True, env=with_a_part)
    wait_until(held.is_waiting, batch)
    os.killpg(batch.pid, signal.SIGINT)  # as a terminal does: to the whole group
    _, err = batch.communicate(timeout=200)
    assert batch.returncode == 130
    assert err == (
        "napari-zerodce: interrupted: 0 enhanced, 0 failed, 1 not done; the same command goes on "
        "with what is missing\n"
    )
    done = {path: path.stat().st_mtime_ns for path in parts.rglob("*.npy")}
    assert done
    assert not (tmp_path / "out" / "stack.tif").exists()
    assert run_command(*words).returncode == 0
    assert np.array_equal(tifffile.imread(tmp_path / "out" / "stack.tif"), expected())


def test_a_scheduler_that_does_not_answer_is_told(stack, run_here, monkeypatch) -> None:
    monkeypatch.setattr("napari_zerodce.batch.cluster._SECONDS_TO_ANSWER", 1)
    address = "tcp://127.0.0.1:1"
    done = run_here("batch", stack, "--output", "out", "--scheduler", address)
    assert done.returncode == 2
    assert done.stderr == (
        f"napari-zerodce: The scheduler {address} does not answer within 1 s; check the address, "
        "or start one with 'dask scheduler'.\n"
    )


def test_an_address_must_be_one(stack, run_here) -> None:
    done = run_here("batch", stack, "--output", "out", "--scheduler", "my-scheduler")
    assert done.returncode == 2
    assert "'my-scheduler' is not that of a scheduler" in done.stderr


PRETEND = """
import sys
from distributed import Client

def pretend():
    import torch
    torch.__version__ = "1.2.3"
    from importlib import metadata
    from napari_zerodce.batch import facts
    real = metadata.version
    facts.version = lambda name: "1.2.3" if name == "torch" else real(name)

with Client(sys.argv[1], timeout=100) as client:
    client.wait_for_workers(1, timeout=100)
    client.run(pretend)
"""


def test_other_versions_are_named_before_any_work(stack, run_here, start_cluster, tmp_path) -> None:
    address, _ = start_cluster(workers=1)
    # In a process of its own: a client that is collected while another one starts can lock both.
    subprocess.run([sys.executable, "-c", PRETEND, address], check=True, timeout=250)
    done = run_here("batch", stack, "--output", "out", "--scheduler", address, *CPU)
    assert done.returncode == 2
    assert "differs from this computer: torch " in done.stderr
    assert " here and 1.2.3 there; install the same versions" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_foreign_file_is_not_replaced(stack, run_here, cluster, tmp_path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "stack.tif").write_bytes(b"mine")
    words = ("batch", stack, "--output", "out", "--scheduler", cluster, *CPU)
    done = run_here(*words)
    assert done.returncode == 1
    assert "exists already and is not the result of a batch; use --overwrite" in done.stderr
    assert (tmp_path / "out" / "stack.tif").read_bytes() == b"mine"
    assert run_here(*words, "--overwrite").returncode == 0


def test_an_image_that_took_the_place_of_a_result_is_not_replaced(
    stack, run_here, cluster, tmp_path
) -> None:
    words = ("batch", stack, "--output", "out", "--scheduler", cluster, *CPU)
    assert run_here(*words).returncode == 0
    target = tmp_path / "out" / "stack.tif"
    tifffile.imwrite(target, np.ones((7, 9), np.uint8))
    done = run_here(*words)
    assert "exists already and is not the result of a batch; use --overwrite" in done.stderr
    assert tifffile.imread(target).shape == (7, 9)
    assert run_here(*words, "--overwrite").returncode == 0
    assert tifffile.imread(target).shape == (9, 60, 80)


def test_without_distributed_a_sentence_says_how_to_install_it(
    stack, run_here, monkeypatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "distributed":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    done = run_here("batch", stack, "--output", "out")
    assert done.returncode == 2
    assert done.stderr == (
        "napari-zerodce: A batch needs the package 'distributed', which is not installed; install "
        "it with pip install 'napari-zerodce[batch]'.\n"
    )


@pytest.mark.parametrize("count", ["0", "many"])
def test_the_number_of_workers_is_one(count, stack, run_here) -> None:
    done = run_here("batch", stack, "--output", "out", "--workers", count)
    assert done.returncode == 2
    assert f"'{count}' is not a number; give 1 or more" in done.stderr
