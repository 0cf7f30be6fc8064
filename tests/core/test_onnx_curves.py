"""The exported graph enhances as the engine does: sizes, thumbnails and channels of all kinds."""

from __future__ import annotations

from itertools import product

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.core.curves import apply_curves
from napari_zerodce.core.networks import CurveNetwork, ZeroDCE, ZeroDCEPlusPlus
from napari_zerodce.core.onnx_curves import enhancing_model

SHAPES = [(1, 1), (5, 30), (12, 11), (25, 13), (36, 48)]
NETWORKS = [ZeroDCE, ZeroDCEPlusPlus, lambda: ZeroDCEPlusPlus(5), lambda: ZeroDCEPlusPlus(1)]


def made_network(make: object) -> CurveNetwork:
    torch.manual_seed(0)
    network = make().eval().requires_grad_(False)
    for weights in network.parameters():
        weights.mul_(1.5)
    return network


@pytest.mark.parametrize(("make", "channels"), list(product(NETWORKS, (1, 3))))
def test_model_equals_network_and_curves(make, channels: int) -> None:
    network = made_network(make)
    weights = {name: each.numpy() for name, each in network.state_dict().items()}
    model = enhancing_model(
        network.architecture, weights, scale_factor=network.scale_factor, channels=channels
    )
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    for shape in SHAPES:
        image = torch.rand(2, channels, *shape)
        alphas = network(image.expand(-1, 3, -1, -1))
        if channels == 1:
            alphas = alphas.mean(2, keepdim=True)
        enhanced, curves = session.run(None, {"image": image.numpy()})
        assert curves.shape == (2, network.maps, channels, *shape)
        curves = np.broadcast_to(curves, (2, ITERATIONS, channels, *shape))
        np.testing.assert_allclose(curves, alphas.numpy(), atol=3e-6)
        np.testing.assert_allclose(enhanced, apply_curves(image, alphas).numpy(), atol=3e-6)


@pytest.mark.parametrize("make", NETWORKS[:2])
def test_nan_stays_where_it_is_and_is_dark_for_the_network(make) -> None:
    network = made_network(make)
    weights = {name: each.numpy() for name, each in network.state_dict().items()}
    model = enhancing_model(
        network.architecture, weights, scale_factor=network.scale_factor, channels=3
    )
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(0).random((1, 3, 30, 41), np.float32)
    missing = np.zeros(image.shape, bool)
    missing[0, 1, 5, 6] = missing[0, :, 29, 40] = True
    dark, curves = session.run(None, {"image": np.where(missing, np.float32(0), image)})
    enhanced, same_curves = session.run(
        None, {"image": np.where(missing, np.float32("nan"), image)}
    )
    np.testing.assert_array_equal(enhanced, np.where(missing, np.float32("nan"), dark))
    np.testing.assert_array_equal(same_curves, curves)


def test_values_outside_count_as_the_ends() -> None:
    network = made_network(ZeroDCEPlusPlus)
    weights = {name: each.numpy() for name, each in network.state_dict().items()}
    model = enhancing_model("zero-dce-pp", weights, scale_factor=12)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    image = np.array([-3, 0.5, 7], np.float32).reshape(1, 3, 1, 1)
    enhanced = session.run(["enhanced"], {"image": image})[0].ravel()
    np.testing.assert_allclose(enhanced[[0, 2]], [0, 1], atol=1e-6)
    inside = session.run(["enhanced"], {"image": image.clip(0, 1)})[0].ravel()
    np.testing.assert_array_equal(enhanced, inside)
