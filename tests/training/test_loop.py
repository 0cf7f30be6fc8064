"""The training loop: seeded, resumable to the same weights, and it does brighten dark images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.losses import illumination_smoothness
from napari_zerodce.errors import Cancelled, RequestError
from napari_zerodce.training.batches import Batch
from napari_zerodce.training.config import LossWeights, TrainingConfig
from napari_zerodce.training.loop import (
    StepReport,
    TrainingState,
    learning_rate,
    resume,
    save_state,
    start,
    train,
)
from napari_zerodce.training.objective import weighted_losses

TINY = TrainingConfig(architecture="zero-dce-pp", seed=3, steps=6, batch=2, crop=32)


def dark(generator: np.random.Generator, *, count: int, side: int) -> Batch:
    """Dark gradients with a little texture."""
    ramp = np.linspace(0.02, 0.2, side, dtype=np.float32)
    texture = generator.random((count, 3, side, side), dtype=np.float32) * np.float32(0.05)
    return Batch(ramp + texture)


def weights_of(state: TrainingState) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in state.estimator.parameters()])


def trained(config: TrainingConfig) -> torch.Tensor:
    state = start(config)
    train(state, dark)
    return weights_of(state)


def test_same_seed_same_weights_other_seed_other_weights() -> None:
    before = torch.random.get_rng_state()
    first = trained(TINY)
    assert torch.equal(first, trained(TINY))
    assert not torch.equal(first, trained(TINY.model_copy(update={"seed": 4})))
    assert torch.equal(before, torch.random.get_rng_state()), "the user's generator is not touched"


@pytest.mark.parametrize("architecture", ["zero-dce", "zero-dce-pp"])
def test_resumed_equals_unbroken(tmp_path: Path, architecture: str) -> None:
    config = TrainingConfig.model_validate({**TINY.model_dump(), "architecture": architecture})
    for until in (2, 3, None):
        state = resume(config, tmp_path / "run")
        train(state, dark, until=until)
        save_state(state, tmp_path / "run")
    assert state.step == 6
    assert torch.equal(weights_of(state), trained(config))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["state.pt"]


def test_a_run_with_other_settings_is_not_continued(tmp_path: Path) -> None:
    save_state(start(TINY), tmp_path)
    with pytest.raises(RequestError, match="other settings"):
        resume(TINY.model_copy(update={"target": 0.5}), tmp_path)


def test_the_loss_falls_and_dark_images_get_brighter() -> None:
    config = TINY.model_copy(update={"steps": 60, "learning_rate": 3e-3})
    state = start(config)
    reports: list[StepReport] = []
    train(state, dark, report=reports.append)
    assert [report.step for report in reports] == list(range(1, 61))
    assert reports[-1].total < 0.7 * reports[0].total
    assert reports[-1].total == pytest.approx(sum(reports[-1].terms.values()))
    images = torch.from_numpy(dark(np.random.default_rng(9), count=1, side=32).images)
    with torch.no_grad():
        enhanced = apply_curves(images, state.estimator(images))
    assert enhanced.mean().item() > 2 * images.mean().item()


def test_stopping_keeps_the_last_whole_step() -> None:
    state = start(TINY)
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        train(state, dark, should_stop=lambda: next(answers))
    assert state.step == 2


def test_learning_rate_is_half_a_cosine() -> None:
    config = TrainingConfig(steps=100, learning_rate=1e-3, final_learning_rate=1e-5)
    rates = [learning_rate(config, step) for step in (0, 50, 100)]
    assert rates == pytest.approx([1e-3, (1e-3 + 1e-5) / 2, 1e-5])


def test_the_one_map_of_zero_dce_pp_is_counted_once() -> None:
    image = torch.rand(1, 3, 16, 16)
    one = torch.rand(1, 1, 3, 16, 16)
    config = TrainingConfig(architecture="zero-dce-pp", weights=LossWeights(smoothness=1.0))
    terms = weighted_losses(config, image, one.expand(1, 8, 3, 16, 16), one)
    assert terms["smoothness"].item() == pytest.approx(illumination_smoothness(one).item())


def test_grey_and_black_images_train_without_nan() -> None:
    for level in (0.0, 0.5, 1.0):
        state = start(TINY)

        def flat(_: np.random.Generator, *, count: int, side: int, level: float = level) -> Batch:
            return Batch(np.full((count, 3, side, side), level, np.float32))

        train(state, flat, until=3)
        assert torch.isfinite(weights_of(state)).all()
