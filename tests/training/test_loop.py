"""The training loop: seeded, resumable to the same weights, and it does brighten dark images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.losses import illumination_smoothness
from napari_zerodce.core.networks import ZeroDCEPlusPlus
from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.device import Device
from napari_zerodce.errors import Cancelled, DeviceError, RequestError, TrainingError
from napari_zerodce.training.batches import Batch
from napari_zerodce.training.config import LossWeights, TrainingConfig
from napari_zerodce.training.loop import (
    Diverged,
    StepReport,
    TrainingState,
    learning_rate,
    resume,
    save_state,
    start,
    train,
    training_precision,
    validate,
)
from napari_zerodce.training.objective import weighted_losses

TINY = TrainingConfig(architecture="zero-dce-pp", seed=3, steps=6, batch=2, crop=32)


def dark(generator: np.random.Generator, *, count: int, side: int) -> Batch:
    """Dark gradients with a little texture."""
    ramp = np.linspace(0.02, 0.2, side, dtype=np.float32)
    texture = generator.random((count, 3, side, side), dtype=np.float32) * np.float32(0.05)
    return Batch(ramp + texture)


def weights_of(state: TrainingState) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in state.network.parameters()])


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
        enhanced = apply_curves(images, state.network(images))
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


def test_the_learning_rate_rises_first() -> None:
    config = TrainingConfig(steps=1000, learning_rate=1e-3, final_learning_rate=1e-3, warm_up=4)
    rates = [learning_rate(config, step) for step in range(6)]
    assert rates == pytest.approx([2e-4, 4e-4, 6e-4, 8e-4, 1e-3, 1e-3])


def test_a_run_begins_with_the_weights_it_is_given() -> None:
    given = ZeroDCEPlusPlus(2).state_dict()
    state = start(TINY.model_copy(update={"scale_factor": 2}), weights=given)
    for name, tensor in state.network.state_dict().items():
        assert torch.equal(tensor, given[name])
    assert isinstance(state.network, ZeroDCEPlusPlus)
    assert state.network.scale_factor == 2


# ---- out of memory


class _SmallDevice(ZeroDCEPlusPlus):
    """Behaves as on a device that holds so many images at most."""

    room = 2

    def estimate_maps(self, small: torch.Tensor) -> torch.Tensor:
        if len(small) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB\nand so on")
        return super().estimate_maps(small)


def small_device(room: int, batch: int) -> TrainingState:
    state = start(TINY.model_copy(update={"batch": batch}))
    network = _SmallDevice(scale_factor=1)
    network.load_state_dict(state.network.state_dict())
    network.room = room
    state.network = network
    state.optimiser = torch.optim.Adam(network.parameters(), weight_decay=1e-4)
    return state


def test_without_memory_the_batch_is_halved_until_it_fits() -> None:
    state = small_device(room=2, batch=8)
    reports: list[StepReport] = []
    train(state, dark, report=reports.append)
    assert (state.batch, state.step) == (2, 6)
    assert [report.step for report in reports] == [1, 2, 3, 4, 5, 6]


def test_a_halved_batch_has_the_first_of_the_images() -> None:
    reports: list[StepReport] = []
    train(small_device(room=3, batch=4), dark, until=1, report=reports.append)
    whole = dark(np.random.default_rng((TINY.seed, 0)), count=4, side=32)
    expected = validate(start(TINY), [Batch(whole.images[:2])])
    assert dict(reports[0].terms) == pytest.approx(expected)


def test_a_halved_batch_stays_so_when_the_run_goes_on(tmp_path: Path) -> None:
    state = small_device(room=2, batch=4)
    train(state, dark, until=1)
    state.notes["told"] = [1, "two"]
    save_state(state, tmp_path)
    resumed = resume(state.config, tmp_path)
    assert (resumed.batch, resumed.step, resumed.notes) == (2, 1, {"told": [1, "two"]})


def test_no_memory_for_a_single_image_is_one_sentence() -> None:
    with pytest.raises(
        DeviceError, match="too little memory for a single crop of 32 pixels"
    ) as caught:
        train(small_device(room=0, batch=4), dark)
    assert "\n" not in str(caught.value)


def test_validation_takes_fewer_images_at_once_where_memory_is_short() -> None:
    images = dark(np.random.default_rng(0), count=4, side=32).images
    state = small_device(room=2, batch=4)
    whole = validate(start(TINY), [Batch(images)])
    assert validate(state, [Batch(images)]) == pytest.approx(whole)


# ---- divergence


def broken_from(step: int) -> object:
    def source(generator: np.random.Generator, *, count: int, side: int) -> Batch:
        batch = dark(generator, count=count, side=side)
        if source.calls == step:  # type: ignore[attr-defined]
            batch.images[0, 0, 0, 0] = np.nan
        source.calls += 1  # type: ignore[attr-defined]
        return batch

    source.calls = 0  # type: ignore[attr-defined]
    return source


def test_a_loss_that_is_no_number_ends_the_training_with_the_weights_before() -> None:
    good = start(TINY)
    train(good, dark, until=3)
    state = start(TINY)
    with pytest.raises(Diverged, match="diverged at step 4: its loss is no longer a number"):
        train(state, broken_from(3))
    assert state.step == 3
    assert torch.equal(weights_of(state), weights_of(good))


def test_a_gradient_that_is_no_number_ends_the_training_too() -> None:
    state = start(TINY)
    parameter = next(state.network.parameters())
    parameter.register_hook(lambda gradient: gradient * float("inf"))
    before = weights_of(state)
    with pytest.raises(Diverged, match="diverged at step 1"):
        train(state, dark)
    assert torch.equal(weights_of(state), before)


# ---- validation and saving


def test_validation_is_the_mean_of_all_images_and_changes_nothing() -> None:
    state = start(TINY)
    before = weights_of(state)
    images = dark(np.random.default_rng(0), count=3, side=32).images * np.float32(2)
    images[2] /= 4
    single = [validate(state, [Batch(images[i : i + 1])]) for i in range(3)]
    together = validate(state, [Batch(images[:2]), Batch(images[2:])])
    for name, value in together.items():
        assert value == pytest.approx(np.mean([losses[name] for losses in single]), rel=1e-4)
    assert torch.equal(weights_of(state), before)
    assert all(parameter.grad is None for parameter in state.network.parameters())


@pytest.mark.parametrize("kept", [0, 100, 5000])
def test_a_damaged_state_is_one_sentence(tmp_path: Path, kept: int) -> None:
    path = save_state(start(TINY), tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(TrainingError, match="is damaged: the run cannot continue") as caught:
        resume(TINY, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("orders", "native", "expected"),
    [({1: 1.0}, True, "bfloat16"), ({2: 1.0}, True, "float32"), ({1: 1.0}, False, "float32")],
)
def test_higher_derivatives_are_trained_in_float32(
    monkeypatch: pytest.MonkeyPatch, orders: dict[int, float], native: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: native)
    config = TrainingConfig(smoothness=SmoothnessKind(orders))
    assert training_precision(config, Device("cuda:0", "")) == expected
    assert training_precision(config, Device("cpu", "")) == "float32"
    chosen = config.model_copy(update={"precision": "bfloat16"})
    assert training_precision(chosen, Device("cpu", "")) == "bfloat16"
