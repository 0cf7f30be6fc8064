"""The networks that estimate curves, as graphs of ONNX: what `core.networks` says in torch.

A graph needs no torch to run. The names of its weights are those of the state dict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.core.architectures import ARCHITECTURES, Architecture

OPSET: Final = 17
"""The operators of 2022: later ones add nothing that is needed, and older programs lack them."""

_IR_VERSION: Final = 8  # that of ONNX 1.12, which brought the operators

Weights = Mapping[str, NDArray[np.float32]]


def curve_model(architecture: Architecture, weights: Weights) -> bytes:
    """Return the network of an architecture as an ONNX model.

    Parameters
    ----------
    architecture : Architecture
    weights : Mapping of str to ndarray
        By their names in the state dict.

    Returns
    -------
    bytes
        A model with the input ``image``, shape (N, 3, h, w), float32, values in [0, 1], and the
        output ``maps``, shape (N, 3 * maps, h, w), float32, values in [-1, 1], in the paper's sign:
        the three colours of A_1, then those of A_2. It does not know the scale factor.
    """
    from onnx import TensorProto, helper, numpy_helper

    maps = ARCHITECTURES[architecture].maps
    shapes = ("image", 3), ("maps", 3 * maps)
    image, made = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", channels, "h", "w"])
        for name, channels in shapes
    )
    constants = [
        numpy_helper.from_array(without_subnormals(values), name)
        for name, values in weights.items()
    ]
    graph = helper.make_graph(network_nodes(weights), architecture, [image], [made], constants)
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
    model.producer_name = "napari-zerodce"
    return bytes(model.SerializeToString())


def network_nodes(weights: Weights) -> list[Any]:
    """Return the nodes of the seven convolutions (CVPR 2020, figure 2), from "image" to "maps".

    Parameters
    ----------
    weights : Mapping of str to ndarray
        Their names say whether a convolution is separable.
    """
    from onnx import helper

    nodes = []
    for number, inputs in enumerate(_INPUTS, start=1):
        features = inputs[0]
        if len(inputs) > 1:
            features = f"both{number}"
            nodes.append(helper.make_node("Concat", list(inputs), [features], axis=1))
        nodes += _convolution(number, features, weights)
        if number < len(_INPUTS):
            nodes.append(helper.make_node("Relu", [f"sums{number}"], [f"layer{number}"]))
    # Published weights were trained for x + r (x^2 - x), so r = -A; A has the paper's sign.
    nodes.append(helper.make_node("Tanh", [f"sums{len(_INPUTS)}"], ["published_maps"]))
    nodes.append(helper.make_node("Neg", ["published_maps"], ["maps"]))
    return nodes


_INPUTS: Final = (
    ("image",),
    ("layer1",),
    ("layer2",),
    ("layer3",),
    ("layer3", "layer4"),
    ("layer2", "layer5"),
    ("layer1", "layer6"),
)
"""What each convolution gets: the later ones also a mirrored layer."""


def _convolution(number: int, features: str, weights: Weights) -> list[Any]:
    from onnx import helper

    name, made = f"e_conv{number}", f"sums{number}"
    if f"{name}.weight" in weights:
        inputs = [features, f"{name}.weight", f"{name}.bias"]
        return [helper.make_node("Conv", inputs, [made], kernel_shape=[3, 3], pads=[1, 1, 1, 1])]
    depth, point = (f"{name}.{part}_conv" for part in ("depth", "point"))
    groups = weights[f"{depth}.weight"].shape[0]
    middle = f"depth{number}"
    return [
        helper.make_node(
            "Conv",
            [features, f"{depth}.weight", f"{depth}.bias"],
            [middle],
            kernel_shape=[3, 3],
            pads=[1, 1, 1, 1],
            group=groups,
        ),
        helper.make_node(
            "Conv", [middle, f"{point}.weight", f"{point}.bias"], [made], kernel_shape=[1, 1]
        ),
    ]


def without_subnormals(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return weights with 0 in place of subnormal ones, as `networks.forget_subnormal_weights`.

    Parameters
    ----------
    weights : ndarray, float32
    """
    smallest = np.finfo(np.float32).tiny
    return np.where(np.abs(weights) < smallest, np.float32(0), weights)
