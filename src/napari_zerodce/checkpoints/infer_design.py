"""The design of a generator, inferred from the names and shapes of its tensors."""

from __future__ import annotations

from typing import Final

from napari_zerodce.core.architectures import Shapes
from napari_zerodce.core.translators.design import GeneratorDesign, Norm

_UNET_FIRST: Final = "model.model.0"
_UNET_LAST: Final = "model.model.3"
_RESNET_FIRST: Final = "model.1"
_BLOCK: Final = ".conv_block."

_MOST_HALVINGS: Final = 16
"""Of a U-Net: its pictures would have sides of 65,536 pixels."""


def design_of(shapes: Shapes) -> GeneratorDesign | None:
    """Return the design that tensors have if they are complete, None if they are no generator's.

    Dropout of a U-Net leaves no trace in its names; a design without it is returned.

    Parameters
    ----------
    shapes : Mapping of str to tuple of int
    """
    if shapes.get(f"{_UNET_FIRST}.weight", ())[2:] == (4, 4):
        design = _unet(shapes)
    elif shapes.get(f"{_RESNET_FIRST}.weight", ())[2:] == (7, 7):
        design = _resnet(shapes)
    else:
        return None
    is_one = design and min(design.inputs, design.outputs, design.features) > 0
    return design if is_one else None


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
