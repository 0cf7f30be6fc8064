"""The graphs of ONNX compute what the networks of torch compute."""

from __future__ import annotations

from typing import get_args

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from napari_zerodce.core.architectures import ARCHITECTURES, Architecture
from napari_zerodce.core.networks import make_network
from napari_zerodce.core.onnx_networks import curve_model


@pytest.mark.parametrize("architecture", get_args(Architecture))
@pytest.mark.parametrize("shape", [(1, 1), (17, 23)])
def test_model_equals_the_network(architecture: Architecture, shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = make_network(architecture, 1).eval()
    with torch.no_grad():
        for weights in network.parameters():
            weights.uniform_(-0.05, 0.05)
    image = torch.rand(2, 3, *shape)
    with torch.inference_mode():
        expected = network.estimate_maps(image).numpy()
    weights = {name: values.numpy() for name, values in network.state_dict().items()}
    model = curve_model(architecture, weights)
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (maps,) = session.run(None, {"image": image.numpy()})
    assert maps.shape == (2, 3 * ARCHITECTURES[architecture].maps, *shape)
    np.testing.assert_allclose(maps.reshape(expected.shape), expected, atol=1e-6)
