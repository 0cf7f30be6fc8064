"""The exported generators translate as the measured ones of the engine do."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from napari_zerodce.core.onnx_graph import OnnxGraph
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.core.translators.generators import make_generator
from napari_zerodce.core.translators.onnx_generators import add_layer, translating_model
from napari_zerodce.core.translators.statistics import MeasuredGenerator

DESIGNS = [
    GeneratorDesign("resnet", 3, 1, 4, 1),
    GeneratorDesign("resnet", 1, 3, 4, 2, "none", dropout=True),
    GeneratorDesign("resnet", 3, 3, 4, 1, "batch", antialias_down=True, antialias_up=True),
    GeneratorDesign("unet", 3, 3, 4, 5, "batch", dropout=True),
    GeneratorDesign("unet", 1, 1, 4, 5),
]


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_model_equals_the_measured_generator(design: GeneratorDesign) -> None:
    torch.manual_seed(0)
    generator = make_generator(design).eval().requires_grad_(False)
    for weights in generator.parameters():
        weights.normal_(std=0.1)
    model = translating_model(generator)
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    pictures = torch.rand(2, design.inputs, 32, 64)
    (translated,) = session.run(None, {"image": pictures.numpy()})
    for picture, made in zip(pictures, translated, strict=True):
        expected, _ = MeasuredGenerator(generator)(picture[None] * 2 - 1)
        np.testing.assert_allclose(made, ((expected[0] + 1) / 2).numpy(), atol=1e-5)
    smallest = np.ones((1, design.inputs, design.smallest_side, design.smallest_side), np.float32)
    assert session.run(None, {"image": smallest})[0].shape[2:] == smallest.shape[2:]
    pictures[0, 0, 3, 4] = 0
    (dark,) = session.run(None, {"image": pictures.numpy()})
    pictures[0, 0, 3, 4] = torch.nan
    (made,) = session.run(None, {"image": pictures.numpy()})
    dark[0, 0 if design.inputs == design.outputs else slice(None), 3, 4] = np.nan
    np.testing.assert_array_equal(made, dark)


def test_a_layer_without_a_graph_is_our_own_mistake() -> None:
    with pytest.raises(TypeError, match="GELU"):
        add_layer(nn.GELU(), OnnxGraph(), "x")
