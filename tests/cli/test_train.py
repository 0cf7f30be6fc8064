"""``napari-zerodce train`` as a user runs it: begun, killed, resumed, and refused."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.training.run_folder import RunFolder

TINY = ("--crop", "32", "--features", "2", "--blocks", "1", "--crops", "6", "--device", "cpu")

RunCommand = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folders(tmp_path: Path, make_photo) -> tuple[Path, Path]:
    """Dark photos, and bright photos of the same scenes, in two folders."""
    for folder, factor in (("dark", 1), ("bright", 3)):
        (tmp_path / folder).mkdir()
        for seed in range(3):
            photo = np.minimum(make_photo(48, 64, seed).astype(int) * factor, 255)
            Image.fromarray(photo.astype(np.uint8)).save(tmp_path / folder / f"{seed}.png")
    return tmp_path / "dark", tmp_path / "bright"


def weights_in(path: Path) -> torch.Tensor:
    state = load_checkpoint(path).network.state_dict()
    return torch.cat([state[name].flatten().float() for name in sorted(state)])


def only_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert text.startswith(("napari-zerodce: ", "napari-zerodce train: "))
    return text.strip()


def test_two_folders_become_a_translator_that_enhances(
    folders: tuple[Path, Path], tmp_path: Path, run_here: RunCommand
) -> None:
    done = run_here("train", "cut", *folders, "--output", "run", *TINY, "--steps", "2")
    assert done.returncode == 0, done.stderr
    folder = RunFolder(tmp_path / "run")
    assert done.stdout == f"{folder.last}\n"
    lines = done.stderr.splitlines()
    assert lines[0].startswith("There are 3 sources and 3 targets: with less than 20 images")
    assert re.match(r"2 steps take about \S+ (seconds|minutes?|hours) on cpu", lines[1])
    assert lines[2].startswith("2 steps on cpu")
    assert lines[-1].startswith("Done: 2 steps.")
    words = ("--checkpoint", "run/last.safetensors", "--device", "cpu")
    enhanced = run_here("enhance", folders[0] / "0.png", "--output", "new.png", *words)
    assert enhanced.returncode == 0, enhanced.stderr
    with Image.open(tmp_path / "new.png") as picture:
        assert picture.size == (64, 48)


def test_pairs_are_told_and_the_best_weights_are_the_result(
    folders: tuple[Path, Path], tmp_path: Path, run_here: RunCommand
) -> None:
    with Image.open(folders[1] / "2.png") as photo:
        photo.save(folders[1] / "2.tif")
    (folders[1] / "2.png").unlink()
    done = run_here("train", "pix2pix", *folders, "--output", "run", *TINY, "--steps", "1")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("3 pairs by their names, such as '0.png' with '0.png'.\n")
    assert done.stdout == f"{RunFolder(tmp_path / 'run').best}\n"


@pytest.mark.parametrize("command_name", ["train", "finetune"])
def test_a_killed_run_goes_on_as_an_unbroken_one(
    folders: tuple[Path, Path],
    tmp_path: Path,
    command_to_step,
    start_child,
    wait_until,
    run_here,
    command_name: str,
) -> None:
    """The dock continues every run with ``finetune --resume``."""
    words = ("cut", *folders, *TINY, "--steps", "60", "--seed", "3", "--checkpoint-steps", "10")
    assert run_here("train", *words, "--output", "unbroken").returncode == 0
    process = start_child(
        command_to_step(59, "train", *words, "--output", tmp_path / "killed"),
        stderr=subprocess.DEVNULL,
    )
    folder, unbroken = RunFolder(tmp_path / "killed"), RunFolder(tmp_path / "unbroken")
    wait_until(lambda: folder.history().step >= 25, process)
    process.kill()
    process.communicate(timeout=60)
    moment = folder.history().step
    done = run_here(command_name, "--resume", folder.path)
    assert done.returncode == 0, (moment, done.stderr)
    one, other = folder.history(), unbroken.history()
    assert (one.steps, one.losses) == (other.steps, other.losses), moment
    assert one.checkpoints == other.checkpoints, moment
    assert torch.equal(weights_in(folder.last), weights_in(unbroken.last)), moment


@pytest.mark.parametrize("words", ["cut --output run A B", "cut A --output run B"])
def test_options_stand_anywhere(
    folders: tuple[Path, Path], tmp_path: Path, run_here: RunCommand, words: str
) -> None:
    paths = dict(zip("AB", folders, strict=True))
    typed = (paths.get(word, word) for word in words.split())
    done = run_here("train", *typed, *TINY, "--steps", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{RunFolder(tmp_path / 'run').last}\n"
    for told in ("1 step takes about", "\n1 step on cpu", "\nDone: 1 step. "):
        assert told in done.stderr


def test_pairs_in_subfolders_are_those_of_the_same_path(
    folders: tuple[Path, Path], tmp_path: Path, run_here: RunCommand
) -> None:
    for folder in folders:
        for number in range(3):
            (folder / f"part {number}").mkdir()
            (folder / f"{number}.png").rename(folder / f"part {number}" / "x1.png")
    done = run_here("train", "pix2pix", *folders, "--output", "run", *TINY, "--steps", "1")
    assert done.returncode == 0, done.stderr
    told = "3 pairs by their names, such as 'part 0/x1.png' with 'part 0/x1.png'.\n"
    assert done.stderr.startswith(told)


def test_mistakes_are_one_sentence(
    folders: tuple[Path, Path], tmp_path: Path, run_here: RunCommand
) -> None:
    dark, bright = folders
    new = ("--output", "run", *TINY)
    for words, expected in (
        (("cut", dark), "TARGET is missing; give a method"),
        (("cut", dark, bright, dark, *new), f"unrecognized arguments: {dark}"),
        (("gan", *new, dark, bright), "invalid choice: 'gan'"),
        (("cut", dark, bright, *new, "--colour"), "unrecognized arguments: --colour"),
        (("cut", dark, bright), "--output is missing"),
        (("cut", dark, bright, *new, "--checkpoint", "zero-dce"), "which gives curves"),
        (("cut", dark, bright, *new, "--steps", "0"), "The number of steps is 0; give 1"),
        (("cut", dark, bright, *new, "--minutes", "0"), "The minutes is 0; give above 0"),
        (("cut", dark, tmp_path / "none", *new), "none"),
        (("--resume", "none"), "is not the folder of a run"),
        (("cut", dark, "--resume", "none"), "a method is given, too"),
    ):
        failed = run_here("train", *words)
        assert failed.returncode in {1, 2}, words
        assert expected in only_line(failed.stderr)
        assert not (tmp_path / "run").exists()
