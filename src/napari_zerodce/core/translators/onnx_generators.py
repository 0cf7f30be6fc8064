"""The generators of translators, as graphs of ONNX: what `generators` says in torch.

The graph is read off the network's layers, so that their order is written in one place only.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import numpy as np
from torch import Tensor, nn

from napari_zerodce.core.onnx_graph import OnnxGraph
from napari_zerodce.core.translators.blur import BlurredDoubling, BlurredHalving
from napari_zerodce.core.translators.generators import Generator, ResidualBlock, UNetLevel


def translating_model(generator: Generator, *, facts: Mapping[str, str] | None = None) -> bytes:
    """Return an ONNX model that translates pictures.

    Each picture is normalised with its own statistics, also by a generator that was trained with
    batch normalisation, as pix2pix is tested (CVPR 2017, section 3.4).

    Parameters
    ----------
    generator : Generator
        In evaluation mode, on the CPU.
    facts : Mapping of str to str, optional
        Metadata of the model.

    Returns
    -------
    bytes
        A model with the input ``image``, shape (N, inputs, H, W), float32, where H and W are
        multiples of `design.multiple`; values outside [0, 1] count as its ends, and NaN, which
        stays where it is, is 0 for the network. Its output is ``translated``, shape
        (N, outputs, H, W), values in [0, 1].
    """
    design, graph = generator.design, OnnxGraph()
    one, two = (graph.constant(number, np.float32) for number in (1, 2))
    unit = graph.unit_image("image")
    centred = graph.add("Sub", graph.add("Mul", unit, two), one)  # official networks see [-1, 1]
    made = add_layer(generator.model, graph, centred)
    made = graph.add("Div", graph.add("Add", made, one), two)
    # A picture in colours has no pixel of a grey one if it lacks a colour.
    lacks = design.inputs not in {1, design.outputs}
    source = graph.add("ReduceMean", "image", axes=[1]) if lacks else "image"
    graph.keep_missing(made, source, makes="translated")
    return graph.model(
        design.title,
        inputs={"image": ("N", design.inputs, "H", "W")},
        outputs={"translated": ("N", design.outputs, "H", "W")},
        facts=facts,
    )


@singledispatch
def add_layer(layer: nn.Module, graph: OnnxGraph, features: str) -> str:  # noqa: ARG001
    """Add a layer in evaluation mode, and return the name of its output.

    Parameters
    ----------
    layer : Module
    graph : OnnxGraph
    features : str
        Name of its input.

    Raises
    ------
    TypeError
        If no graph is known for a layer of this kind.
    """
    raise TypeError(f"no graph of ONNX is known for {type(layer).__name__}")


@add_layer.register
def _(layer: nn.Sequential, graph: OnnxGraph, features: str) -> str:
    for inner in layer:
        features = add_layer(inner, graph, features)
    return features


@add_layer.register
def _(layer: ResidualBlock, graph: OnnxGraph, features: str) -> str:
    return graph.add("Add", features, add_layer(layer.conv_block, graph, features))


@add_layer.register
def _(layer: UNetLevel, graph: OnnxGraph, features: str) -> str:
    made = add_layer(layer.model, graph, features)
    return made if layer.is_outermost else graph.add("Concat", features, made, axis=1)


@add_layer.register
def _(layer: nn.Conv2d, graph: OnnxGraph, features: str) -> str:
    return graph.add("Conv", *_inputs(layer, graph, features), **_sliding(layer))


@add_layer.register
def _(layer: nn.ConvTranspose2d, graph: OnnxGraph, features: str) -> str:
    missing = list(layer.output_padding)
    inputs = _inputs(layer, graph, features)
    return graph.add("ConvTranspose", *inputs, output_padding=missing, **_sliding(layer))


def _inputs(layer: nn.Conv2d | nn.ConvTranspose2d, graph: OnnxGraph, features: str) -> list[str]:
    parameters = [layer.weight] if layer.bias is None else [layer.weight, layer.bias]
    return [features, *(_constant(graph, each) for each in parameters)]


def _sliding(layer: nn.Conv2d | nn.ConvTranspose2d) -> dict[str, Any]:
    assert isinstance(layer.padding, tuple)
    return {
        "kernel_shape": list(layer.kernel_size),
        "strides": list(layer.stride),
        "pads": list(layer.padding) * 2,
    }


@add_layer.register(nn.InstanceNorm2d)
@add_layer.register(nn.BatchNorm2d)
def _(layer: nn.InstanceNorm2d | nn.BatchNorm2d, graph: OnnxGraph, features: str) -> str:
    if layer.affine:
        parameters = (_constant(graph, each) for each in (layer.weight, layer.bias))
    else:
        shape = layer.num_features
        parameters = (
            graph.constant(np.full(shape, number), np.float32, name=f"{name}_{shape}")
            for number, name in ((1, "ones"), (0, "zeros"))
        )
    return graph.add("InstanceNormalization", features, *parameters, epsilon=layer.eps)


@add_layer.register
def _(layer: nn.ReflectionPad2d, graph: OnnxGraph, features: str) -> str:
    return _padded(graph, features, layer.padding[0], mode="reflect")


@add_layer.register
def _(layer: BlurredHalving, graph: OnnxGraph, features: str) -> str:
    padded = _padded(graph, features, 1, mode="reflect")
    return _blurred(layer, graph, padded, "Conv", pads=[0] * 4)


@add_layer.register
def _(layer: BlurredDoubling, graph: OnnxGraph, features: str) -> str:
    padded = _padded(graph, features, 1, mode="edge")
    return _blurred(layer, graph, padded, "ConvTranspose", pads=[3] * 4)


def _blurred(
    layer: BlurredHalving | BlurredDoubling,
    graph: OnnxGraph,
    features: str,
    operator: str,
    *,
    pads: list[int],
) -> str:
    weights, side = _constant(graph, layer.filt), layer.filt.shape[-1]
    return graph.add(
        operator,
        features,
        weights,
        kernel_shape=[side, side],
        strides=[2, 2],
        pads=pads,
        group=len(layer.filt),
    )


def _padded(graph: OnnxGraph, features: str, pixels: int, *, mode: str) -> str:
    sides = graph.constant([0, 0, pixels, pixels] * 2)
    return graph.add("Pad", features, sides, mode=mode)


@add_layer.register
def _(layer: nn.LeakyReLU, graph: OnnxGraph, features: str) -> str:
    return graph.add("LeakyRelu", features, alpha=layer.negative_slope)


@add_layer.register(nn.ReLU)
@add_layer.register(nn.Tanh)
def _(layer: nn.ReLU | nn.Tanh, graph: OnnxGraph, features: str) -> str:
    return graph.add("Relu" if isinstance(layer, nn.ReLU) else "Tanh", features)


@add_layer.register(nn.Dropout)
@add_layer.register(nn.Identity)
def _(layer: nn.Module, graph: OnnxGraph, features: str) -> str:  # noqa: ARG001
    return features


def _constant(graph: OnnxGraph, weights: Tensor) -> str:
    return graph.weights(weights.detach().numpy(), f"weights{graph.constants}")
