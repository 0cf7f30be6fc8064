"""What the engine's tests share: one way to run it, and one word on this machine's last bits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_zerodce.checkpoints.load import load_checkpoint
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.device import Device
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.estimators.torch_estimator import TorchEstimator
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.intensity import WindowChoice


@pytest.fixture(scope="session")
def run():
    """Enhance on the CPU at float32 and return the image; `window` is two numbers."""

    def run(image, channels="mono", *, window=None, **settings):
        choice = WindowChoice("range", *window) if window else WindowChoice("auto")
        given = {"device": "cpu", "precision": "float32", **settings}
        request = EnhanceRequest(
            image=image, channels=channels, settings=EnhanceSettings(window=choice, **given)
        )
        return enhance(request).image

    return run


@pytest.fixture
def translator(tmp_path):
    """Save a small generator with random weights, and load it as a checkpoint."""

    def make(family="resnet", name="latest_net_G.pth", **design):
        usual = {"features": 4, "depth": 2 if family == "resnet" else 3}
        generator = make_generator(GeneratorDesign(family, **{**usual, **design}))
        numbers = torch.Generator().manual_seed(0)
        with torch.no_grad():  # the usual small weights would make pictures without contrast
            for weights in generator.parameters():
                weights.normal_(0, 0.2, generator=numbers)
        torch.save(generator.state_dict(), tmp_path / name)
        return load_checkpoint(tmp_path / name)

    return make


@pytest.fixture(scope="session")
def bits_are_steady():
    """Whether, on this machine, a part of the numbers gives the bits it gives within the whole.

    It does with AVX2. With older instruction sets (measured: AVX, SSE 4.1) oneDNN sums in another
    order for blocks of another shape, and the last bit of float32 may differ; compilers other than
    GCC may round multiply-and-add once in the middle of a row and twice at its end.
    """
    estimator = TorchEstimator(load_checkpoint("zero-dce"), Device("cpu", ""), "float32")
    image = torch.sin(torch.arange(3 * 130 * 150) * 0.37).reshape(1, 3, 130, 150).abs()

    def curved(part):
        return apply_curves(part.contiguous(), estimator.estimate(part))

    with torch.inference_mode():
        whole = curved(image)[..., 7:-7, 7:-7]
        for rows, columns in [(130, 30), (21, 150), (90, 91), (45, 44), (30, 30), (19, 23)]:
            part = curved(image[..., :rows, :columns])[..., 7:-7, 7:-7]
            if not torch.equal(part, whole[..., : rows - 14, : columns - 14]):
                return False
    return True


@pytest.fixture(scope="session")
def assert_seamless(bits_are_steady):
    """Tiled must be whole: bit for bit, or where the machine's last bits vary, nearly."""

    def check(tiled, whole):
        assert tiled.dtype == whole.dtype
        if bits_are_steady:
            np.testing.assert_array_equal(tiled, whole)
            return
        difference = np.abs(tiled.astype(np.float64) - whole.astype(np.float64))
        one_level = 0 if whole.dtype.kind == "f" else 1
        assert difference.max() <= max(one_level, 1e-6 * np.ptp(whole.astype(np.float64)))

    return check
