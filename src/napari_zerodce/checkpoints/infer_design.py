"""The design of a generator, inferred from the names and shapes of its tensors."""

from __future__ import annotations

from typing import Final

from napari_zerodce.core.architectures import Shapes
from napari_zerodce.core.translators.design import GeneratorDesign, Norm

BATCH_COUNT: Final = ".num_batches_tracked"
"""Ends the names of the counts of batches in a batch normalisation, which change nothing."""

_UNET_FIRST: Final = "model.model.0"
_UNET_LAST: Final = "model.model.3"
_RESNET_FIRST: Final = "model.1"
_BLOCK: Final = ".conv_block."

_FIRST_LAYERS: Final = {f"{_UNET_FIRST}.weight": (4, 4), f"{_RESNET_FIRST}.weight": (7, 7)}

_MOST_HALVINGS: Final = 16
"""Of a U-Net: its pictures would have sides of 65,536 pixels."""


def design_of(shapes: Shapes) -> GeneratorDesign | None:
    """Return the design that tensors have if they are complete, None if they are no generator's.

    Dropout of a U-Net leaves no trace in its names; a design without it is returned.

    Parameters
    ----------
    shapes : Mapping of str to tuple of int
    """
    first = next(
        (name for name in _FIRST_LAYERS if begins_generator(name, shapes.get(name, ()))), ""
    )
    if not first:
        return None
    design = _unet(shapes) if first.startswith(_UNET_FIRST) else _resnet(shapes)
    is_one = design and min(design.inputs, design.outputs, design.features) > 0
    return design if is_one else None


def begins_generator(name: str, shape: tuple[int, ...]) -> bool:
    """Return whether a tensor is the first layer of a generator.

    Parameters
    ----------
    name : str
        Its name within the network.
    shape : tuple of int
    """
    return shape[2:] == _FIRST_LAYERS.get(name)


def _unet(shapes: Shapes) -> GeneratorDesign | None:
    features, inputs, *_ = shapes[f"{_UNET_FIRST}.weight"]
    last = shapes.get(f"{_UNET_LAST}.weight", ())
    outputs = last[1] if len(last) > 1 else inputs
    halvings = max(name.split(".").count("model") for name in shapes) - 1
    if not 1 < halvings <= _MOST_HALVINGS:
        return None
    norm = _norm(shapes, _UNET_FIRST)
    return GeneratorDesign("unet", inputs, outputs, features, halvings, norm)


def _resnet(shapes: Shapes) -> GeneratorDesign | None:
    features, inputs, *_ = shapes[f"{_RESNET_FIRST}.weight"]
    blocks = {name.partition(_BLOCK)[0] for name in shapes if _BLOCK in name}
    filters = {shape[2:] for name, shape in shapes.items() if name.endswith(".filt")}
    if not blocks:
        return None
    return GeneratorDesign(
        "resnet",
        inputs,
        _resnet_outputs(shapes) or inputs,
        features,
        len(blocks),
        _norm(shapes, _RESNET_FIRST),
        dropout=any(f"{_BLOCK}6." in name for name in shapes)
        and not any(f"{_BLOCK}5." in name for name in shapes),
        antialias_down=(3, 3) in filters,
        antialias_up=(4, 4) in filters,
    )


def _resnet_outputs(shapes: Shapes) -> int | None:
    """Return the outputs of the last 7x7 convolution, which the first one is not."""
    wide = [
        shape[0]
        for name, shape in shapes.items()
        if shape[2:] == (7, 7) and name != f"{_RESNET_FIRST}.weight"
    ]
    return wide[-1] if wide else None


def _norm(shapes: Shapes, first: str) -> Norm:
    """Return the normalisation: only before one without weights, convolutions have a bias."""
    if f"{first}.bias" in shapes:
        return "instance"
    return "batch" if has_norm_weights(shapes) else "none"


def has_norm_weights(shapes: Shapes) -> bool:
    """Return whether a generator, not a tensor beside it, has a normalisation with weights.

    Parameters
    ----------
    shapes : Mapping of str to tuple of int
    """
    return any(
        name.startswith("model.") and name.endswith(".weight") and len(shape) == 1
        for name, shape in shapes.items()
    )
