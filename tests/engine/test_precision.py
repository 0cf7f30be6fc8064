"""Half precision stays as near to float32 as the user is told, and only the network is in it."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
import torch
from PIL import Image

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.device import LARGEST_DEVIATION, Device
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator

CHECKPOINTS = ["zero-dce", "zero-dce-pp"]
HALVES = ["bfloat16", "float16"]


@pytest.fixture(scope="module")
def night():
    with (files("napari_zerodce") / "samples" / "night.png").open("rb") as file:
        return np.asarray(Image.open(file))[200:320, 300:440].astype(np.float32) / np.float32(255)


@pytest.mark.parametrize("channels", ["rgb", "mono"])
@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("precision", HALVES)
def test_the_deviation_is_at_most_what_is_stated(run, night, precision, checkpoint, channels):
    image = night if channels == "rgb" else np.ascontiguousarray(night[..., 0])
    settings = {"window": (0, 1), "checkpoint": checkpoint}
    exact = run(image, channels, **settings)
    deviation = np.abs(run(image, channels, precision=precision, **settings) - exact).max()
    assert 0 < deviation <= LARGEST_DEVIATION[precision]


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("precision", HALVES)
def test_black_white_and_what_lies_outside_are_exact_in_half_precision_too(
    run, precision, checkpoint
):
    image = np.linspace(-0.5, 1.5, 20 * 30, dtype=np.float32).reshape(20, 30)
    image[0, :3] = 0, 1, np.nan
    enhanced = run(image, window=(0, 1), checkpoint=checkpoint, precision=precision)
    kept = ~((image > 0) & (image < 1))
    assert enhanced[kept].tobytes() == image[kept].tobytes()


@pytest.mark.parametrize("precision", ["float32", *HALVES])
@pytest.mark.parametrize(("checkpoint", "maps"), [("zero-dce", 8), ("zero-dce-pp", 1)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (9, 13), (40, 50)])
def test_an_estimator_gives_float32_maps(precision, checkpoint, maps, channels, height, width):
    estimator = TorchEstimator(load_checkpoint(checkpoint), Device("cpu", ""), precision)
    with torch.inference_mode():
        alphas = estimator.estimate(torch.rand(1, channels, height, width))
    assert alphas.shape == (1, maps, channels, height, width)
    assert alphas.dtype == torch.float32
    assert alphas.is_contiguous()
    assert (alphas.abs() <= 1).all()
