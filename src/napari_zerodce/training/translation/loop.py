"""The training loop of a translator: seeded, and resumable with the same result on a CPU."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from napari_zerodce.core.translators.generators import Generator, make_generator
from napari_zerodce.device import Device, MemoryErrorsTranslated, OutOfDeviceMemory
from napari_zerodce.errors import DeviceError
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped
from napari_zerodce.training.loop import Diverged, StepReport
from napari_zerodce.training.saved_state import read_state, write_state
from napari_zerodce.training.translation.config import TrainingMethod, TranslationConfig
from napari_zerodce.training.translation.configure import check_networks
from napari_zerodce.training.translation.crops import Pixels, TranslationCrops, check_crops
from napari_zerodce.training.translation.cut import CUTTrainer
from napari_zerodce.training.translation.cyclegan import CycleGANTrainer
from napari_zerodce.training.translation.pix2pix import Pix2PixTrainer
from napari_zerodce.training.translation.trainer import Trainer

_CPU: Final = Device("cpu", "")

_TRAINERS: Final[Mapping[TrainingMethod, type[Trainer]]] = {
    "pix2pix": Pix2PixTrainer,
    "cyclegan": CycleGANTrainer,
    "cut": CUTTrainer,
    "fastcut": CUTTrainer,
}

_CONSTANT: Final[Mapping[TrainingMethod, float]] = {
    "pix2pix": 0.5,
    "cyclegan": 0.5,
    "cut": 0.5,
    "fastcut": 0.75,
}
"""The share of the steps before the learning rate falls: 100 of 200 epochs, or 150 of 200."""


@dataclass
class TranslationState:
    """The state from which a run can continue.

    Attributes
    ----------
    config : TranslationConfig
    trainer : Trainer
        Networks, optimisers and pools.
    device : Device
    is_loaded : bool
        Whether the generator began with trained weights.
    step : int
        Number of steps that are done.
    notes : dict
        Other plain values that the run needs to continue.
    """

    config: TranslationConfig
    trainer: Trainer
    device: Device = _CPU
    is_loaded: bool = False
    step: int = 0
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def generators(self) -> Mapping[str, Generator]:
        """The generators by name; the one that turns sources into targets is the first."""
        return self.trainer.generators

    @property
    def generator(self) -> Generator:
        """The generator that turns sources into targets."""
        return next(iter(self.generators.values()))


def start(
    config: TranslationConfig, *, device: Device = _CPU, loaded: Generator | None = None
) -> TranslationState:
    """Return the state of a run before its first step.

    Parameters
    ----------
    config : TranslationConfig
    device : Device
    loaded : Generator, optional
        A generator with trained weights, which the training changes; of a U-Net without dropout,
        pix2pix changes a copy that has it. By default the weights are random, from the
        configuration's seed.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        generator = make_generator(config.design) if loaded is None else _trained(config, loaded)
        trainer = _TRAINERS[config.method](config, generator, loaded=loaded is not None)
    trainer.prepare(device.name)
    return TranslationState(config, trainer, device, loaded is not None)


def _trained(config: TranslationConfig, loaded: Generator) -> Generator:
    """Return a loaded generator as its method trains it: pix2pix with the dropout of its U-Net.

    Dropout is the noise of pix2pix (section 2.1), and leaves no trace in an official file.
    """
    if config.method != "pix2pix" or loaded.design.family != "unet" or loaded.design.dropout:
        return loaded
    generator = make_generator(replace(loaded.design, dropout=True))
    generator.load_state_dict(loaded.state_dict())
    return generator


def train_translator(
    config: TranslationConfig,
    crops: TranslationCrops,
    *,
    device: Device = _CPU,
    loaded: Generator | None = None,
    report: Callable[[StepReport], None] = lambda _: None,
    should_stop: ShouldStop = never,
) -> TranslationState:
    """Train a translator from begin to end, without a run folder.

    Parameters
    ----------
    config : TranslationConfig
    crops : TranslationCrops
        See `TranslationCrops.of` for arrays of floats.
    device, loaded
        As in `start`.
    report, should_stop
        As in `train`.

    Returns
    -------
    TranslationState
        Its `generator` is still in training mode; see `pictures.translate`.

    Raises
    ------
    RequestError
        If the crops do not fit the settings, or the settings do not fit the loaded generator.
    Cancelled, Diverged, DeviceError
        As from `train`.
    """
    check_networks(config, None if loaded is None else loaded.design)
    check_crops(crops, config)
    state = start(config, device=device, loaded=loaded)
    train(state, crops, report=report, should_stop=should_stop)
    return state


def train(
    state: TranslationState,
    crops: TranslationCrops,
    *,
    until: int | None = None,
    report: Callable[[StepReport], None] = lambda _: None,
    should_stop: ShouldStop = never,
) -> None:
    """Take steps until the configuration's number of steps, or `until`, is reached.

    Parameters
    ----------
    state : TranslationState
        Changed in place.
    crops : TranslationCrops
    until : int, optional
        Number of the last step.
    report : callable, optional
        Called with a `StepReport` after each step. Its total is that of the generator.
    should_stop : callable, optional
        Called before each step; returns whether the user cancelled.

    Raises
    ------
    Cancelled
        If `should_stop` returned True; the state is that of the last whole step.
    Diverged
        If a loss is not finite.
    DeviceError
        If the device has too little memory.
    """
    config = state.config
    last = config.steps if until is None else min(until, config.steps)
    while state.step < last:
        raise_if_stopped(should_stop)
        terms = _step(state, crops)
        if not all(math.isfinite(value) for value in terms.values()):
            raise diverged(state.step + 1)
        state.step += 1
        total = sum(value for name, value in terms.items() if name != "discriminator")
        report(StepReport(state.step, config.steps, total, terms))


def _step(state: TranslationState, crops: TranslationCrops) -> dict[str, float]:
    # New generators for each step, so that a resumed run needs no generator's state.
    generator = np.random.default_rng((state.config.seed, state.step))
    source, target = draw(crops, generator, paired=state.config.is_paired)
    state.trainer.set_learning_rate(learning_rate(state.config, state.step))
    frozen = state.is_loaded and state.step < state.config.frozen
    name = state.device.name
    try:
        with MemoryErrorsTranslated(), _seeded(generator, state.device):
            losses = state.trainer.step(source.to(name), target.to(name), generator, frozen=frozen)
            return {name: float(loss.detach()) for name, loss in losses.items()}
    except OutOfDeviceMemory as err:
        raise DeviceError(
            f"{state.device} has too little memory for crops of {state.config.crop} pixels and "
            f"{state.config.features} features; choose smaller crops, fewer features, or the "
            "device 'cpu'."
        ) from err


@contextmanager
def _seeded(generator: np.random.Generator, device: Device) -> Iterator[None]:
    """Seed torch's global generators, from which dropout draws, inside the ``with`` block."""
    devices = [device.name] if device.kind == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(int(generator.integers(2**63)))
        yield


def draw(
    crops: TranslationCrops, generator: np.random.Generator, *, paired: bool
) -> tuple[Tensor, Tensor]:
    """Return a random source and a random target, mirrored left to right half of the time.

    Parameters
    ----------
    crops : TranslationCrops
    generator : numpy.random.Generator
    paired : bool
        Whether the target is the one of the source, mirrored like it.

    Returns
    -------
    tuple of Tensor, shape (1, C, side, side), float32, values in [-1, 1]
    """
    number, mirrored = _choice(len(crops.sources), generator)
    other = (number, mirrored) if paired else _choice(len(crops.targets), generator)
    return _picture(crops.sources[number], mirrored), _picture(crops.targets[other[0]], other[1])


def _choice(count: int, generator: np.random.Generator) -> tuple[int, bool]:
    return int(generator.integers(count)), bool(generator.integers(2))


def _picture(crop: Pixels, mirrored: bool) -> Tensor:
    return as_picture(crop[:, :, ::-1] if mirrored else crop)


def as_picture(crop: Pixels) -> Tensor:
    """Return a crop as networks read it.

    Parameters
    ----------
    crop : ndarray, shape (C, H, W), uint16

    Returns
    -------
    Tensor, shape (1, C, H, W), float32, values in [-1, 1]
    """
    return torch.from_numpy(crop.astype(np.float32) / np.float32(65535 / 2) - 1)[None]


def learning_rate(config: TranslationConfig, step: int) -> float:
    """Return the learning rate of a step: constant, then falling linearly to 0 after the last.

    Parameters
    ----------
    config : TranslationConfig
    step : int
        Number of the step, from 0.
    """
    falls = config.steps * _CONSTANT[config.method]
    return config.learning_rate * min(1.0, (config.steps - step) / (config.steps - falls))


def diverged(step: int) -> Diverged:
    """Return the error for a training run whose losses are not finite at a step."""
    return Diverged(
        f"The training diverged at step {step}: a loss is no longer a number. Earlier checkpoints "
        "are kept; try a lower learning rate or another seed."
    )


def save_state(state: TranslationState, folder: str | Path) -> Path:
    """Save the state of a run into a folder; the file appears whole or not at all.

    Parameters
    ----------
    state : TranslationState
    folder : str or Path

    Returns
    -------
    Path
        The path of the file.
    """
    content = {"step": state.step, "notes": state.notes, **state.trainer.state()}
    return write_state(folder, state.config, content)


def resume(
    config: TranslationConfig,
    folder: str | Path,
    *,
    device: Device = _CPU,
    loaded: Generator | None = None,
) -> TranslationState:
    """Return the state of the run in a folder, or of a new run if nothing is saved yet.

    Parameters
    ----------
    config, device, loaded
        As in `start`.
    folder : str or Path

    Raises
    ------
    RequestError
        If the folder holds a run with other settings.
    TrainingError
        If the saved state is damaged.
    """
    state = start(config, device=device, loaded=loaded)
    content = read_state(folder, config, device)
    if content is not None:
        state.trainer.restore(content)
        state.step, state.notes = content["step"], content["notes"]
    return state
