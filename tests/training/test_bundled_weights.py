"""The bundled weights do what docs/training.md says of them, on the sample image they never saw."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.core.curves import apply_curves

SAMPLES = files("napari_zerodce") / "samples"


@pytest.fixture(scope="module", params=["zero-dce", "zero-dce-pp"])
def checkpoint(request: pytest.FixtureRequest) -> Checkpoint:
    return load_checkpoint(request.param)


@pytest.fixture(scope="module")
def night() -> Tensor:
    with (SAMPLES / "night.png").open("rb") as file:
        pixels = np.asarray(Image.open(file))
    assert (pixels.shape, pixels.dtype) == ((480, 640, 3), np.uint8)
    # Every other pixel: a quarter of the time, and the same picture.
    return torch.from_numpy(pixels[::2, ::2].copy()).permute(2, 0, 1)[None] / 255


@torch.no_grad()
def enhance(checkpoint: Checkpoint, image: Tensor) -> Tensor:
    return apply_curves(image, checkpoint.network(image))


def test_the_night_photo_is_dark_and_goes_where_the_target_says(
    checkpoint: Checkpoint, night: Tensor
) -> None:
    assert night.mean().item() == pytest.approx(0.12, abs=0.01)
    enhanced = enhance(checkpoint, night)
    assert 0.40 < enhanced.mean().item() < 0.65
    assert 0.0 <= enhanced.min().item() <= enhanced.max().item() <= 1.0


def test_the_night_stays_blue_but_no_bluer_than_it_was(
    checkpoint: Checkpoint, night: Tensor
) -> None:
    before = night.mean(dim=(0, 2, 3))
    after = enhance(checkpoint, night).mean(dim=(0, 2, 3))
    assert after.argmax().item() == 2
    assert 1.2 < (after.max() / after.min()).item() < (before.max() / before.min()).item()


def test_lamps_keep_their_contrast_with_the_sky(checkpoint: Checkpoint, night: Tensor) -> None:
    lamps = night.mean(dim=1) > 0.5
    enhanced = enhance(checkpoint, night).mean(dim=1)
    assert enhanced[lamps].mean() > enhanced[~lamps].mean() + 0.15


def test_darker_exposures_get_more(checkpoint: Checkpoint, night: Tensor) -> None:
    gains = [
        (enhance(checkpoint, image).mean() / image.mean()).item()
        for image in (night / 2, night, (night * 3).clamp(max=1))
    ]
    assert gains == sorted(gains, reverse=True)


def test_an_over_exposed_image_is_not_pushed_to_white(checkpoint: Checkpoint) -> None:
    bright = torch.full((1, 3, 48, 48), 0.8)
    assert enhance(checkpoint, bright).mean().item() < 0.95


def test_grey_stays_nearly_grey(checkpoint: Checkpoint) -> None:
    for level in (0.05, 0.2, 0.5):
        enhanced = enhance(checkpoint, torch.full((1, 3, 48, 48), level))
        means = enhanced[..., 12:36, 12:36].mean(dim=(0, 2, 3))
        assert (means.max() - means.min()).item() < 0.06


def test_provenance_names_only_images_that_may_be_used(checkpoint: Checkpoint) -> None:
    info = checkpoint.info
    assert info.licence == "BSD-3-Clause"
    for key in ("script", "images", "held_out", "steps", "seed", "exposure_target", "loss_weights"):
        assert info.provenance[key]
    assert "SICE" not in " ".join(info.provenance.values())
    assert info.scale_factor == (12 if info.architecture == "zero-dce-pp" else 1)


def test_the_cells_are_dim_sixteen_bit_numbers() -> None:
    with (SAMPLES / "cells.tif").open("rb") as file:
        cells: NDArray[np.uint16] = tifffile.imread(file)
    assert (cells.shape, cells.dtype) == ((512, 512), np.uint16)
    assert 90 <= cells.min() < 110
    assert 120 < np.median(cells) < 200
    assert 500 < cells.max() < 1000
