"""How long a translator's training takes on a device, and which network is realistic there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.device import Device, import_torch
from napari_zerodce.training.translation.config import (
    NetworkSize,
    TrainingMethod,
    TranslationConfig,
)
from napari_zerodce.training.translation.configure import configure

LONGEST: Final = 2 * 3600.0
"""Seconds. A training that takes longer than an evening is not realistic."""

_PASSES: Final[Mapping[TrainingMethod, float]] = {
    "pix2pix": 7.0,
    "cyclegan": 22.0,
    "cut": 14.0,
    "fastcut": 8.0,
}
"""The time of a step, divided by that of one picture through the generator, without gradients.

Measured on a CPU: 7.8, 23.5, 17.7 and 10.5 with small networks; 6.3, 21, 11.1 and 6.5 with the
published ones.
"""

_PASSES_MEASURED: Final = 5

_TRIAL_CROP: Final = 64
"""Side in pixels; a ResNet's time grows with the area."""


@dataclass(frozen=True)
class Forecast:
    """How long a training takes.

    Parameters
    ----------
    seconds : float
        Of the whole run.
    sentence : str
        For the user: how long, and what else is realistic if it is too long.
    """

    seconds: float
    sentence: str

    @property
    def is_realistic(self) -> bool:
        """Whether the training ends within an evening."""
        return self.seconds <= LONGEST


def size_for(device: Device) -> NetworkSize:
    """Return the size of networks that suits a device: the published one needs a GPU.

    Parameters
    ----------
    device : Device
    """
    return "small" if device.kind == "cpu" else "full"


def forecast(
    config: TranslationConfig, device: Device, *, design: GeneratorDesign | None = None
) -> Forecast:
    """Estimate how long a training takes, from measured passes through the generator.

    It takes up to some seconds, imports torch, and builds no optimiser, so that a worker thread of
    napari may call it. The run itself tells its speed after the first steps.

    Parameters
    ----------
    config : TranslationConfig
    device : Device
    design : GeneratorDesign, optional
        Of a loaded generator; by default the one of the configuration.
    """
    seconds = config.steps * step_seconds(config, device, design=design)
    steps = "1 step takes" if config.steps == 1 else f"{config.steps:,} steps take"
    told = f"{steps} about {in_words(seconds)} on {device}"
    if seconds <= LONGEST:
        return Forecast(seconds, f"{told}.")
    small = configure(config.method, "small", inputs=config.inputs, outputs=config.outputs)
    shorter = in_words(small.steps * step_seconds(small, device))
    return Forecast(
        seconds,
        f"{told}, which is too long; choose fewer steps, a GPU, or the small network with crops of "
        f"{small.crop} pixels, which takes about {shorter} for {small.steps:,} steps.",
    )


def step_seconds(
    config: TranslationConfig, device: Device, *, design: GeneratorDesign | None = None
) -> float:
    """Return the estimated seconds of one step.

    Parameters
    ----------
    config, device, design
        As in `forecast`.
    """
    design = design or config.design
    side = config.crop
    if device.kind == "cpu" and design.family == "resnet":
        side = min(side, _TRIAL_CROP)
    seconds = _pass_seconds(design, side, device)
    return _PASSES[config.method] * seconds * (config.crop / side) ** 2


def _pass_seconds(design: GeneratorDesign, side: int, device: Device) -> float:
    """Return the median seconds of a pass of a picture, apart from the first, slow one.

    The fastest pass would tell of a machine that has nothing else to do.
    """
    torch = import_torch()
    # After torch, which this loads so that a window answers meanwhile.
    from napari_zerodce.core.translators.generators import make_generator

    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        generator = make_generator(design).eval().to(device.name)
        picture = torch.zeros(1, design.inputs, side, side, device=device.name)
        moments = []
        for _ in range(_PASSES_MEASURED + 1):
            float(generator(picture).sum())  # waits for the device
            moments.append(time.perf_counter())
        return median(later - earlier for earlier, later in pairwise(moments))


def in_words(seconds: float) -> str:
    """Return a duration in words, such as "3 minutes" or "1.5 hours".

    Parameters
    ----------
    seconds : float
    """
    minutes = seconds / 60
    if minutes < 1.5:
        return "1 minute" if minutes > 0.75 else f"{max(5, round(seconds / 5) * 5)} seconds"
    if minutes < 100:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.1f} hours" if minutes < 48 * 60 else f"{minutes / 60 / 24:.0f} days"
