"""Images enhanced by curves, as a graph of ONNX: network, thumbnail and curves in one model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from napari_zerodce.core.architectures import ARCHITECTURES, ITERATIONS, Architecture
from napari_zerodce.core.onnx_graph import OnnxGraph
from napari_zerodce.core.onnx_networks import Weights, add_network

_HEIGHT, _WIDTH = 2, 3
"""Axes of an image."""


def enhancing_model(
    architecture: Architecture,
    weights: Weights,
    *,
    scale_factor: int,
    channels: int = 3,
    facts: Mapping[str, str] | None = None,
) -> bytes:
    """Return an ONNX model that enhances images of any size, as published.

    Parameters
    ----------
    architecture : Architecture
    weights : Mapping of str to ndarray
        By their names in the state dict.
    scale_factor : int
        How many times smaller the thumbnail is that the network gets; 1 for the image itself.
    channels : {1, 3}
        Of the image. The network sees a mono image as three equal channels, and the mean of their
        curves is applied once.
    facts : Mapping of str to str, optional
        Metadata of the model.

    Returns
    -------
    bytes
        A model with the input ``image``, shape (N, channels, H, W), float32; values outside [0, 1]
        count as its ends, and NaN, which stays where it is, is 0 for the network. Its outputs are
        ``enhanced``, of the same shape, and ``curves``, shape (N, maps, channels, H, W), values in
        [-1, 1], in the paper's sign. One map serves all iterations of Zero-DCE++.
    """
    maps = ARCHITECTURES[architecture].maps
    graph = OnnxGraph()
    image = graph.unit_image("image")
    colours = image if channels == 3 else graph.add("Concat", image, image, image, axis=1)
    alphas = add_network(graph, _thumbnail(graph, colours, scale_factor), weights)
    if channels == 1:
        alphas = _mean_of_colours(graph, alphas, maps)
    if scale_factor > 1:
        alphas = _enlarged(graph, alphas, scale_factor)
    each = _unbound(graph, alphas, maps)
    _stack(graph, each, makes="curves")
    graph.keep_missing(_applied(graph, image, each), "image", makes="enhanced")
    size = ("N", channels, "H", "W")
    return graph.model(
        ARCHITECTURES[architecture].title,
        inputs={"image": size},
        outputs={"enhanced": size, "curves": ("N", maps, channels, "H", "W")},
        facts=facts,
    )


def _mean_of_colours(graph: OnnxGraph, alphas: str, maps: int) -> str:
    """Return the mean of each map's three colours: a convolution of one pixel."""
    shares = np.repeat(np.eye(maps), 3, axis=1) / 3
    weights = graph.constant(shares[:, :, None, None], np.float32, name="mean_of_colours")
    return graph.add("Conv", alphas, weights, kernel_shape=[1, 1])


def _thumbnail(graph: OnnxGraph, image: str, scale_factor: int) -> str:
    """Return the mean of the two by two middle pixels of each block, as `thumbnails.thumbnail`."""
    if scale_factor == 1:
        return image
    one, two = graph.constant([1]), graph.constant([2])
    sides = graph.add("Shape", image, start=_HEIGHT)
    block = graph.add("Min", sides, graph.constant([scale_factor]))
    blocks = _blocks(graph, sides, scale_factor)
    end = graph.add("Mul", blocks, block)
    first = graph.add("Div", graph.add("Sub", block, one), two)
    middle = (first, graph.add("Div", block, two))
    rows = [_every(graph, image, start, end, block, axis=_HEIGHT) for start in middle]
    pixels = [
        [_every(graph, row, start, end, block, axis=_WIDTH) for start in middle] for row in rows
    ]
    upper, lower = (graph.add("Add", *pair) for pair in pixels)
    return graph.add("Div", graph.add("Add", upper, lower), graph.constant(4, np.float32))


def _blocks(graph: OnnxGraph, sides: str, scale_factor: int) -> str:
    """Return the numbers of whole blocks in an image's sides, at least 1."""
    whole = graph.add("Div", sides, graph.constant([scale_factor]))
    return graph.add("Max", whole, graph.constant([1]))


def _every(graph: OnnxGraph, image: str, start: str, end: str, step: str, *, axis: int) -> str:
    """Return every `step`-th pixel of an axis; the sides' numbers are those of both axes."""
    bounds = (_at(graph, both, axis) for both in (start, end))
    return graph.add("Slice", image, *bounds, graph.constant([axis]), _at(graph, step, axis))


def _at(graph: OnnxGraph, sides: str, axis: int) -> str:
    return graph.add("Gather", sides, graph.constant([axis - _HEIGHT]))


def _enlarged(graph: OnnxGraph, alphas: str, scale_factor: int) -> str:
    """Return a thumbnail's maps at the size of the image, as `thumbnails.enlarge_maps`."""
    sides = graph.add("Shape", "image", start=_HEIGHT)
    blocks = _blocks(graph, sides, scale_factor)
    for axis in (_WIDTH, _HEIGHT):  # columns first, on the few rows of the thumbnail
        length, size = (_at(graph, both, axis) for both in (sides, blocks))
        alphas = _stretched(graph, alphas, length, size, scale_factor, axis=axis)
    return alphas


def _stretched(
    graph: OnnxGraph, alphas: str, length: str, size: str, scale_factor: int, *, axis: int
) -> str:
    """Enlarge an axis from `size` to `length` pixels, linearly, corners of whole blocks aligned.

    Pixel i lies at i (size - 1) / (size * scale_factor - 1). In integers this is exact for images
    of any size, and needs no float64, which many devices lack.
    """
    zero, one = graph.constant([0]), graph.constant([1])
    last = graph.add("Sub", size, one)
    parts = graph.add("Sub", graph.add("Mul", size, graph.constant([scale_factor])), one)
    ends = (graph.add("Squeeze", each, zero) for each in (zero, length, one))
    # Pixels beyond the last whole block take the value of its edge.
    pixel = graph.add("Min", graph.add("Range", *ends), parts)
    place = graph.add("Mul", pixel, last)
    lower = graph.add("Min", graph.add("Div", place, parts), _before(graph, last))
    upper = graph.add("Min", graph.add("Add", lower, one), last)
    distance = graph.add("Sub", place, graph.add("Mul", lower, parts))
    weight = graph.add("Div", *(graph.add("Cast", each, to=1) for each in (distance, parts)))
    if axis == _HEIGHT:
        weight = graph.add("Unsqueeze", weight, one)
    near, far = (graph.add("Gather", alphas, each, axis=axis) for each in (lower, upper))
    change = graph.add("Mul", graph.add("Sub", far, near), weight)
    return graph.add("Add", near, change)


def _before(graph: OnnxGraph, last: str) -> str:
    """Return the last pixel that another one follows; 0 if there is only one."""
    return graph.add("Max", graph.add("Sub", last, graph.constant([1])), graph.constant([0]))


def _unbound(graph: OnnxGraph, alphas: str, maps: int) -> list[str]:
    """Return the names of the single maps, shape (N, C, H, W)."""
    if maps == 1:
        return [alphas]
    names = [f"alpha{number}" for number in range(1, maps + 1)]
    graph.add("Split", alphas, axis=1, makes=names)
    return names


def _stack(graph: OnnxGraph, alphas: list[str], *, makes: str) -> None:
    """Stack maps to shape (N, maps, C, H, W), without the sizes that `Reshape` would ask for."""
    lifted = [graph.add("Unsqueeze", alpha, graph.constant([1])) for alpha in alphas]
    graph.add("Concat", *lifted, axis=1, makes=makes)


def _applied(graph: OnnxGraph, image: str, alphas: list[str]) -> str:
    """Apply ``x + A (x - x^2)`` eight times (CVPR 2020, equation 3)."""
    for alpha in alphas * (ITERATIONS // len(alphas)):
        change = graph.add("Sub", image, graph.add("Mul", image, image))
        image = graph.add("Add", image, graph.add("Mul", alpha, change))
    return image
