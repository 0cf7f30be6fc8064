"""The trainings of the study: several units at once, each resumable, done ones skipped."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from napari_zerodce.device import Device
from napari_zerodce.training.loop import Diverged, resume, save_state, train
from napari_zerodce.whole_file import write_whole
from smoothness.arms import Effort, Unit, config_for
from smoothness.pictures import WHOLE_SHARES, Photographs, unpack

SAVED_EACH = 200


def chosen_device(choice: str) -> str:
    """Return the name of a device in torch: with "auto", a GPU if there is one."""
    if choice != "auto":
        return choice
    return "cuda" if torch.cuda.is_available() else "cpu"


def weights_file(work: Path, unit: Unit) -> Path:
    """Return where the weights of a unit are, once it is trained."""
    return work / "weights" / f"{unit.name}.safetensors"


def diverged_file(work: Path, unit: Unit) -> Path:
    """Return the note that a training diverged; such a unit is done, too."""
    return work / "weights" / f"{unit.name}.diverged"


def is_trained(work: Path, unit: Unit) -> bool:
    """Return whether a unit needs no further training."""
    return weights_file(work, unit).exists() or diverged_file(work, unit).exists()


def train_unit(
    unit: Unit,
    effort: Effort,
    work: Path,
    photographs: Photographs,
    *,
    device: str,
    deadline: float,
) -> str:
    """Train until the end or until the deadline, and return a line about it."""
    config = config_for(unit, effort)
    folder = work / "states" / unit.name
    state = resume(config, folder, device=Device(device, ""))
    before, start = state.step, time.monotonic()
    try:
        while state.step < config.steps:
            train(state, photographs, until=state.step + SAVED_EACH)
            if state.step < config.steps:
                save_state(state, folder)
                if time.time() > deadline:
                    return f"{unit.name}: stopped after step {state.step}"
    except Diverged as err:
        _write(diverged_file(work, unit), str(err).encode())
        return f"{unit.name}: {err}"
    seconds = time.monotonic() - start
    taken = max(1, state.step - before)
    facts = {
        "config": config.model_dump_json(),
        "device": device,
        "milliseconds_per_step": json.dumps(round(1000 * seconds / taken, 1)),
    }
    tensors = {
        name: value.detach().cpu().contiguous()
        for name, value in state.network.state_dict().items()
    }
    _write(weights_file(work, unit), save(tensors, facts))
    shutil.rmtree(folder, ignore_errors=True)
    return f"{unit.name}: done, {1000 * seconds / taken:.0f} ms per step"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def train_all(
    chosen: Sequence[Unit],
    effort: Effort,
    work: Path,
    data: Path,
    *,
    how: dict[str, Any],
) -> None:
    """Train all units that are not trained yet, in processes of one thread each."""
    waiting = [unit for unit in chosen if not is_trained(work, unit)]
    print(f"{len(chosen) - len(waiting)} units are trained, {len(waiting)} to train", flush=True)
    tasks = [(unit, effort, work, how["device"], how["deadline"]) for unit in waiting]
    in_processes(_task, tasks, jobs=how["jobs"], data=data)


def in_processes(
    task: Callable[..., str], tasks: Sequence[tuple[Any, ...]], *, jobs: int, data: Path
) -> None:
    """Run tasks in spawned processes that hold the pictures, and print their lines.

    A task that fails does not stop the others: the next start tries it again.
    """
    if not tasks:
        return
    context = multiprocessing.get_context("spawn")
    start = time.monotonic()
    with ProcessPoolExecutor(
        min(jobs, len(tasks)), mp_context=context, initializer=_prepare, initargs=(data,)
    ) as pool:
        futures = [pool.submit(task, *arguments) for arguments in tasks]
        for number, future in enumerate(as_completed(futures), start=1):
            err = future.exception()
            line = future.result() if err is None else f"failed: {err!r}"
            print(f"{time.monotonic() - start:6.0f} s  {number}/{len(tasks)}  {line}", flush=True)
    if any(future.exception() for future in futures):
        raise SystemExit("Some units failed; the same command tries them again.")


_LOADED: dict[str, Any] = {}


def loaded() -> Any:
    """Return the pictures of this process."""
    return _LOADED["pictures"]


def _prepare(data: Path) -> None:
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False
    _LOADED["pictures"] = unpack(data)


def _task(unit: Unit, effort: Effort, work: Path, device: str, deadline: float) -> str:
    if time.time() > deadline:
        return f"{unit.name}: not started"
    photographs = Photographs(loaded().training, WHOLE_SHARES[unit.network])
    return train_unit(unit, effort, work, photographs, device=device, deadline=deadline)
