"""Train the bundled checkpoints on images with free licences.

    python scripts/training_data.py --data DATA --output images.npz
    python scripts/train_bundled.py zero-dce-fluo --images images.npz --work runs/zero-dce-fluo

If --minutes or Ctrl-C stops it, the next start continues from the last saved step. The log and the
checkpoint are in the folder of the run. docs/training.md describes the results.
"""

from __future__ import annotations

import argparse
import datetime as dt
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
from photo_batches import PhotoBatches
from prefetch import prefetched

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.networks import forget_subnormal_weights
from napari_zerodce.device import resolve_device
from napari_zerodce.training.batches import BatchSource
from napari_zerodce.training.config import LossWeights, TrainingConfig
from napari_zerodce.training.loop import StepReport, TrainingState, resume, save_state, train
from napari_zerodce.training.run_folder import STATE_FILE

PHOTO_SOURCES = (
    "Poly Haven HDRIs (CC0); OpenEXR test images (BSD-3-Clause); Kodak photos (unrestricted use); "
    "scikit-image astronaut, coffee, chelsea, rocket (public domain or CC0)"
)
FRAME_SOURCES = "BBBC038 nuclei (CC0); drawn cells, filaments and spots; simulated camera"
PHOTO_GOALS = "one gamma for each photo, mean 0.55 (M / 0.55)^0.08 below M = 0.55"
LOG = "log.csv"
STEPS_PER_SAVE = 100

Batches = Callable[[training_data.TrainingData], BatchSource]


@dataclass(frozen=True)
class Recipe:
    """How one bundled checkpoint is trained.

    Attributes
    ----------
    config : TrainingConfig
    batches : callable
        Makes the source of batches from the training images.
    goals : str
        The brightness that training aims at, for the checkpoint's metadata.
    images : str
        The images and their licences, for the checkpoint's metadata.
    scale_factor : int
        Scale factor in use.
    """

    config: TrainingConfig
    batches: Batches
    goals: str
    images: str
    scale_factor: int = 1


def _fluorescence(tone: Tone) -> Batches:
    return lambda data: FrameBatches(data.nuclei, tone)


def _photos(whole_share: float) -> Batches:
    return lambda data: PhotoBatches(data.pictures, whole_share)


_COMMON: dict[str, Any] = {
    "batch": 8,
    "crop": 128,
    "steps": 5000,
    "warm_up": 50,
    "gradient_clip": 0.5,
    # With the published 1e-4, two fifths of the weights vanished and most features with them.
    "weight_decay": 0,
    "precision": "float32",
}
_SEPARABLE: dict[str, Any] = _COMMON | {"architecture": "zero-dce-pp", "learning_rate": 3e-3}
_FRAMES = LossWeights(spatial=1, exposure=10, colour=0, background=20)
_PHOTOS = LossWeights(spatial=0, exposure=10, colour=2)
_TONE = Tone(top=0.72, knee=0.012)


def _smooth(weights: LossWeights, smoothness: float) -> LossWeights:
    return weights.model_copy(update={"smoothness": smoothness})


RECIPES: dict[str, Recipe] = {
    "zero-dce": Recipe(
        TrainingConfig(
            **_COMMON | {"architecture": "zero-dce", "patch": 8}, weights=_smooth(_PHOTOS, 100)
        ),
        _photos(0.2),
        PHOTO_GOALS,
        PHOTO_SOURCES,
    ),
    "zero-dce-pp": Recipe(
        TrainingConfig(
            **_SEPARABLE | {"crop": 64, "batch": 16, "patch": 4}, weights=_smooth(_PHOTOS, 400)
        ),
        _photos(0.6),
        PHOTO_GOALS,
        PHOTO_SOURCES,
        scale_factor=12,
    ),
    "zero-dce-fluo": Recipe(
        TrainingConfig(
            **_COMMON | {"architecture": "zero-dce", "patch": 8}, weights=_smooth(_FRAMES, 4)
        ),
        _fluorescence(_TONE),
        str(_TONE),
        FRAME_SOURCES,
    ),
    "zero-dce-pp-fluo": Recipe(
        TrainingConfig(
            **_SEPARABLE | {"scale_factor": 4, "patch": 8}, weights=_smooth(_FRAMES, 16)
        ),
        _fluorescence(_TONE),
        str(_TONE),
        FRAME_SOURCES,
        scale_factor=4,
    ),
}


def run(  # noqa: PLR0913  each is one choice of the command line
    recipe: Recipe,
    images: Path,
    work: Path,
    *,
    device: str = "auto",
    start_from: str | None = None,
    processes: int = 0,
    deadline: float = float("inf"),
) -> TrainingState:
    """Train until the last step or the deadline; save and log every 100 steps.

    Parameters
    ----------
    recipe : Recipe
    images : Path
        Packed training images.
    work : Path
        Folder of the run.
    device : str
        As for `napari-zerodce --device`.
    start_from : str, optional
        A checkpoint whose weights a new run starts from; by default random weights.
    processes : int
        Processes that make the batches; 0 for this one.
    deadline : float
        Of `time.monotonic`.
    """
    source = recipe.batches(training_data.load(images))
    weights = None if start_from is None else load_checkpoint(start_from).network.state_dict()
    state = resume(recipe.config, work, device=resolve_device(device), weights=weights)
    with prefetched(source, recipe.config, first=state.step, processes=processes) as batches:
        while state.step < recipe.config.steps and time.monotonic() < deadline:
            reports: list[StepReport] = []
            train(state, batches, until=state.step + STEPS_PER_SAVE, report=reports.append)
            save_state(state, work)
            _log(work / LOG, reports)
    return state


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


def save(recipe: Recipe, state: TrainingState, output: Path) -> None:
    """Write the weights, finished or not, as a checkpoint.

    Parameters
    ----------
    recipe : Recipe
    state : TrainingState
    output : Path
        The checkpoint, ending in .safetensors.
    """
    network = state.network.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    forget_subnormal_weights(network)
    network.scale_factor = recipe.scale_factor
    listed = training_data.LIST.read_bytes()
    facts = {
        "trained_by": "napari-zerodce",
        "script": "scripts/train_bundled.py",
        "images": recipe.images,
        "image_list_sha256": sha256(listed).hexdigest(),
        "steps": str(state.step),
        "seed": str(recipe.config.seed),
        "configuration": recipe.config.model_dump_json(),
        "goals": recipe.goals,
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
    add("--start-from", help="checkpoint whose weights a new run starts from")
    add("--minutes", type=float, default=1e9, help="stop after this long")
    arguments = parser.parse_args()
    recipe, work = RECIPES[arguments.name], arguments.work
    state = run(
        recipe,
        arguments.images,
        work,
        device=arguments.device,
        start_from=arguments.start_from,
        processes=arguments.processes,
        deadline=time.monotonic() + 60 * arguments.minutes,
    )
    if not (work / STATE_FILE).exists():
        raise SystemExit("No step was taken; allow more minutes.")
    save(recipe, state, work / f"{arguments.name}.safetensors")


if __name__ == "__main__":
    main()
