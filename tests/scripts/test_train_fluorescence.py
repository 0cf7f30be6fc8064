"""The scripts that make the fluorescence weights: runs that resume, frames, held-out images."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import train_fluorescence
import training_data
from fluorescence_batches import FrameBatches, Tone, clean_nuclei, window_of
from prefetch import prefetched
from simulated_frames import cells, filaments, record, specimen, spots

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.training.config import TrainingConfig
from napari_zerodce.training.loop import TrainingState

TINY = tuple(
    train_fluorescence.Stage(
        TrainingConfig(
            architecture="zero-dce-pp", scale_factor=2, steps=steps, batch=1, crop=32, target=target
        ),
        Tone(0.7, 0.02),
    )
    for steps, target in ((3, 0.6), (2, 0.5))
)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return packed nuclei."""
    generator = np.random.default_rng(0)
    nuclei = cells(generator, 80).astype(np.float16)
    np.savez(tmp_path / "images.npz", **{"nuclei-000": nuclei})
    return tmp_path / "images.npz"


def weights(state: TrainingState) -> torch.Tensor:
    return torch.cat([parameter.flatten() for parameter in state.network.parameters()])


def test_a_stopped_run_continues_with_the_same_weights(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_fluorescence, "STEPS_PER_SAVE", 2)
    unbroken = train_fluorescence.run(TINY, images, tmp_path / "unbroken")
    train_fluorescence.run(TINY, images, tmp_path / "broken", deadline=time.monotonic() - 1)
    broken = train_fluorescence.run(TINY, images, tmp_path / "broken", deadline=math.inf)
    assert (unbroken.step, broken.step) == (2, 2)
    assert unbroken.config == broken.config == TINY[1].config
    assert torch.equal(weights(unbroken), weights(broken))
    log = (tmp_path / "unbroken/stage-1" / train_fluorescence.LOG).read_text().splitlines()
    assert [line.partition(",")[0] for line in log] == ["step", "2", "3"]


def test_the_checkpoint_says_how_it_was_made(images: Path, tmp_path: Path) -> None:
    state = train_fluorescence.run(TINY, images, tmp_path / "run")
    train_fluorescence.save(TINY, state, tmp_path / "tiny.safetensors")
    info = load_checkpoint(tmp_path / "tiny.safetensors").info
    assert (info.architecture, info.scale_factor) == ("zero-dce-pp", 2)
    assert info.licence == "BSD-3-Clause"
    assert info.provenance["steps"] == "3 + 2"
    assert "CC0" in info.provenance["images"]


def test_batches_made_in_advance_are_the_same(images: Path) -> None:
    config = TINY[0].config.model_copy(update={"steps": 5})
    source = FrameBatches(training_data.load(images), TINY[0].tone)
    unused = np.random.default_rng(9)
    with prefetched(source, config, first=2, processes=2) as batches:
        found = [batches(unused, count=1, side=32).images for _ in range(2, 5)]
    for step, image in enumerate(found, start=2):
        generator = np.random.default_rng((config.seed, step))
        np.testing.assert_array_equal(image, source(generator, count=1, side=32).images)


def test_frames_are_windowed_and_their_background_has_no_weight() -> None:
    nuclei = [cells(np.random.default_rng(0), 96)]
    frames = FrameBatches(nuclei, Tone(0.75, 0.02))
    batch = frames(np.random.default_rng(3), count=4, side=64)
    assert batch.images.shape == (4, 1, 64, 64)
    assert batch.goals is not None
    assert batch.goals.brightness.max() <= 0.75 + 1e-6
    assert (batch.goals.weight == 0).any()
    assert (batch.goals.weight > 0).any()


def test_the_tone_keeps_black_and_order() -> None:
    tone = Tone(top=0.8, knee=0.02)
    light = np.linspace(0, 1, 101, dtype=np.float32)
    goal = tone(light)
    assert (goal[0], goal[-1]) == (0, pytest.approx(0.8))
    assert (np.diff(goal) > 0).all()
    assert goal[2] / goal[-1] == pytest.approx(math.asinh(1) / math.asinh(50))


@pytest.mark.parametrize("draw", [cells, filaments, spots])
def test_drawn_specimens_are_dark_between_objects(draw) -> None:  # type: ignore[no-untyped-def]
    light = draw(np.random.default_rng(5), 64)
    assert light.shape == (64, 64)
    assert light.min() >= 0
    assert 0.01 < light.max() < 4
    assert np.median(light) < 0.5 * light.max()


def test_a_frame_without_noise_would_be_the_clean_one() -> None:
    """The mean of many frames' deviations is nearly 0; the offset is in both."""
    generator = np.random.default_rng(2)
    signal = specimen(generator, 48, [cells(generator, 64)])
    frame = record(np.random.default_rng(4), signal)
    assert frame.clean.min() >= 100
    assert frame.noisy.shape == frame.clean.shape == (48, 48)


def test_the_window_of_a_frame_begins_above_its_background() -> None:
    """Background 100 +- 5 and a cell of 500: the window begins at about 105."""
    frame = np.random.default_rng(0).normal(100, 5, (512, 512)).astype(np.float32)
    frame[:80, :80] = 500
    low, high, background = window_of(frame)
    assert low == pytest.approx(105, abs=1)
    assert high == pytest.approx(500)
    assert background.is_dark


def test_clean_nuclei_are_black_between_the_cells() -> None:
    image = np.full((64, 64), 10, np.uint8)
    image[::2, ::2] = 11
    image[20:40, 20:40] = 110
    light = clean_nuclei(image)
    assert light[:10, :10].max() < 0.02
    assert light[30, 30] == pytest.approx(1, abs=0.05)


def test_held_out_images_are_not_trained_on(tmp_path: Path) -> None:
    folder = tmp_path / "microscopy/dsb2018"
    folder.mkdir(parents=True)
    for number in range(32):
        (folder / f"{number:02}.png").touch()
    assert [path.stem for path in training_data.training_files(tmp_path)] == ["00", "01"]


def test_other_images_than_the_listed_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_data, "LIST", tmp_path / "list.txt")
    image = tmp_path / "a.png"
    image.write_bytes(b"one")
    training_data.check([image], tmp_path)
    training_data.check([image], tmp_path)
    image.write_bytes(b"other")
    with pytest.raises(SystemExit, match=r"2 training images are not those of list\.txt"):
        training_data.check([image], tmp_path)
