"""Train the bundled checkpoints for fluorescence on images with free licences.

    python scripts/training_data.py --data DATA --output images.npz
    python scripts/train_fluorescence.py zero-dce-fluo --images images.npz --work runs/zero-dce-fluo

If --minutes or Ctrl-C stops it, the next start continues from the last saved step. The log and the
checkpoint are in the folder of the run. docs/training.md describes the results.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
import training_data
from fluorescence_batches import FrameBatches, Tone
from prefetch import prefetched

from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.networks import forget_subnormal_weights
from napari_zerodce.device import resolve_device
from napari_zerodce.training.config import LossWeights, TrainingConfig
from napari_zerodce.training.loop import StepReport, TrainingState, resume, save_state, train

FRAME_SOURCES = "BBBC038 nuclei (CC0); drawn cells, filaments and spots; simulated camera"
LOG = "log.csv"
STEPS_PER_SAVE = 100


@dataclass(frozen=True)
class Stage:
    """A part of a recipe; each starts with the last weights of the stage before.

    Attributes
    ----------
    config : TrainingConfig
    tone : Tone
        The brightness that the light in focus should reach.
    """

    config: TrainingConfig
    tone: Tone


_COMMON: dict[str, Any] = {
    "batch": 8,
    "crop": 128,
    "steps": 5000,
    "warm_up": 50,
    "gradient_clip": 0.5,
    "patch": 8,
    # With the published 1e-4, two fifths of the weights vanished and most features with them.
    "weight_decay": 0,
    "precision": "float32",
}
_DCE: dict[str, Any] = _COMMON | {"architecture": "zero-dce"}
_DCE_LATE: dict[str, Any] = _DCE | {"batch": 4, "learning_rate": 5e-4}
_PP: dict[str, Any] = _COMMON | {
    "architecture": "zero-dce-pp",
    "learning_rate": 3e-3,
    "scale_factor": 4,
}


def _frames(settings: dict[str, Any], top: float, **weights: float) -> Stage:
    balance = LossWeights(spatial=1, exposure=10, colour=0, **weights)
    return Stage(TrainingConfig(**settings, weights=balance), Tone(top, knee=0.012))


RECIPES: dict[str, tuple[Stage, ...]] = {
    "zero-dce-fluo": (
        _frames(_DCE, 0.72, smoothness=1, background=30),
        _frames(
            _DCE_LATE | {"steps": 300, "learning_rate": 7e-4}, 0.70, smoothness=25, background=120
        ),
        _frames(_DCE_LATE | {"steps": 240}, 0.68, smoothness=60, background=120),
    ),
    "zero-dce-pp-fluo": (
        _frames(_PP, 0.72, smoothness=16, background=20),
        _frames(
            _PP | {"steps": 400, "learning_rate": 1.5e-3},
            0.70,
            smoothness=16,
            background=100,
        ),
    ),
}
"""The stages that were run. Later ones were added after a look at frames outside the training."""


def run(
    stages: tuple[Stage, ...],
    images: Path,
    work: Path,
    *,
    device: str = "auto",
    processes: int = 0,
    deadline: float = float("inf"),
) -> TrainingState:
    """Train stage after stage until the last step or the deadline; save and log every 100 steps.

    Parameters
    ----------
    stages : tuple of Stage
    images : Path
        Packed training images.
    work : Path
        Folder of the run.
    device : str
        As for `napari-zerodce --device`.
    processes : int
        Processes that make the batches; 0 for this one.
    deadline : float
        Of `time.monotonic`.

    Returns
    -------
    TrainingState
        Of the last stage that was begun.
    """
    nuclei = training_data.load(images)
    states: list[TrainingState] = []
    for number, stage in enumerate(stages, start=1):
        folder = work / f"stage-{number}"
        weights = states[-1].network.state_dict() if states else None
        state = resume(stage.config, folder, device=resolve_device(device), weights=weights)
        states.append(state)
        source = FrameBatches(nuclei, stage.tone)
        with prefetched(source, stage.config, first=state.step, processes=processes) as batches:
            while state.step < stage.config.steps and time.monotonic() < deadline:
                reports: list[StepReport] = []
                train(state, batches, until=state.step + STEPS_PER_SAVE, report=reports.append)
                save_state(state, folder)
                _log(folder / LOG, reports)
        if state.step < stage.config.steps:
            break
    return states[-1]


def _log(path: Path, reports: list[StepReport]) -> None:
    names = sorted(reports[0].terms)
    means = [np.mean([report.terms[name] for report in reports]) for name in names]
    is_new = not path.exists()
    with path.open("a", encoding="utf-8") as file:
        if is_new:
            file.write(",".join(("step", *names)) + "\n")
        line = ",".join((str(reports[-1].step), *(f"{mean:.6f}" for mean in means)))
        file.write(line + "\n")
    print(line, flush=True)


def save(stages: tuple[Stage, ...], state: TrainingState, output: Path) -> None:
    """Write the weights, finished or not, as a checkpoint.

    Parameters
    ----------
    stages : tuple of Stage
    state : TrainingState
    output : Path
        The checkpoint, ending in .safetensors.
    """
    network = state.network.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    forget_subnormal_weights(network)
    last = stages[-1]
    facts = {
        "trained_by": "napari-zerodce",
        "script": "scripts/train_fluorescence.py",
        "images": FRAME_SOURCES,
        "image_list_sha256": sha256(training_data.LIST.read_bytes()).hexdigest(),
        "steps": " + ".join(str(stage.config.steps) for stage in stages),
        "seed": str(last.config.seed),
        "stages": json.dumps([stage.config.model_dump() for stage in stages]),
        "goals": "; ".join(str(stage.tone) for stage in stages),
        "device": state.device.name,
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "torch": torch.__version__,
    }
    save_checkpoint(output, network, licence="BSD-3-Clause", provenance=facts)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add: Callable[..., object] = parser.add_argument
    add("name", choices=sorted(RECIPES), help="the checkpoint")
    add("--images", type=Path, required=True, help="packed training images")
    add("--work", type=Path, required=True, help="folder of the run")
    add("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    add("--processes", type=int, default=0, help="processes that make batches (default: none)")
    add("--minutes", type=float, default=1e9, help="stop after this long")
    arguments = parser.parse_args()
    # Weights of features that the training gives up become subnormal: 40 times slower on CPUs.
    torch.set_flush_denormal(True)
    stages, work = RECIPES[arguments.name], arguments.work
    state = run(
        stages,
        arguments.images,
        work,
        device=arguments.device,
        processes=arguments.processes,
        deadline=time.monotonic() + 60 * arguments.minutes,
    )
    if state.config != stages[-1].config or state.step < state.config.steps:
        raise SystemExit("Stopped before the last step; the same command continues.")
    save(stages, state, work / f"{arguments.name}.safetensors")


if __name__ == "__main__":
    main()
