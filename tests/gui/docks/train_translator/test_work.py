"""The preparation of a translator's run, and the sentence about its duration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_zerodce.engine.requests import ignore
from napari_zerodce.errors import Cancelled, RequestError
from napari_zerodce.gui.docks.train_translator import work
from napari_zerodce.gui.docks.train_translator.work import Folders, preparing, steps_in
from napari_zerodce.imaging.files.images import ImageFile, write_image
from napari_zerodce.stopping import never
from napari_zerodce.training.crops import TrainingImage
from napari_zerodce.training.translation.config import TranslationRunConfig
from napari_zerodce.training.translation.configure import configure
from napari_zerodce.training.translation.new_run import TranslationRequest


def image(name: str, seed: int = 0) -> TrainingImage:
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 40, 3), np.uint8)
    return TrainingImage(name, pixels, "rgb")


def folder_of(path: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        pixels = np.asarray(image(name, number).array)
        write_image(path / name, ImageFile(pixels, "rgb"))
    return path


def prepare(request: TranslationRequest, folders: Folders, output: Path) -> Any:
    return preparing(request, folders, output)(ignore, never)


def test_images_of_folders_are_added_to_both_sets(tmp_path: Path) -> None:
    folders = Folders(
        folder_of(tmp_path / "dark", "a.png"), folder_of(tmp_path / "bright", "b.png", "c.png")
    )
    request = TranslationRequest("cut", [image("layer")], [], changes={"crop": 32})
    run = prepare(request, folders, tmp_path / "run")
    config = run.config_as(TranslationRunConfig)
    assert config.images == ("layer", "a.png")
    assert config.targets == ("b.png", "c.png")
    assert config.training.method == "cut"


def test_pairs_are_found_by_name_and_said(tmp_path: Path) -> None:
    folders = Folders(
        folder_of(tmp_path / "dark", "a.png", "b.png"),
        folder_of(tmp_path / "bright", "a.png", "b.png"),
    )
    request = TranslationRequest("pix2pix", [image("x")], [image("x", 7)], changes={"crop": 32})
    run = prepare(request, folders, tmp_path / "run")
    assert run.config_as(TranslationRunConfig).targets == ("x", "a.png", "b.png")
    assert any("3 pairs by their names, such as 'x' with 'x'" in each for each in notices(run))


def notices(run: Any) -> list[str]:
    said: list[str] = run.history().notices
    return said


def test_missing_files_make_an_order_unclear(tmp_path: Path) -> None:
    dark = folder_of(tmp_path / "dark", "a.png", "b.png")
    (dark / "c.png").write_bytes(b"no image")
    bright = folder_of(tmp_path / "bright", "x.png", "y.png")
    request = TranslationRequest("pix2pix", [], [], changes={"crop": 32})
    with pytest.raises(RequestError, match="pairs are not clear"):
        prepare(request, Folders(dark, bright), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_invalid_settings_are_told_before_images_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "with_folder", None)  # calling it would be an error
    request = TranslationRequest("cut", [], [], minutes=1.0, changes={"steps": 5})
    with pytest.raises(RequestError, match="Both steps and minutes"):
        prepare(request, Folders(), tmp_path / "run")


def test_the_estimate_says_how_many_steps_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "step_seconds", lambda *_, **__: 0.1)
    config = configure("cut", "small")
    made = work.forecasting(config, minutes=1.0, device="cpu", design=None)
    assert made(ignore, never).startswith("About 600 steps in 1 minute on cpu")
    with pytest.raises(Cancelled):
        made(ignore, lambda: True)


@pytest.mark.parametrize(
    ("size", "seconds", "sentence"),
    [
        ("small", 0.125, "About 480 steps in 1 minute on cpu."),
        (
            "small",
            1.0,
            "About 60 steps in 1 minute on cpu, and 500 are usual, which take 8",
        ),
        ("full", 10.0, "About 6 steps in 1 minute on cpu, and 5,000 are usual, which take 13.9"),
    ],
)
def test_too_few_steps_are_told_with_what_is_usual(
    size: Any, seconds: float, sentence: str
) -> None:
    said = steps_in(1.0, configure("cut", size), seconds, "cpu")
    assert said.startswith(sentence)
    assert ("a small network" in said) is (size == "full")
