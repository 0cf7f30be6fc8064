"""Runs from begin to end in this process: what is written, kept, told, and gone on with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.networks import ZeroDCEPlusPlus
from napari_zerodce.core.smoothness_kind import SmoothnessKind
from napari_zerodce.errors import DeviceError, TrainingError
from napari_zerodce.training.batches import Batch
from napari_zerodce.training.checkpoint_saver import enhanced
from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.events import EventReader, History
from napari_zerodce.training.finetune import finetune
from napari_zerodce.training.loop import start, validate
from napari_zerodce.training.run_folder import RunFolder

MakeRun = Callable[..., RunFolder]


@pytest.fixture(autouse=True)
def each_step_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a checkpoint due however long the steps before took: one may take seconds."""
    monkeypatch.setattr("napari_zerodce.training.checkpoint_saver._GROWTH", 0.0)


def weights_in(path: Path) -> torch.Tensor:
    state = load_checkpoint(path).network.state_dict()
    return torch.cat([state[name].flatten() for name in sorted(state)])


def told_of(history: History) -> tuple[Any, ...]:
    """What must not depend on when a run was interrupted."""
    return (
        history.steps,
        history.losses,
        history.validation,
        history.best_step,
        history.ending,
        history.message,
    )


def picture_in(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


class KilledError(BaseException):
    """As if the process ended there: nothing of the run catches it."""


def killed_at(folder: RunFolder, event: str, step: int) -> None:
    def tell(facts: Mapping[str, Any]) -> None:
        if (facts["event"], facts.get("step")) == (event, step):
            raise KilledError

    with pytest.raises(KilledError):
        finetune(folder, tell=tell)


# ---- a whole run


def test_a_run_leaves_checkpoints_pictures_and_a_history(make_run: MakeRun) -> None:
    folder = make_run()
    told: list[Mapping[str, Any]] = []
    assert finetune(folder, tell=told.append) == "done"
    assert list(EventReader(folder.events).new_events()) == told
    history = folder.history()
    assert history.steps == [1, 2, 3, 4, 5, 6]
    assert set(history.losses) == {"spatial", "exposure", "colour", "smoothness", "total"}
    for number in range(6):
        terms = [values[number] for name, values in history.losses.items() if name != "total"]
        assert history.losses["total"][number] == pytest.approx(sum(terms))
    assert [step for step, _ in history.validation] == [0, 1, 2, 3, 4, 5, 6]
    assert history.best_validation == dict(history.validation)[history.best_step]
    assert (history.planned, history.ending) == (6, "done")
    assert history.device.startswith("cpu")
    assert history.memory > 0
    assert history.steps_per_second > 0
    for saved in history.checkpoints:
        assert load_checkpoint(folder.path / "checkpoints" / saved.file)
        assert picture_in(folder.path / "previews" / saved.preview).shape == (96, 128, 3)
    assert {0, 6, history.best_step} <= {saved.step for saved in history.checkpoints}
    assert picture_in(folder.original).shape == (96, 128, 3)
    assert torch.equal(weights_in(folder.last), weights_in(folder.checkpoint(6)))
    assert torch.equal(weights_in(folder.best), weights_in(folder.checkpoint(history.best_step)))
    assert torch.equal(weights_in(folder.checkpoint(0)), weights_in(folder.start))
    left = {path.name for path in folder.path.rglob("*")}
    assert not [name for name in left if ".part" in name]
    assert not left & {"running.json", "stop"}


def test_a_checkpoint_says_how_it_came_to_be(make_run: MakeRun) -> None:
    kind = SmoothnessKind(orders={1: 0.25, 2: 0.75}, normalisation="period")
    folder = make_run(steps=2, target=0.45, smoothness=kind)
    finetune(folder)
    info = load_checkpoint(folder.last).info
    facts = info.provenance
    assert (info.architecture, info.scale_factor) == ("zero-dce-pp", 12)
    assert info.licence == load_checkpoint("zero-dce-pp").info.licence
    assert facts["began_with"] == "zero-dce-pp"
    assert facts["images"] == "dark 0, dark 1"
    assert facts["step"] == "2 of 2"
    training = json.loads(facts["configuration"])
    assert training["target"] == 0.45
    assert training["scale_factor"] == 2, "what was trained at, for the crops' size"
    assert training["smoothness"]["orders"] == {"1": 0.25, "2": 0.75}


def test_from_scratch(make_run: MakeRun) -> None:
    folder = make_run(wish={"checkpoint": None, "architecture": "zero-dce"}, steps=1)
    assert finetune(folder) == "done"
    info = load_checkpoint(folder.last).info
    assert info.architecture == "zero-dce"
    assert info.provenance["began_with"] == "random weights, seed 1"


def test_mono_images_have_no_colour_loss_and_a_grey_preview(make_run: MakeRun) -> None:
    pixels = np.random.default_rng(0).integers(100, 900, (96, 100), np.uint16)
    folder = make_run(
        images=[TrainingImage("cells", pixels, "mono")], wish={"preset": "fluorescence"}, steps=2
    )
    assert finetune(folder) == "done"
    assert set(folder.history().losses) == {"spatial", "exposure", "smoothness", "total"}
    assert picture_in(folder.preview(2)).shape == (96, 100)


def test_a_finished_run_has_nothing_left_to_do(make_run: MakeRun) -> None:
    folder = make_run(steps=2)
    finetune(folder)
    before = told_of(folder.history())
    assert finetune(folder) == "done"
    assert told_of(folder.history()) == before


# ---- what it is for


def test_training_helps_on_images_it_never_saw(
    make_run: MakeRun, dark_image: Callable[..., TrainingImage]
) -> None:
    folder = make_run(steps=60, run={"checkpoint_seconds": 60}, learning_rate=1e-3)
    finetune(folder)
    history = folder.history()
    assert history.best_validation < 0.8 * history.first_validation
    unseen = [dark_image(seed).array[:64, :64] for seed in (7, 8)]
    images = np.stack(unseen).transpose(0, 3, 1, 2).astype(np.float32) / 255
    training = folder.config().training
    losses = []
    for path in (folder.start, folder.best):
        state = start(training, weights=load_checkpoint(path).network.state_dict())
        losses.append(sum(validate(state, [Batch(images)]).values()))
    assert losses[1] < 0.8 * losses[0]


def test_a_lower_exposure_target_is_darker(make_run: MakeRun) -> None:
    means = []
    for target in (0.3, 0.75):
        folder = make_run(
            f"target {target}",
            steps=40,
            target=target,
            learning_rate=1e-3,
            run={"checkpoint_seconds": 60},
        )
        finetune(folder)
        _, preview = folder.crops()
        means.append(enhanced(preview, load_checkpoint(folder.last).network).mean() / 65535)
    assert means[0] < means[1] - 0.03


# ---- interrupted and gone on with


@pytest.fixture
def unbroken(make_run: MakeRun) -> RunFolder:
    folder = make_run("unbroken")
    assert finetune(folder) == "done"
    return folder


def assert_same(resumed: RunFolder, unbroken: RunFolder) -> None:
    assert told_of(resumed.history()) == told_of(unbroken.history())
    assert torch.equal(weights_in(resumed.last), weights_in(unbroken.last))
    assert torch.equal(weights_in(resumed.best), weights_in(unbroken.best))


def test_same_seed_same_run_other_seed_other_run(make_run: MakeRun, unbroken: RunFolder) -> None:
    again, other = make_run("again"), make_run("other", seed=2)
    finetune(again)
    finetune(other)
    assert_same(again, unbroken)
    assert told_of(other.history()) != told_of(unbroken.history())


@pytest.mark.parametrize(
    ("event", "step"),
    [
        ("started", 0),
        ("validation", 0),
        ("checkpoint", 0),
        ("step", 1),
        ("checkpoint", 3),
        ("step", 4),
        ("validation", 4),
        ("step", 6),
        ("validation", 6),
    ],
)
def test_a_run_killed_anywhere_goes_on_as_if_it_had_not_been(
    make_run: MakeRun, unbroken: RunFolder, event: str, step: int
) -> None:
    folder = make_run("killed")
    killed_at(folder, event, step)
    assert not folder.is_alive
    assert finetune(folder) == "done"
    assert_same(folder, unbroken)


def test_a_better_checkpoint_is_not_replaced_after_a_kill(make_run: MakeRun) -> None:
    """Killed after the best was written and before the run's state says so."""
    wild = {
        "steps": 12,
        "learning_rate": 0.03,
        "final_learning_rate": 0.03,
        "warm_up": 0,
        "seed": 2,
    }
    unbroken, folder = make_run("unbroken", **wild), make_run("killed", **wild)
    finetune(unbroken)
    history = unbroken.history()
    best, before = history.best_step, dict(history.validation)
    assert 0 < best < 12
    assert any(before[step] < before[best - 1] for step in range(best + 1, 13)), "it can fail"
    killed_at(folder, "validation", best)
    finetune(folder)
    assert_same(folder, unbroken)


def test_a_run_that_is_stopped_says_so_and_goes_on(make_run: MakeRun, unbroken: RunFolder) -> None:
    folder = make_run("stopped")

    def stop(facts: Mapping[str, Any]) -> None:
        if (facts["event"], facts.get("step")) == ("step", 3):
            folder.ask_to_stop()

    assert finetune(folder, tell=stop) == "stopped"
    history = folder.history()
    assert (history.step, history.ending) == (3, "stopped")
    assert history.message.startswith("Stopped after 3 steps. ")
    assert folder.checkpoint(3).exists()
    assert finetune(folder) == "done"
    assert_same(folder, unbroken)


def test_a_run_can_be_stopped_before_its_first_step(make_run: MakeRun) -> None:
    folder = make_run()
    assert finetune(folder, should_stop=lambda: True) == "stopped"
    assert folder.history().steps == []
    assert torch.equal(weights_in(folder.best), weights_in(folder.start))


def test_a_wish_to_stop_the_process_before_is_ignored(make_run: MakeRun) -> None:
    folder = make_run(steps=1)
    folder.ask_to_stop()
    os.utime(folder.path / "stop", (0, 0))
    assert finetune(folder) == "done"


# ---- minutes


def test_minutes_turn_into_steps_once(make_run: MakeRun) -> None:
    folder = make_run(run={"minutes": 0.02, "checkpoint_seconds": 60})
    assert finetune(folder) == "done"
    config = folder.config()
    steps = config.training.steps
    assert config.minutes is None
    assert 20 <= steps < 5000
    assert folder.history().planned == folder.history().step == steps
    finetune(folder)
    assert folder.config().training.steps == steps


def test_stopping_the_trial_does_not_settle_the_steps(make_run: MakeRun) -> None:
    folder = make_run(run={"minutes": 3.0})
    finetune(folder, should_stop=lambda: True)
    assert folder.config().minutes == 3.0


# ---- what goes wrong


@pytest.mark.parametrize("steps", [6, 60])
@pytest.mark.parametrize("seconds", [60, 1e-6], ids=["seldom saved", "saved each step"])
def test_a_diverged_run_keeps_its_best(make_run: MakeRun, steps: int, seconds: float) -> None:
    """With 6 steps the validation notices, with 60, where it is rarer, the training does."""
    folder = make_run(
        steps=steps, learning_rate=1e30, warm_up=0, run={"checkpoint_seconds": seconds}
    )
    assert finetune(folder) == "diverged"
    history = folder.history()
    assert history.ending == "diverged"
    assert "diverged at step" in history.message
    assert "\n" not in history.message
    assert torch.equal(weights_in(folder.best), weights_in(folder.start))
    assert np.isfinite(history.losses["total"]).all()
    assert not folder.is_alive


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets training, not validation, run out of memory with more crops than there is room for."""
    estimate = ZeroDCEPlusPlus.estimate_maps

    def limit(crops: int) -> None:
        def limited(self: ZeroDCEPlusPlus, small: torch.Tensor) -> torch.Tensor:
            if torch.is_grad_enabled() and len(small) > crops:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return estimate(self, small)

        monkeypatch.setattr(ZeroDCEPlusPlus, "estimate_maps", limited)

    return limit


def test_without_memory_the_batch_is_halved_and_that_is_told_once(
    make_run: MakeRun, room: Callable[[int], None]
) -> None:
    room(1)
    folder = make_run(batch=4)
    assert finetune(folder) == "done"
    assert folder.history().notices == [
        "The device had too little memory for 4 crops per step; the run continues with 1."
    ]
    assert folder.history().steps == [1, 2, 3, 4, 5, 6]


def test_a_halved_batch_is_not_told_again_when_the_run_goes_on(
    make_run: MakeRun, room: Callable[[int], None]
) -> None:
    room(2)
    folder = make_run(batch=4)
    killed_at(folder, "step", 4)
    finetune(folder)
    assert len(folder.history().notices) == 1


def test_no_memory_at_all_is_one_sentence_and_the_run_is_kept(
    make_run: MakeRun, room: Callable[[int], None]
) -> None:
    room(0)
    folder = make_run()
    with pytest.raises(DeviceError, match="too little memory for a single crop"):
        finetune(folder)
    history = folder.history()
    assert (history.ending, "\n" in history.message) == ("failed", False)
    assert torch.equal(weights_in(folder.best), weights_in(folder.start))
    room(2)
    assert finetune(folder) == "done"


def test_a_device_that_is_not_there_is_told_in_the_events(make_run: MakeRun) -> None:
    folder = make_run(run={"device": "tpu"})
    with pytest.raises(DeviceError, match="no device 'tpu'"):
        finetune(folder)
    assert folder.history().ending == "failed"
    assert not folder.is_alive


@pytest.mark.parametrize("name", ["crops.npz", "state.pt"])
def test_damaged_files_are_one_sentence(make_run: MakeRun, name: str) -> None:
    folder = make_run()
    (folder.path / name).write_bytes(b"nonsense")
    with pytest.raises(TrainingError, match="damaged") as caught:
        finetune(folder)
    assert folder.history().ending == "failed"
    assert folder.history().message == str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_run_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not the folder of a run"):
        finetune(RunFolder(tmp_path))
    assert list(tmp_path.iterdir()) == []
