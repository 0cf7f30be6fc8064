"""What a step costs with the networks of the papers, on crops of 256 pixels."""

from __future__ import annotations

import time

import numpy as np
from comparison.tables import markdown_table

from napari_zerodce.training.translation.config import METHODS, TRAINING_TITLES, TrainingMethod
from napari_zerodce.training.translation.configure import configure
from napari_zerodce.training.translation.crops import TranslationCrops
from napari_zerodce.training.translation.loop import start, train

_STEPS = 2


def table() -> str:
    """Return the weights and the processor time of a step of each method; it takes minutes."""
    rows = [[TRAINING_TITLES[method], *_row(method)] for method in METHODS]
    titles = ("", "weights of the generator", "weights of all networks", "CPU seconds per step")
    return markdown_table(titles, rows)


def _row(method: TrainingMethod) -> tuple[str, ...]:
    config = configure(method, "full")
    values = np.random.default_rng(0).random((2, 3, config.crop, config.crop))
    crops, state = TranslationCrops.of(values, values), start(config)
    train(state, crops, until=1)
    began = time.process_time()
    train(state, crops, until=1 + _STEPS)
    seconds = (time.process_time() - began) / _STEPS
    weights = [each.numel() for net in state.trainer.networks.values() for each in net.parameters()]
    return f"{config.design.parameters:,}", f"{sum(weights):,}", f"{seconds:.1f}"
