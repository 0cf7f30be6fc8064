"""Runs of translators from begin to end: what is written, told, chosen, and gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.checkpoints.save import save_checkpoint
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.errors import TrainingError
from napari_zerodce.training.carry_out import carry_out, config_of
from napari_zerodce.training.run_folder import RunFolder
from napari_zerodce.training.translation import loop, saver
from napari_zerodce.training.translation.crops import read_crops

MakeRun = Callable[..., RunFolder]
METHODS = ("pix2pix", "cyclegan", "cut", "fastcut")
TERMS = {
    "pix2pix": {"gan", "l1"},
    "cyclegan": {"gan", "cycle", "identity"},
    "cut": {"gan", "nce"},
    "fastcut": {"gan", "nce"},
}


def weights_in(path: Path) -> torch.Tensor:
    state = load_checkpoint(path).network.state_dict()
    return torch.cat([state[name].flatten().float() for name in sorted(state)])


def picture_size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


class KilledError(BaseException):
    """As if the process ended there: nothing of the run catches it."""


def killed_at(folder: RunFolder, event: str, step: int) -> None:
    def tell(facts: Mapping[str, Any]) -> None:
        if (facts["event"], facts.get("step")) == (event, step):
            raise KilledError

    with pytest.raises(KilledError):
        carry_out(folder, tell=tell)


# ---- a whole run


@pytest.mark.parametrize("method", METHODS)
def test_a_run_leaves_checkpoints_pictures_and_a_history(make_run: MakeRun, method: str) -> None:
    folder = make_run(method)
    assert carry_out(folder) == "done"
    history, held = folder.history(), len(read_crops(folder).held_sources)
    assert history.steps == [1, 2, 3, 4]
    assert set(history.losses) == {*TERMS[method], "discriminator", "total"}
    terms = sum(np.array(history.losses[name]) for name in TERMS[method])
    assert history.losses["total"] == pytest.approx(terms.tolist())
    assert [saved.step for saved in history.checkpoints] == [0, 2, 4]
    for saved in history.checkpoints:
        info = load_checkpoint(folder.path / "checkpoints" / saved.file).info
        assert info.provenance["step"] == f"{saved.step} of 4"
        assert picture_size(folder.path / "previews" / saved.preview) == (32 * held, 32)
    assert torch.equal(weights_in(folder.last), weights_in(folder.checkpoint(4)))
    assert not torch.equal(weights_in(folder.last), weights_in(folder.checkpoint(0)))
    assert (history.planned, history.ending) == (4, "done")
    assert folder.target.exists() == folder.best.exists() == (method == "pix2pix")
    assert len(history.validation) == (3 if method == "pix2pix" else 0)
    assert folder.last.with_name("last_B.safetensors").exists() == (method == "cyclegan")


def test_a_checkpoint_says_how_it_came_to_be(make_run: MakeRun) -> None:
    folder = make_run("cyclegan", wish={"name": "nights"}, nce=3.0)
    carry_out(folder)
    there, back = (
        load_checkpoint(folder.path / f"last{end}.safetensors").info for end in ("", "_B")
    )
    assert there.design == GeneratorDesign("resnet", 3, 3, 2, 1)
    assert there.label == "nights, step 4"
    assert back.label == "nights, backwards, step 4"
    assert there.provenance["images"] == "dark 0, dark 1, dark 2"
    assert back.provenance["images"] == "bright 0, bright 1, bright 2"
    assert "trained by CycleGAN training" in there.describe()
    assert json.loads(there.provenance["configuration"])["nce"] == 3


@pytest.mark.parametrize(("method", "names"), [("cut", ["G"]), ("cyclegan", ["G_A", "G_B"])])
def test_official_programs_find_their_files(
    make_run: MakeRun, method: str, names: list[str]
) -> None:
    folder = make_run(method)
    carry_out(folder)
    *files, told = sorted((folder.path / "official").iterdir())
    assert [file.name for file in files] == [f"latest_net_{name}.pth" for name in names]
    assert torch.equal(weights_in(files[0]), weights_in(folder.last))
    assert told.name == "options.txt"
    lines = told.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(files)
    for file, line in zip(files, lines, strict=True):
        assert line.startswith(f"{file.name}: ")
        assert "n_blocks=1" in line


def test_the_best_weights_of_pairs_have_the_lowest_difference(make_run: MakeRun) -> None:
    folder = make_run("pix2pix", steps=6, learning_rate=1e-2)
    carry_out(folder)
    history = folder.history()
    best = dict(history.validation)[history.best_step]
    assert best == min(loss for _, loss in history.validation)
    assert torch.equal(weights_in(folder.best), weights_in(folder.checkpoint(history.best_step)))
    assert history.message.endswith(f"the lowest at step {history.best_step}.")


def test_minutes_become_steps(make_run: MakeRun) -> None:
    folder = make_run("cut", run={"minutes": 1e-6, "checkpoint_seconds": 5.0})
    assert carry_out(folder) == "done"
    config = config_of(folder)
    assert config.minutes is None
    assert folder.history().step == config.training.steps == 20


# ---- continued


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("event", "step"), [("step", 1), ("step", 2), ("checkpoint", 2)])
def test_a_killed_run_continues_with_the_same_result(
    make_run: MakeRun, method: str, event: str, step: int
) -> None:
    whole, broken = make_run(method, "whole"), make_run(method, "broken")
    carry_out(whole)
    killed_at(broken, event, step)
    assert broken.history().ending is None
    carry_out(broken)
    assert torch.equal(weights_in(broken.last), weights_in(whole.last))
    found, expected = broken.history(), whole.history()
    assert (found.steps, found.losses) == (expected.steps, expected.losses)
    assert (found.checkpoints, found.validation) == (expected.checkpoints, expected.validation)


def test_a_stopped_run_continues(make_run: MakeRun) -> None:
    whole, stopped = make_run("cyclegan", "whole"), make_run("cyclegan", "stopped")
    carry_out(whole)
    asked = iter([False, True])
    assert carry_out(stopped, should_stop=lambda: next(asked)) == "stopped"
    assert stopped.history().checkpoints[-1].step == 1
    carry_out(stopped)
    assert torch.equal(weights_in(stopped.last), weights_in(whole.last))


def test_a_run_without_its_state_does_not_start_again(make_run: MakeRun) -> None:
    folder = make_run()
    carry_out(folder, should_stop=iter([False, True]).__next__)
    folder.state.unlink()
    with pytest.raises(TrainingError, match=r"state\.pt is missing"):
        carry_out(folder)


# ---- from a loaded generator


@pytest.fixture
def generator_file(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    design = GeneratorDesign("resnet", features=3, depth=2)
    path = tmp_path / "generator.safetensors"
    return save_checkpoint(path, make_generator(design), licence="CC0-1.0", provenance={})


@pytest.mark.parametrize("method", ["pix2pix", "cyclegan", "cut"])
def test_a_loaded_generator_is_frozen_at_first(
    make_run: MakeRun, generator_file: Path, method: str
) -> None:
    wish = {"checkpoint": generator_file}
    folder = make_run(method, wish=wish, frozen_steps=2, features=3, blocks=2, steps=8)
    carry_out(folder)
    first, frozen, last = (weights_in(folder.checkpoint(step)) for step in (0, 2, 8))
    assert torch.equal(first, weights_in(generator_file))
    assert torch.equal(first, frozen)
    assert not torch.equal(frozen, last)
    assert any("for the first 2 steps" in notice for notice in folder.history().notices)
    info = load_checkpoint(folder.last).info
    assert (info.licence, info.design.features) == ("CC0-1.0", 3)
    assert info.provenance["began_with"] == "generator.safetensors"
    if method == "cyclegan":
        back = load_checkpoint(folder.last.with_name("last_B.safetensors")).info
        assert back.provenance["began_with"] == "random weights, seed 1"
        assert "began_with_sha256" not in back.provenance


def test_a_short_run_changes_a_loaded_generator(make_run: MakeRun, generator_file: Path) -> None:
    folder = make_run("cut", wish={"checkpoint": generator_file}, features=3, blocks=2)
    carry_out(folder)
    begun, frozen, last = (weights_in(folder.checkpoint(step)) for step in (0, 2, 4))
    assert not torch.equal(begun, last)
    assert not torch.equal(begun, frozen), "1 of 4 steps is frozen"
    assert any("the first 1 step, a quarter of" in each for each in folder.history().notices)


# ---- what goes wrong


def test_an_inverted_result_gives_an_alarm_until_it_ends(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([-0.9, -0.5, -0.4, 0.3, 0.4])
    monkeypatch.setattr(saver, "brightness_correlation", lambda *_: next(found))
    folder = make_run("cut", steps=8)
    alarms = []
    carry_out(folder, tell=lambda _: alarms.append(folder.history().alarm))
    told = [notice for notice in folder.history().notices if "brightness" in notice]
    assert [notice.split(",")[0] for notice in told] == ["At step 2", "At step 6"]
    assert "another seed, or with a higher PatchNCE weight." in told[0]
    assert any(alarms)
    assert not alarms[-1]


@pytest.mark.parametrize("correlation", [-0.0, -0.03, -0.2])
def test_results_without_a_relation_to_their_sources_are_not_inverted(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, correlation: float
) -> None:
    monkeypatch.setattr(saver, "brightness_correlation", lambda *_: correlation)
    folder = make_run("cut")
    carry_out(folder)
    assert not folder.history().alarm


def test_a_frozen_generator_gives_no_alarm(
    make_run: MakeRun, generator_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "brightness_correlation", lambda *_: -0.9)
    wish = {"checkpoint": generator_file}
    folder = make_run("cut", wish=wish, features=3, blocks=2, steps=8, frozen_steps=2)
    carry_out(folder)
    told = [notice for notice in folder.history().notices if "brightness" in notice]
    assert [notice.split(",")[0] for notice in told] == ["At step 4"]


def test_pairs_give_no_alarm(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saver, "brightness_correlation", lambda *_: -1.0)
    folder = make_run("pix2pix")
    carry_out(folder)
    assert not folder.history().alarm


def test_a_diverged_run_keeps_its_checkpoints(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run("cut")
    monkeypatch.setattr(loop, "learning_rate", lambda _, step: float("inf") if step == 2 else 1e-4)
    assert carry_out(folder) == "diverged"
    history = folder.history()
    assert history.ending == "diverged"
    assert "diverged at step" in history.message
    assert torch.isfinite(weights_in(folder.last)).all()
