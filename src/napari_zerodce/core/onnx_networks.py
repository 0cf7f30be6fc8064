"""The networks that estimate curves, as graphs of ONNX: what `core.networks` says in torch.

A graph needs no torch to run. The names of its weights are those of the state dict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.core.architectures import ARCHITECTURES, ZERO_DCE, ZERO_DCE_PP, Architecture
from napari_zerodce.core.onnx_graph import OnnxGraph

Weights = Mapping[str, NDArray[np.float32]]

WITH_GRAPH: Final[frozenset[str]] = frozenset({ZERO_DCE, ZERO_DCE_PP})
"""The architectures that `curve_model` can write; torch runs all others."""


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
    graph = OnnxGraph()
    add_network(graph, "image", weights, makes="maps")
    return graph.model(
        architecture,
        inputs={"image": ("N", 3, "h", "w")},
        outputs={"maps": ("N", 3 * ARCHITECTURES[architecture].maps, "h", "w")},
    )


def add_network(graph: OnnxGraph, image: str, weights: Weights, *, makes: str = "") -> str:
    """Add the seven convolutions (CVPR 2020, figure 2), and return the name of the maps.

    Parameters
    ----------
    graph : OnnxGraph
    image : str
        The tensor that the network gets, shape (N, 3, h, w), values in [0, 1].
    weights : Mapping of str to ndarray
        Their names say whether a convolution is separable.
    makes : str, optional
        Name of the maps, shape (N, 3 * maps, h, w).
    """
    layers = [image]
    for number, mirrored in enumerate(_MIRRORED, start=1):
        features = layers[-1]
        if mirrored:
            features = graph.add("Concat", layers[mirrored], features, axis=1)
        sums = _convolution(graph, features, f"e_conv{number}", weights)
        layers.append(graph.add("Relu", sums) if number < len(_MIRRORED) else sums)
    # Published weights were trained for x + r (x^2 - x), so r = -A; A has the paper's sign.
    return graph.add("Neg", graph.add("Tanh", layers[-1]), makes=makes)


_MIRRORED: Final = (0, 0, 0, 0, 3, 2, 1)
"""For each convolution the earlier layer that it gets before the layer below it; 0 for no other."""


def _convolution(graph: OnnxGraph, features: str, name: str, weights: Weights) -> str:
    def convolve(inputs: str, part: str, *, groups: int = 1) -> str:
        parameters = (f"{part}.weight", f"{part}.bias")
        named = (graph.weights(weights[each], each) for each in parameters)
        side = weights[parameters[0]].shape[-1]
        pads = [side // 2] * 4
        return graph.add("Conv", inputs, *named, kernel_shape=[side] * 2, pads=pads, group=groups)

    if f"{name}.weight" in weights:
        return convolve(features, name)
    depth, point = (f"{name}.{part}_conv" for part in ("depth", "point"))
    return convolve(convolve(features, depth, groups=len(weights[f"{depth}.weight"])), point)
