"""What is saved of a run, and when."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.training import checkpoint_saver
from napari_zerodce.training.checkpoint_saver import CheckpointSaver, enhanced, write_picture
from napari_zerodce.training.loop import Diverged, start
from napari_zerodce.training.run_folder import RunFolder


def picture_in(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


class Clock:
    """Stands in for `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(checkpoint_saver, "time", clock)
    return clock


@pytest.fixture
def saver(make_run: Callable[..., RunFolder], clock: Clock) -> tuple[CheckpointSaver, Any, list]:
    folder = make_run(run={"checkpoint_seconds": 10.0})
    config = folder.config()
    weights = load_checkpoint(folder.start).network.state_dict()
    state = start(config.training, weights=weights)
    _, preview = folder.crops()
    told: list[dict[str, Any]] = []

    def write(event: str, **facts: Any) -> None:
        told.append({"event": event, **facts})

    return CheckpointSaver(folder, config, state, preview=preview, write=write), state, told


def test_nothing_is_saved_before_it_is_due(saver, clock, tmp_path) -> None:
    saver, _, told = saver
    folder = RunFolder(tmp_path / "run")
    clock.now += 9.9
    saver.save_after_step()
    saver.save_after_validation()
    assert not folder.last.exists()
    assert not folder.state.exists()
    assert told == []


def test_a_step_saves_what_is_needed_to_go_on_and_a_validation_what_can_be_looked_at(
    saver, clock, tmp_path
) -> None:
    saver, state, told = saver
    folder = RunFolder(tmp_path / "run")
    clock.now += 10
    state.step = 3
    saver.save_after_step()
    assert folder.last.exists()
    assert folder.state.exists()
    assert told == []
    assert state.notes["seconds"] == 10
    saver.save_after_validation()
    names = {"file": "step-000003.safetensors", "preview": "step-000003.png"}
    assert told == [{"event": "checkpoint", "step": 3, **names}]
    assert folder.checkpoint(3).exists()
    assert folder.preview(3).exists()


def test_a_step_saves_what_can_be_looked_at_if_the_next_validation_is_far(saver, clock) -> None:
    saver, _, told = saver
    clock.now += 20
    saver.save_after_step()
    assert [event["event"] for event in told] == ["checkpoint"]


def test_long_runs_show_checkpoints_a_fiftieth_of_their_time_apart(saver, clock) -> None:
    saver, state, told = saver
    state.notes["seconds"] = 50 * 60.0
    clock.now += 59
    saver.save_after_validation()
    assert told == []
    clock.now += 1
    saver.save_after_validation()
    assert len(told) == 1


def test_the_best_weights_become_one_that_can_be_looked_at_once(saver, tmp_path) -> None:
    saver, state, told = saver
    folder = RunFolder(tmp_path / "run")
    state.step = 2
    saver.save_best()
    state.notes["best_step"] = 2
    saver.show_best()
    saver.show_best()
    assert folder.checkpoint(2).read_bytes() == folder.best.read_bytes()
    assert [event["step"] for event in told] == [2]


@pytest.mark.parametrize("shown", [False, True])
def test_weights_that_are_not_numbers_are_not_saved(saver, tmp_path, shown) -> None:
    saver, state, _ = saver
    with torch.no_grad():
        next(iter(state.network.parameters())).fill_(float("nan"))
    with pytest.raises(Diverged):
        saver.save(shown=shown)
    assert not RunFolder(tmp_path / "run").last.exists()


def test_the_original_preview_is_written(saver, tmp_path) -> None:
    saver[0].save_original()
    assert picture_in(RunFolder(tmp_path / "run").original).shape == (96, 128, 3)


# ---- pictures of the preview


@pytest.mark.parametrize("channels", [1, 3])
def test_a_preview_is_enhanced_as_an_image_is(channels: int) -> None:
    preview = np.random.default_rng(0).integers(0, 20000, (channels, 50, 60), np.uint16)
    network = load_checkpoint("zero-dce-pp").network
    image = torch.from_numpy(preview.astype(np.float32) / 65535)[None]
    with torch.no_grad():
        alphas = network(image.expand(-1, 3, -1, -1)).mean(2, keepdim=True)
        if channels == 3:
            alphas = network(image)
        expected = apply_curves(image, alphas)[0] * 65535
    assert enhanced(preview, network) == pytest.approx(expected.numpy(), abs=1)


def test_a_preview_is_written_in_eight_bits(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.original.parent.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)
    write_picture(folder.original, pixels.astype(np.uint16) * 257)
    write_picture(folder.preview(7), pixels[:1].astype(np.uint16) * 257)
    assert np.array_equal(picture_in(folder.original), pixels.transpose(1, 2, 0))
    assert np.array_equal(picture_in(folder.preview(7)), pixels[0])
