"""Scenes as pairs and as two sets, and run folders of tiny translators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.translation.config import TranslationRunConfig
from napari_zerodce.training.translation.crops import TranslationCrops
from napari_zerodce.training.translation.new_run import TranslationRequest, create_translation_run

TINY: dict[str, Any] = {"crop": 32, "features": 2, "blocks": 1, "steps": 4, "seed": 1}


def _scene(seed: int, channels: int = 3, side: int = 48) -> np.ndarray:
    """A bright disc on a dark ground, values in [0, 1], shape (channels, side, side)."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side] / side
    row, column = generator.uniform(0.3, 0.7, 2)
    disc = 1 / (1 + np.exp((np.hypot(rows - row, columns - column) - 0.2) * 40))
    return 0.2 + 0.7 * disc * generator.uniform(0.6, 1, channels)[:, None, None]


def _image(name: str, values: np.ndarray) -> TrainingImage:
    pixels = np.rint(values * 255).astype(np.uint8)
    if len(pixels) == 1:
        return TrainingImage(name, pixels[0], "mono")
    return TrainingImage(name, pixels.transpose(1, 2, 0), "rgb")


@pytest.fixture(scope="session")
def scene() -> Callable[..., np.ndarray]:
    """Makes a scene from a seed."""
    return _scene


@pytest.fixture(scope="session")
def image() -> Callable[[str, np.ndarray], TrainingImage]:
    """Makes an 8-bit image of a scene."""
    return _image


@pytest.fixture(scope="session")
def make_crops() -> Callable[..., TranslationCrops]:
    """Makes pairs of a dark and a bright scene."""

    def make(count: int = 4, inputs: int = 3, outputs: int = 3, side: int = 32) -> TranslationCrops:
        bright = np.stack([_scene(seed, outputs, side) for seed in range(count + 2)])
        dark = 0.3 * np.stack([_scene(seed, inputs, side) for seed in range(count + 2)])
        return TranslationCrops.of(
            dark[:count], bright[:count], held_sources=dark[count:], held_targets=bright[count:]
        )

    return make


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunFolder]:
    """Makes the folder of a tiny run that saves after each step."""

    def make(
        method: str = "cut",
        name: str = "run",
        *,
        wish: dict[str, Any] | None = None,
        run: dict[str, Any] | None = None,
        **changes: Any,
    ) -> RunFolder:
        request = TranslationRequest(
            method,
            [_image(f"dark {seed}", 0.3 * _scene(seed)) for seed in range(3)],
            [_image(f"bright {seed}", _scene(seed)) for seed in range(3)],
            device="cpu",
            crops=8,
            **{**(wish or {}), "changes": {**TINY, "checkpoint_steps": 2, **changes}},
        )
        folder = create_translation_run(request, tmp_path / name)
        config = folder.config_as(TranslationRunConfig)
        folder.write_config(config.model_copy(update={"checkpoint_seconds": 1e-6, **(run or {})}))
        return folder

    return make
