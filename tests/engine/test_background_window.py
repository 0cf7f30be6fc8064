"""Where the window begins at the background: what lies below stays, and no edge shows above it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.windows import WindowChoice

STEEPEST = 2**8
"""Each of eight iterations, x + A x (1 - x) with A at most 1, at most doubles a value."""


def frame(dtype, seed=0):
    """Cells with soft edges on a noisy background at a fifth of their brightness."""
    top = {"u1": 250.0, "u2": 4000.0, "f4": 1.0}[dtype]
    rows, columns = np.mgrid[:96, :96] / 96
    cells = np.exp(-(((rows - 0.5) ** 2 + (columns - 0.4) ** 2) / 0.02))
    noise = np.random.default_rng(seed).normal(0, 0.02, cells.shape)
    image = top * (0.2 + 0.8 * cells + noise).clip(0, 1)
    return (np.rint(image) if dtype != "f4" else image).astype(dtype)


@pytest.mark.parametrize("kind", ["auto", "background"])
@pytest.mark.parametrize("checkpoint", ["auto", "zero-dce", "zero-dce-pp"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_values_below_stay_and_values_above_begin_there(dtype, checkpoint, kind):
    image = frame(dtype)
    settings = EnhanceSettings(checkpoint=checkpoint, window=WindowChoice(kind), device="cpu")
    result = enhance(EnhanceRequest(image, "mono", settings))
    low, high = result.window.low, result.window.high
    top = {"u1": 250.0, "u2": 4000.0, "f4": 1.0}[dtype]
    assert low == pytest.approx(0.22 * top, abs=0.02 * top)  # 0.2, and one standard deviation
    below = image < low
    assert 0.3 < below.mean() < 0.9
    assert result.image[below].tobytes() == image[below].tobytes()
    # A value that is a little above the low end is at most 256 times as far from it afterwards.
    above = ~below & (image <= high)
    distance = image[above].astype(np.float64) - low
    moved = result.image[above].astype(np.float64) - low
    rounding = 1e-6 * top if dtype == "f4" else 0.5
    assert (moved >= -rounding).all()
    assert (moved <= STEEPEST * distance + rounding).all()
    if dtype != "f4":
        np.testing.assert_array_equal(result.image[image == low], image[image == low])


def test_stack_keeps_what_is_below_in_each_plane():
    stack = np.stack([frame("u2"), frame("u2", seed=1)])
    result = enhance(EnhanceRequest(stack, "mono", EnhanceSettings(device="cpu")))
    assert result.automatic.made_for == "fluorescence"
    below = stack < result.window.low
    assert below.any(axis=(1, 2)).all()
    np.testing.assert_array_equal(result.image[below], stack[below])
