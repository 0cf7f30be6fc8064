"""The training loop: seeded, and resumable with the same result from any saved step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from napari_zerodce.core.architectures import ARCHITECTURES
from napari_zerodce.core.networks import CurveNetwork, forget_subnormal_weights, make_network
from napari_zerodce.device import (
    Device,
    MemoryErrorsTranslated,
    OutOfDeviceMemory,
    release_memory,
)
from napari_zerodce.errors import DeviceError, TrainingError
from napari_zerodce.stopping import ShouldStop, never, raise_if_stopped
from napari_zerodce.training.batches import Batch, BatchSource
from napari_zerodce.training.config import TrainingConfig, TrainingPrecision
from napari_zerodce.training.objective import estimate, total_of, weighted_losses
from napari_zerodce.training.saved_state import read_state, write_state

_CPU: Final = Device("cpu", "")


class Diverged(TrainingError):
    """The loss or its gradient is no longer finite."""


@dataclass(frozen=True)
class StepReport:
    """The result of one step: its number from 1, and the losses, each times its weight."""

    step: int
    steps: int
    total: float
    terms: Mapping[str, float]


@dataclass
class TrainingState:
    """The state from which a run can continue: weights, optimiser and the number of done steps.

    Attributes
    ----------
    config : TrainingConfig
    network : CurveNetwork
    optimiser : torch.optim.Adam
    device : Device
    step : int
        Number of steps that are done.
    batch : int
        Images per step: as in the configuration, or fewer if the device had too little memory.
    notes : dict
        Other plain values that the run needs to continue.
    """

    config: TrainingConfig
    network: CurveNetwork
    optimiser: torch.optim.Adam
    device: Device = _CPU
    step: int = 0
    batch: int = 0
    notes: dict[str, Any] = field(default_factory=dict)


def start(
    config: TrainingConfig,
    *,
    device: Device = _CPU,
    weights: Mapping[str, Tensor] | None = None,
) -> TrainingState:
    """Return the state of a run before its first step.

    Parameters
    ----------
    config : TrainingConfig
    device : Device
    weights : Mapping of str to Tensor, optional
        A state dict from which the run starts. By default the weights are random, from the
        configuration's seed: Zero-DCE starts from N(0, 0.02) as in the paper; Zero-DCE++ from
        torch's defaults, as in its published code, because two successive layers of 0.02 would
        leave no signal.
    """
    network = _random_network(config)
    if weights is not None:
        network.load_state_dict(weights)
        forget_subnormal_weights(network)
    # Channels last is twice as fast for convolutions on a CPU (measured: 0.36 s instead of 0.78 s
    # per step).
    network = network.to(device.name).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    return TrainingState(config, network, optimiser, device, batch=config.batch)


def _random_network(config: TrainingConfig) -> CurveNetwork:
    deviation = ARCHITECTURES[config.architecture].initial_deviation
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = make_network(config.architecture, config.scale_factor)
        for parameter in network.parameters():
            if deviation is not None and parameter.ndim == 4:
                nn.init.normal_(parameter, 0.0, deviation)
        return network


def train(
    state: TrainingState,
    batches: BatchSource,
    *,
    until: int | None = None,
    report: Callable[[StepReport], None] = lambda _: None,
    should_stop: ShouldStop = never,
) -> None:
    """Take steps until the configuration's number of steps, or `until`, is reached.

    Parameters
    ----------
    state : TrainingState
        Changed in place.
    batches : BatchSource
    until : int, optional
        Number of the last step.
    report : callable, optional
        Called with a `StepReport` after each step.
    should_stop : callable, optional
        Called before each step; returns whether the user cancelled.

    Raises
    ------
    Cancelled
        If `should_stop` returned True; the state is that of the last whole step.
    Diverged
        If a loss or the gradient is not finite; the state is that of the step before.
    DeviceError
        If the device has too little memory even for one image per step.
    """
    config = state.config
    last = config.steps if until is None else min(until, config.steps)
    while state.step < last:
        raise_if_stopped(should_stop)
        # A new generator for each step, so that a resumed run needs no generator's state.
        generator = np.random.default_rng((config.seed, state.step))
        batch = batches(generator, count=config.batch, side=config.crop)
        for group in state.optimiser.param_groups:
            group["lr"] = learning_rate(config, state.step)
        _, terms = _with_room(state, batch, _step)
        state.step += 1
        report(StepReport(state.step, config.steps, sum(terms.values()), terms))


def learning_rate(config: TrainingConfig, step: int) -> float:
    """Return the learning rate of a step: a linear rise, times half a period of a cosine.

    Parameters
    ----------
    config : TrainingConfig
    step : int
        Number of the step, from 0.
    """
    share = (1 + math.cos(math.pi * step / config.steps)) / 2
    rate = config.final_learning_rate + share * (config.learning_rate - config.final_learning_rate)
    return rate * min(1.0, (step + 1) / (config.warm_up + 1))


def validate(state: TrainingState, batches: list[Batch]) -> dict[str, float]:
    """Return the mean losses of validation images, each times its weight.

    Parameters
    ----------
    state : TrainingState
    batches : list of Batch
        Images that are not in the training.

    Raises
    ------
    DeviceError
        If the device has too little memory even for one image.
    """
    sums: dict[str, float] = {}
    images = sum(len(batch.images) for batch in batches)
    for whole in batches:
        start = 0
        while start < len(whole.images):
            batch, losses = _with_room(state, whole.after(start), _losses_alone)
            start += len(batch.images)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value * len(batch.images) / images
    return sums


def _losses_alone(state: TrainingState, batch: Batch) -> dict[str, float]:
    with torch.no_grad():
        return {name: float(term) for name, term in _losses(state, batch).items()}


def _with_room(
    state: TrainingState,
    batch: Batch,
    work: Callable[[TrainingState, Batch], dict[str, float]],
) -> tuple[Batch, dict[str, float]]:
    """Do work on as much of a batch as fits into memory; return that part and its losses."""
    while True:
        part = batch.first(state.batch)
        try:
            with MemoryErrorsTranslated():
                return part, work(state, part)
        except OutOfDeviceMemory as err:
            if state.batch == 1:
                raise DeviceError(
                    f"{state.device} has too little memory for a single crop of "
                    f"{state.config.crop} pixels; choose smaller crops, or the device 'cpu'."
                ) from err
        state.batch //= 2
        state.optimiser.zero_grad()
        release_memory(state.device)


def _step(state: TrainingState, batch: Batch) -> dict[str, float]:
    terms = _losses(state, batch)
    total = total_of(terms)
    values = {name: float(term.detach()) for name, term in terms.items()}
    if not all(math.isfinite(value) for value in values.values()):
        raise diverged(state.step + 1)
    state.optimiser.zero_grad()
    total.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(state.network.parameters(), state.config.gradient_clip)
    if not math.isfinite(float(norm)):
        raise diverged(state.step + 1)
    state.optimiser.step()
    return values


def _losses(state: TrainingState, batch: Batch) -> dict[str, Tensor]:
    device = state.device.name
    images = torch.from_numpy(batch.images).to(device, memory_format=torch.channels_last)
    background, goals = batch.background, batch.goals
    limits = None if background is None else torch.from_numpy(background).to(device)
    wanted = None
    if goals is not None:
        brightness, weight = (
            torch.from_numpy(part).to(device) for part in (goals.brightness, goals.weight)
        )
        wanted = brightness, weight
    with _mixed_precision(state):
        alphas, maps = estimate(state.network, images)
    # The losses stay in float32, because half precision rounds squares of small differences to 0.
    return weighted_losses(state.config, images, alphas, maps, background=limits, goals=wanted)


def _mixed_precision(state: TrainingState) -> Any:
    """Return the context in which the network runs.

    bfloat16 has the range of float32, so the gradients need no scaling.
    """
    choice = training_precision(state.config, state.device)
    return (
        torch.autocast(state.device.kind, dtype=torch.bfloat16)
        if choice != "float32"
        else nullcontext()
    )


def training_precision(config: TrainingConfig, device: Device) -> TrainingPrecision:
    """Turn the precision "auto" into one that suits the smoothness loss and the device.

    bfloat16 rounds maps to steps of 0.002. Second and higher derivatives of smooth maps are smaller
    than the derivatives of these steps, so that they need float32.

    Parameters
    ----------
    config : TrainingConfig
    device : Device
    """
    if config.precision != "auto":
        return config.precision
    native = device.kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if native and max(config.smoothness.orders) == 1 else "float32"


def diverged(step: int) -> Diverged:
    """Return the error for a training run whose loss is not finite at a step."""
    return Diverged(
        f"The training diverged at step {step}: its loss is no longer a number. Earlier "
        "checkpoints are kept; try a lower learning rate or lower loss weights."
    )


def save_state(state: TrainingState, folder: str | Path) -> Path:
    """Save the state of a run into a folder; the file appears whole or not at all.

    Parameters
    ----------
    state : TrainingState
    folder : str or Path
        Created if it does not exist.

    Returns
    -------
    Path
        The path of the file.
    """
    content: dict[str, Any] = {
        "step": state.step,
        "batch": state.batch,
        "notes": state.notes,
        "estimator": state.network.state_dict(),  # the key in files of older versions, too
        "optimiser": state.optimiser.state_dict(),
    }
    return write_state(folder, state.config, content)


def resume(
    config: TrainingConfig,
    folder: str | Path,
    *,
    device: Device = _CPU,
    weights: Mapping[str, Tensor] | None = None,
) -> TrainingState:
    """Return the state of the run in a folder, or of a new run if nothing is saved yet.

    Parameters
    ----------
    config, device, weights
        As in `start`.
    folder : str or Path

    Raises
    ------
    RequestError
        If the folder holds a run with other settings.
    TrainingError
        If the saved state is damaged.
    """
    state = start(config, device=device, weights=weights)
    content = read_state(folder, config, device)
    if content is None:
        return state
    state.network.load_state_dict(content["estimator"])
    state.optimiser.load_state_dict(content["optimiser"])
    state.step, state.batch, state.notes = content["step"], content["batch"], content["notes"]
    return state
