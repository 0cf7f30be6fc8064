"""``napari-zerodce finetune`` as a user runs it: killed, interrupted, resumed, and refused."""

from __future__ import annotations

import json
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.new_run import TrainingRequest, create_run
from napari_zerodce.training.run_folder import RunFolder

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")

TINY = ("--crop", "32", "--batch", "2", "--checkpoint", "zero-dce-pp", "--device", "cpu")

RunCommand = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def photos(tmp_path: Path, make_photo) -> Path:
    """A folder with three dark photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        Image.fromarray(make_photo(96, 128, seed)).save(folder / f"{seed}.png")
    return folder


@pytest.fixture
def tiny_run(tmp_path: Path, make_photo) -> Callable[..., RunFolder]:
    """Makes the folder of a run that saves every 10 milliseconds."""

    def make(name: str, steps: int) -> RunFolder:
        images = [TrainingImage(str(seed), make_photo(96, 128, seed), "rgb") for seed in range(2)]
        changes = {"crop": 32, "batch": 2, "seed": 5}
        wish = TrainingRequest(images=images, device="cpu", steps=steps, crops=16, changes=changes)
        folder = create_run(wish, tmp_path / name)
        folder.write_config(folder.config().model_copy(update={"checkpoint_seconds": 0.01}))
        return folder

    return make


def weights_in(path: Path) -> torch.Tensor:
    state = load_checkpoint(path).network.state_dict()
    return torch.cat([state[name].flatten() for name in sorted(state)])


def only_line(text: str) -> str:
    """The one line of an error, as it must be."""
    assert text.count("\n") == 1, text
    assert text.startswith("napari-zerodce: ")
    return text.strip()


# ---- a whole run


def test_photos_become_a_checkpoint_that_enhances(
    photos: Path, tmp_path: Path, run_command: RunCommand, run_here: RunCommand, load_photo
) -> None:
    done = run_command("finetune", photos, "--output", "run", *TINY, "--steps", "4", "--seed", "3")
    assert done.returncode == 0, done.stderr
    folder = RunFolder(tmp_path / "run")
    assert done.stdout == f"{folder.best}\n"
    lines = done.stderr.splitlines()
    assert lines[0] == (
        "The preset is few-photos, because there are less than 20 images: hues stay as they are."
    )
    assert lines[1].startswith("4 steps on cpu")
    assert lines[2].startswith("step 0: validation loss ")
    assert lines[-1].startswith("Done: 4 steps. Validation loss ")
    history, config = folder.history(), folder.config()
    assert (history.steps, history.ending) == ([1, 2, 3, 4], "done")
    assert (config.training.seed, config.training.crop, config.training.batch) == (3, 32, 2)
    assert config.images == ("0.png", "1.png", "2.png")
    assert config.preset == "few-photos"
    assert (config.training.weights.colour, config.training.weights.channels) == (0, 100)

    words = ("--checkpoint", "run/best.safetensors", "--device", "cpu")
    enhanced = run_here("enhance", photos / "0.png", "--output", "bright.png", *words)
    assert enhanced.returncode == 0, enhanced.stderr
    assert load_photo(tmp_path / "bright.png").mean() > load_photo(photos / "0.png").mean() + 20

    again = run_here("finetune", photos, "--output", "run", *TINY)
    assert again.returncode == 2
    assert "already holds a run; resume it" in only_line(again.stderr)


def test_every_option_is_recorded(tmp_path: Path, run_here: RunCommand) -> None:
    stack = np.random.default_rng(0).integers(100, 900, (2, 64, 80), np.uint16)
    tifffile.imwrite(tmp_path / "cells.tif", stack, photometric="minisblack")
    # fmt: off
    done = run_here(
        "finetune", "cells.tif", "--output", "run", *TINY[:4], "--from-scratch", "zero-dce",
        "--device", "cpu", "--preset", "fluorescence", "--steps", "1", "--crops", "6",
        "--window", "percentile:1,99", "--learning-rate", "2e-4", "--exposure-target", "0.35",
        "--exposure-stops", "-0.5,1", "--precision", "float32", "--spatial-weight", "2",
        "--exposure-weight", "7", "--smoothness-weight", "150", "--smoothness-order",
        "1:0.5,2:0.25", "--channel-weight", "60", "--name", "cells of\nNovember",
        "--smoothness-normalisation", "noise", "--smoothness-period", "8",
        "--smoothness-penalty", "charbonnier", "--edge-aware",
    )
    # fmt: on
    assert done.returncode == 0, done.stderr
    folder = RunFolder(tmp_path / "run")
    training = json.loads((folder.path / "config.json").read_text())["training"]
    expected = {
        "architecture": "zero-dce",
        "learning_rate": 2e-4,
        "target": 0.35,
        "exposure_stops": [-0.5, 1],
        "keep_background": True,
        "precision": "float32",
        "weights": {
            "spatial": 2,
            "exposure": 7,
            "colour": 5,
            "channels": 60,
            "smoothness": 150,
            "background": 0,
        },
        "steps": 1,
    }
    assert {name: training[name] for name in expected} == expected
    kind = training["smoothness"]
    assert kind["orders"] == {"1": 0.5, "2": 0.25}
    assert (kind["normalisation"], kind["period"]) == ("noise", 8)
    assert (kind["penalty"], kind["edge_aware"]) == ("charbonnier", True)
    assert len(folder.crops()[0].training) == 6
    facts = load_checkpoint(folder.best).info.provenance
    assert json.loads(facts["configuration"]) == training
    assert "smoothness 150" in facts["loss_weights"]
    assert folder.config().name == facts["given_name"] == "cells of November"
    said = run_here("info", folder.best)
    assert re.search(r"^  given name: +cells of November$", said.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "orders", "edge_aware"),
    [
        ((), {"2": 1.0}, True),
        (("--smoothness-period", "8"), {"2": 1.0}, True),
        (("--smoothness-order", "3"), {"3": 1.0}, True),
    ],
)
def test_the_smoothness_is_that_of_the_preset_where_nothing_is_typed(
    photos: Path, tmp_path: Path, run_here: RunCommand, words, orders, edge_aware
) -> None:
    preset = ("--preset", "photo-without-facets", "--steps", "1", *words)
    done = run_here("finetune", photos, "--output", "run", *TINY, *preset)
    assert done.returncode == 0, done.stderr
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    kind = config["training"]["smoothness"]
    assert (kind["orders"], kind["edge_aware"]) == (orders, edge_aware)
    assert kind["normalisation"] == "period"


# ---- killed, interrupted, two at once


@POSIX
def test_a_killed_run_goes_on_as_an_unbroken_one(
    tiny_run: Callable[..., RunFolder],
    command_to_step,
    start_child,
    wait_until,
    run_command: RunCommand,
) -> None:
    unbroken, folder = tiny_run("unbroken", 80), tiny_run("killed", 80)
    assert run_command("finetune", "--resume", unbroken.path).returncode == 0
    process = start_child(
        command_to_step(79, "finetune", "--resume", folder.path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((folder.path / "state.pt").exists, process)
    seen = random.randint(1, 79)
    wait_until(lambda: folder.history().step >= seen, process)
    process.kill()
    process.communicate(timeout=200)
    moment = folder.history().step
    done = run_command("finetune", "--resume", folder.path)
    assert done.returncode == 0, (moment, done.stderr)
    one, other = folder.history(), unbroken.history()
    assert one.steps == other.steps == list(range(1, 81)), moment
    assert one.losses == other.losses, moment
    assert one.validation == other.validation, moment
    assert torch.equal(weights_in(folder.last), weights_in(unbroken.last)), moment
    assert torch.equal(weights_in(folder.best), weights_in(unbroken.best)), moment
    assert not folder.is_alive


@POSIX
def test_ctrl_c_saves_and_says_how_to_go_on_and_no_second_process_interferes(
    photos: Path, tmp_path: Path, command, start_child, wait_until, run_here: RunCommand
) -> None:
    words = command("finetune", photos, "--output", tmp_path / "my run", *TINY)
    process = start_child(
        [*words, "--steps", "100000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    folder = RunFolder(tmp_path / "my run")
    wait_until(lambda: folder.events.exists() and folder.history().step >= 3, process)

    second = run_here("finetune", "--resume", folder.path)
    assert second.returncode == 1
    assert "Another process already works on the run" in only_line(second.stderr)
    assert process.poll() is None

    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=200)
    assert process.returncode == 130
    history = folder.history()
    assert history.ending == "stopped"
    assert weights_in(folder.last).isfinite().all()
    assert folder.checkpoint(history.step).exists()
    assert not folder.is_alive
    line = errors.splitlines()[-1]
    assert line.startswith("napari-zerodce: interrupted; continue with: ")
    hint = shlex.split(line.partition("continue with: ")[2])
    assert hint == ["napari-zerodce", "finetune", "--resume", str(folder.path)]
    assert "Traceback" not in errors
    assert out == f"{folder.best}\n"


# ---- no room


def limited(size: int) -> Callable[[], None]:
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@POSIX
def test_a_disk_that_becomes_full_is_one_sentence_and_what_was_saved_is_kept(
    tiny_run: Callable[..., RunFolder], command
) -> None:
    """Checkpoints need 50 kB; the state has Adam's moments from the first step on: 150 kB."""
    folder = tiny_run("run", 20)
    process = subprocess.run(
        command("finetune", "--resume", folder.path),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        preexec_fn=limited(60_000),
    )
    assert process.returncode == 1
    assert "Traceback" not in process.stderr
    last = process.stderr.splitlines()[-1]
    assert last.startswith(f"napari-zerodce: The run folder {folder.path} cannot be written: ")
    assert folder.history().ending == "failed"
    assert weights_in(folder.best).isfinite().all()
    assert not folder.is_alive
    assert not list(folder.path.rglob("*.part*"))


@POSIX
def test_no_room_for_the_configuration_is_one_sentence(
    tiny_run: Callable[..., RunFolder], command
) -> None:
    folder = tiny_run("run", 2)
    process = subprocess.run(
        command("finetune", "--resume", folder.path, "--device", "cpu"),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        preexec_fn=limited(100),
    )
    assert process.returncode == 1
    assert "cannot be written" in only_line(process.stderr)


# ---- mistakes


@pytest.fixture(scope="module")
def mistakes(tmp_path_factory: pytest.TempPathFactory, make_photo) -> Path:
    """A folder with good and bad images, to be mistaken in."""
    folder = tmp_path_factory.mktemp("mistakes")
    photo = make_photo(64, 64)
    Image.fromarray(photo).save(folder / "good.png")
    Image.fromarray(photo[..., 0]).save(folder / "mono.png")
    Image.fromarray(photo * 0).save(folder / "black.png")
    Image.fromarray(photo[:1, :1]).save(folder / "dot.png")
    (folder / "text.png").write_text("hello")
    (folder / "empty").mkdir()
    return folder


OUTPUT = ("--output", "run")


@pytest.mark.parametrize(
    ("words", "exit_code", "complaint"),
    [
        (OUTPUT, 2, "There is no image to train on"),
        (("good.png",), 2, "--output is missing"),
        (("good.png", "--output", "empty/../good.png"), 2, "is a file; choose another folder"),
        (("good.png", "--output", "good.png/run"), 1, "cannot be written: Not a directory"),
        (("empty", *OUTPUT), 2, "no image in the folder 'empty'"),
        (("nowhere.png", *OUTPUT), 1, "nowhere.png"),
        (("text.png", *OUTPUT), 1, "text.png"),
        (("dot.png", *OUTPUT), 1, "1x1 pixels, too few to train on"),
        (("black.png", *OUTPUT), 1, "'black.png' is black or constant"),
        (("good.png", "mono.png", *OUTPUT), 2, "train on images of one kind"),
        (("good.png", *OUTPUT, "--steps", "0"), 2, "The number of steps is 0; give 1 to"),
        (("good.png", *OUTPUT, "--steps", "3", "--minutes", "1"), 2, "Both steps and minutes"),
        (("good.png", *OUTPUT, "--minutes", "0"), 2, "--minutes is 0"),
        (("good.png", *OUTPUT, "--crops", "0"), 2, "--crops is 0"),
        (
            ("good.png", *OUTPUT, "--exposure-target", "1.5"),
            2,
            "The exposure target is 1.5; give above 0",
        ),
        (
            ("good.png", *OUTPUT, "--colour-weight", "-1"),
            2,
            "The colour weight is -1; give 0 or more.",
        ),
        (("good.png", *OUTPUT, "--exposure-stops", "1"), 2, "are not two numbers"),
        (
            ("good.png", *OUTPUT, "--exposure-stops", "3,-1"),
            2,
            "the first number must not be above",
        ),
        (("good.png", *OUTPUT, "--smoothness-order", "4"), 2, "orders are 1 to 3"),
        (("good.png", *OUTPUT, "--smoothness-order", "x"), 2, "The smoothness is invalid"),
        (("good.png", *OUTPUT, "--smoothness-order", "1:nan"), 2, "smoothness"),
        (("good.png", *OUTPUT, "--smoothness-period", "nan"), 2, "smoothness"),
        (("good.png", *OUTPUT, "--window", "huh"), 2, "The window 'huh'"),
        (("good.png", *OUTPUT, "--checkpoint", "none.pth"), 1, "does not exist"),
        (
            ("good.png", *OUTPUT, "--checkpoint", "zero-dce", "--from-scratch", "zero-dce"),
            2,
            "Both --checkpoint and --from-scratch",
        ),
        (("good.png", *OUTPUT, "--device", "tpu"), 1, "no device 'tpu'"),
        (("--resume", "nowhere"), 1, "is not the folder of a run"),
        (("--resume", "x" * 300), 1, "is not the folder of a run"),
        (("--resume", "run", "--steps", "3"), 2, "--steps is given, too"),
        (("--resume", "run", "--edge-aware"), 2, "--edge-aware is given, too"),
        (("good.png", "--resume", "run"), 2, "an image is given, too"),
    ],
)
def test_every_mistake_is_one_sentence_and_nothing_is_written(
    mistakes: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_here: RunCommand,
    words: tuple[str, ...],
    exit_code: int,
    complaint: str,
) -> None:
    before = set(mistakes.rglob("*"))
    monkeypatch.chdir(mistakes)
    done = run_here("finetune", *words)
    written = set(mistakes.rglob("*")) - before
    for path in {mistakes / path.relative_to(mistakes).parts[0] for path in written}:
        shutil.rmtree(path)
    assert complaint in only_line(done.stderr)
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert not written


@pytest.mark.parametrize("words", [("--preset", "xray"), ("--steps", "x"), ("--sted", "1")])
def test_words_that_are_not_known_are_one_sentence(
    run_here: RunCommand, words: tuple[str, ...]
) -> None:
    done = run_here("finetune", "good.png", *OUTPUT, *words)
    assert done.returncode == 2
    assert done.stderr.startswith("napari-zerodce")
    assert done.stderr.count("\n") == 1


@POSIX
def test_a_diverged_run_ends_with_1_and_one_sentence(
    photos: Path, tmp_path: Path, run_here: RunCommand
) -> None:
    words = ("--output", "run", *TINY, "--steps", "5", "--learning-rate", "1e30")
    done = run_here("finetune", photos, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "diverged at step 1" in done.stderr.splitlines()[-1]
    folder = RunFolder(tmp_path / "run")
    # Training sets subnormal weights to 0.
    torch.testing.assert_close(
        weights_in(folder.best), weights_in(folder.start), rtol=0, atol=1e-37
    )
