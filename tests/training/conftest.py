"""Dark images, and run folders that are ready to be trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.new_run import TrainingRequest, create_run
from napari_zerodce.training.run_folder import RunFolder


def _dark_image(seed: int = 0, height: int = 96, width: int = 128) -> TrainingImage:
    generator = np.random.default_rng(seed)
    ramp = np.linspace(5, 50, width)[None, :, None]
    pixels = (ramp + generator.integers(0, 20, (height, width, 3))).astype(np.uint8)
    return TrainingImage(f"dark {seed}", pixels, "rgb")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """On crops of 32 pixels, threads wait for each other twenty times as long as they compute."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def dark_image() -> Callable[..., TrainingImage]:
    """Makes a noisy dark RGB gradient from a seed, no sample above 70."""
    return _dark_image


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunFolder]:
    """Makes the folder of a tiny run; settings of the folder are in `run`, others the training's.

    Each step validates and saves, so that a process that ends at any of them can be continued.
    """

    def make(
        name: str = "run",
        *,
        images: Any = None,
        run: dict[str, Any] | None = None,
        wish: dict[str, Any] | None = None,
        **changes: Any,
    ) -> RunFolder:
        settings = {"seed": 1, "steps": 6, "batch": 2, "crop": 32, **changes}
        chosen = TrainingRequest(
            images=images or [_dark_image(0), _dark_image(1)],
            device="cpu",
            crops=16,
            changes=settings,
            **(wish or {}),
        )
        folder = create_run(chosen, tmp_path / name)
        config = folder.config().model_copy(update={"checkpoint_seconds": 1e-6, **(run or {})})
        folder.write_config(config)
        return folder

    return make
