"""Translators on the command line: images and OME-Zarr as in notebooks, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
import zarr

import napari_zerodce
from napari_zerodce.cli import main
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator

STACK = (np.random.default_rng(0).random((4, 60, 70)) * 3000).astype(np.uint16)


@pytest.fixture(autouse=True)
def in_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite("stack.tif", STACK, imagej=True, metadata={"axes": "TYX"})
    for family, inputs in (("resnet", 1), ("unet", 1), ("resnet", 3)):
        depth = 1 if family == "resnet" else 3
        design = GeneratorDesign(family, inputs, inputs, features=4, depth=depth)
        torch.save(make_generator(design).state_dict(), f"{family}{inputs}.pth")


def enhance(output: str, checkpoint: str, *more: str) -> int:
    words = ["stack.tif", "--output", output, "--checkpoint", checkpoint, "--device", "cpu"]
    return main(["enhance", *words, *more])


def test_a_stack_becomes_what_the_notebook_function_gives(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert enhance("out.tif", "resnet1.pth", "--lock-normalisation") == 0
    expected = napari_zerodce.enhance(STACK, "resnet1.pth", device="cpu", lock_normalisation=True)
    np.testing.assert_array_equal(tifffile.imread("out.tif"), expected)
    assert "(CycleGAN, ResNet with 1 block, 1 -> 1 channel, cpu," in capsys.readouterr().out


@pytest.mark.parametrize("checkpoint", ["resnet1.pth", "unet1.pth"])
def test_an_ome_zarr_has_the_same_pixels(checkpoint: str) -> None:
    assert enhance("out.ome.zarr", checkpoint) == 0
    expected = napari_zerodce.enhance(STACK, checkpoint, device="cpu")
    written = zarr.open_array("out.ome.zarr/0", mode="r")
    np.testing.assert_array_equal(np.asarray(written[...]), expected)


@pytest.mark.parametrize(
    ("checkpoint", "more", "said"),
    [
        ("resnet3.pth", ("--strength=0.5",), "has no look (strength 0.5)"),
        ("unet1.pth", ("--tile=64",), "has no tiles"),
        ("resnet1.pth", ("--time=smoothed",), "has no time 'smoothed'"),
        ("resnet1.pth", ("--scale-factor=3",), "has no scale factor"),
    ],
)
def test_what_a_translator_has_not_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], checkpoint: str, more: tuple[str, ...], said: str
) -> None:
    assert enhance("out.tif", checkpoint, *more) != 0
    assert said in capsys.readouterr().err
    assert not Path("out.tif").exists()


def test_maps_need_curves(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["maps", "stack.tif", "--output", "maps.npy", "--checkpoint", "unet1.pth"]) != 0
    assert "has no curves; choose Zero-DCE weights" in capsys.readouterr().err
    assert not Path("maps.npy").exists()


def test_samples_outside_the_window_count_as_its_ends_and_change() -> None:
    image = np.tile(np.linspace(-1, 2, 40, dtype=np.float32), (40, 1))
    image[0, 0], image[1, 1] = np.nan, np.inf
    done = napari_zerodce.enhance(image, "resnet1.pth", window=(0, 1), device="cpu")
    ends = np.where(np.isnan(image), image, np.clip(image, 0, 1))
    same = napari_zerodce.enhance(ends, "resnet1.pth", window=(0, 1), device="cpu")
    np.testing.assert_array_equal(done, same)
    assert np.isnan(done[0, 0])
    assert np.isfinite(done[1, 1])
    assert 0 <= np.nanmin(done) < np.nanmax(done) <= 1
