"""Train from random weights as published, and compare with the published network.

    python benchmarks/reproduction.py train --images SICE --work WORK --architecture zero-dce-pp
    python benchmarks/reproduction.py measure --work WORK --photos DICM --published Epoch99.pth

`train` continues a stopped run and keeps a checkpoint every 100 steps. `measure` enhances photos
with each checkpoint and with the published weights, and prints the brightness of both and the PSNR
between them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from napari_zerodce.api import enhance, load_checkpoint
from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.engine.look import Look
from napari_zerodce.training.batches import Batch
from napari_zerodce.training.loop import TrainingState, resume, save_state, train
from napari_zerodce.training.presets import configure

KEPT_EACH = 100
SIDE = 256
"""The published loader shrinks whole images to this."""


def load_images(folder: Path) -> np.ndarray:
    """Return all images of a folder, shape (N, 3, 256, 256), uint8."""
    resample = Image.Resampling.LANCZOS
    pictures = [
        np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE), resample))
        for path in sorted(folder.glob("*.jpg"))
    ]
    return np.ascontiguousarray(np.stack(pictures).transpose(0, 3, 1, 2))


class Epochs:
    """Gives each image once an epoch, in an order that depends on the epoch's number."""

    def __init__(self, images: np.ndarray, state: TrainingState) -> None:
        self._images, self._state = images, state

    def __call__(self, _: np.random.Generator, *, count: int, side: int) -> Batch:
        """Return the next images."""
        assert side == SIDE
        epoch, place = divmod(self._state.step, len(self._images) // count)
        order = np.random.default_rng((0, epoch)).permutation(len(self._images))
        chosen = self._images[order[place * count : (place + 1) * count]]
        return Batch(chosen.astype(np.float32) / np.float32(255))


def run_training(arguments: argparse.Namespace) -> None:
    """Train until the steps are taken or the minutes are over."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    config = configure("published", arguments.architecture, steps=arguments.steps, crop=SIDE)
    state = resume(config, arguments.work)
    batches = Epochs(load_images(arguments.images), state)
    deadline = time.monotonic() + 60 * arguments.minutes
    with (arguments.work / "log.jsonl").open("a") as log:

        def report(step: Any) -> None:
            log.write(json.dumps({"step": step.step, "total": step.total, **step.terms}) + "\n")
            log.flush()

        while state.step < config.steps and time.monotonic() < deadline:
            train(state, batches, until=state.step + 50, report=report)
            save_state(state, arguments.work)
            if state.step % KEPT_EACH == 0 or state.step == KEPT_EACH // 2:
                keep(state, arguments.work)


def keep(state: TrainingState, work: Path) -> None:
    """Write the weights of a step as a checkpoint."""
    state.network.scale_factor = ARCHITECTURES[state.config.architecture].default_scale_factor
    path = work / f"step-{state.step:06d}.safetensors"
    facts = {"trained_by": "reproduction", "step": str(state.step)}
    save_checkpoint(path, state.network, licence="academic", provenance=facts)
    state.network.scale_factor = state.config.scale_factor


def run_measurement(arguments: argparse.Namespace) -> None:
    """Print a table of the checkpoints, the first and then every n-th."""
    photos = [
        np.asarray(Image.open(path).convert("RGB"))
        for path in sorted(arguments.photos.iterdir())
        if path.suffix.lower() in {".jpg", ".png"}
    ][:: arguments.every_photo]
    scale = arguments.scale_factor

    def results(checkpoint: Path) -> list[np.ndarray]:
        loaded = load_checkpoint(checkpoint, scale_factor=scale)
        return [enhance(photo, loaded, precision="float32", look=Look()) for photo in photos]

    published = results(arguments.published)
    print(f"input {mean(photos):.3f}, published {mean(published):.3f}, {len(photos)} photos")
    print("| step | brightness | PSNR to the published result |\n|---|---|---|")
    paths = sorted(arguments.work.glob("step-*.safetensors"))
    for path in [*paths[:2], *paths[2 :: arguments.every]]:
        ours = results(path)
        ratios = [psnr(one, other) for one, other in zip(ours, published, strict=True)]
        step = int(path.stem.partition("-")[2])
        print(f"| {step} | {mean(ours):.3f} | {np.mean(ratios):.1f} dB |", flush=True)


def mean(images: list[np.ndarray]) -> float:
    """Return the mean brightness of images, in [0, 1]."""
    return float(np.mean([image.mean() / 255 for image in images]))


def psnr(image: np.ndarray, reference: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio in dB."""
    error = np.square(image.astype(np.float64) - reference).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    training = commands.add_parser("train")
    add: Callable[..., object] = training.add_argument
    add("--images", type=Path, required=True, help="the 2,002 training images, or part of them")
    add("--work", type=Path, required=True)
    add("--architecture", choices=("zero-dce", "zero-dce-pp"), required=True)
    add("--steps", type=int, default=20_000)
    add("--minutes", type=float, default=1e9)
    add("--threads", type=int, default=0)
    training.set_defaults(run=run_training)
    measuring = commands.add_parser("measure")
    add = measuring.add_argument
    add("--work", type=Path, required=True)
    add("--photos", type=Path, required=True)
    add("--published", type=Path, required=True)
    add("--scale-factor", type=int, help="Zero-DCE++ only")
    add("--every", type=int, default=1, help="measure every n-th checkpoint")
    add("--every-photo", type=int, default=1)
    measuring.set_defaults(run=run_measurement)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    arguments.run(arguments)


if __name__ == "__main__":
    main()
