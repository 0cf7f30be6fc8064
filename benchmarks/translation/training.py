"""The training of one unit of the study, and what its networks make of held-aside pictures."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from napari_zerodce.core.translators.generators import Generator
from napari_zerodce.core.translators.statistics import MeasuredGenerator
from napari_zerodce.training.translation.config import TranslationConfig
from napari_zerodce.training.translation.configure import configure
from napari_zerodce.training.translation.crops import TranslationCrops
from napari_zerodce.training.translation.loop import TranslationState, train_translator
from translation.arms import ARMS, PAIRS, Unit
from translation.figures import figures, mean_psnr
from translation.files import generator_file, translations_file
from translation.results import Result
from translation.toy import Pictures, Task

PAIRED_RATE: Final = 1e-3
"""The learning rate with which a U-Net learns 8 pairs by heart in 600 steps."""


@dataclass(frozen=True)
class Fit:
    """A trained unit.

    Attributes
    ----------
    state : TranslationState
    crops : TranslationCrops
        What it was trained on.
    seconds, cpu_seconds : float
        Of the training.
    """

    state: TranslationState
    crops: TranslationCrops
    seconds: float
    cpu_seconds: float


def config_for(unit: Unit, task: Task) -> TranslationConfig:
    """Return the settings of a training: small networks, and terms with the weight 0."""
    arm = ARMS[unit.arm]
    changes: dict[str, float] = dict.fromkeys(arm.off, 0.0)
    if arm.method == "pix2pix" and unit.task == "toy":
        changes["learning_rate"] = PAIRED_RATE
    channels = task.sources.shape[-1], task.targets.shape[-1]
    changes |= dict(zip(("inputs", "outputs"), channels, strict=True))
    return configure(arm.method, "small", steps=unit.steps, seed=unit.seed, **changes)


def fit(unit: Unit, task: Task) -> Fit:
    """Train a unit."""
    config = config_for(unit, task)
    sources, targets = task.sources, task.targets
    if config.is_paired:
        pairs = PAIRS if unit.task == "toy" else None
        sources, targets = sources[:pairs], task.paired_targets[:pairs]
    crops = TranslationCrops.of(_channels_first(sources), _channels_first(targets))
    began = time.perf_counter(), time.process_time()
    state = train_translator(config, crops)
    ended = time.perf_counter(), time.process_time()
    return Fit(state, crops, ended[0] - began[0], ended[1] - began[1])


def train_unit(unit: Unit, task: Task, work: Path) -> Result:
    """Train a unit, measure it, and write its translations and its generator to a folder."""
    fitted = fit(unit, task)
    found = translated(fitted.state.generator, task.held_sources)
    work.mkdir(parents=True, exist_ok=True)
    np.save(translations_file(work, unit), found)
    torch.save(fitted.state.generator.state_dict(), generator_file(work, unit))
    cost = {
        "parameters": sum(
            weights.numel()
            for network in fitted.state.trainer.networks.values()
            for weights in network.parameters()
        ),
        "steps": unit.steps,
        "seconds": fitted.seconds,
        "cpu_seconds": fitted.cpu_seconds,
    }
    measured = figures(found, task.held_targets).as_dict()
    return Result(unit.task, unit.arm, unit.seed, measured, others(fitted, unit, task), cost)


def others(fitted: Fit, unit: Unit, task: Task) -> dict[str, float]:
    """Return PSNRs beside that of held-aside pictures: of training pairs, or there and back."""
    method = ARMS[unit.arm].method
    if method == "pix2pix":
        known = len(fitted.crops.sources)
        made = translated(fitted.state.generator, task.sources[:known])
        return {"training pairs": mean_psnr(made, task.paired_targets[:known])}
    if method != "cyclegan":
        return {}
    there, back = fitted.state.generators.values()
    returned = translated(back, translated(there, task.held_sources))
    return {"there and back": mean_psnr(returned, task.held_sources)}


def translated(generator: Generator, pictures: Pictures) -> Pictures:
    """Return the translations of pictures, each with its own statistics, as they are used.

    Parameters
    ----------
    generator : Generator
    pictures : ndarray, shape (N, H, W, C)
        In [0, 1], or beyond it.
    """
    measured = MeasuredGenerator(generator)
    inputs = torch.from_numpy(2 * _channels_first(pictures) - 1)
    outputs = torch.cat([measured(each[None])[0] for each in inputs])
    return ((outputs.numpy() + 1) / 2).transpose(0, 2, 3, 1)


def _channels_first(pictures: Pictures) -> Pictures:
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))
