"""What tensors belong to that are not a network of this package, told by their names and shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from napari_zerodce.checkpoints.infer_design import design_of, has_norm_weights
from napari_zerodce.core.architectures import Shapes
from napari_zerodce.core.translators.design import RESNET_DOWNS

_GENERATOR: Final = "choose the generator of the same training, such as latest_net_G.pth"
_RETRAIN: Final = "train it with --norm instance or --norm batch"
_SUPPORTED: Final = "choose complete weights of Zero-DCE, pix2pix, CycleGAN or CUT"
_RESNET: Final = "train CUT or CycleGAN with a ResNet, such as --netG resnet_9blocks"


def other_network(shapes: Shapes) -> str | None:
    """Return what the tensors are, and what to try, as the end of a sentence; None if unknown.

    Parameters
    ----------
    shapes : Mapping of str to tuple of int
    """
    return next((words for belong, words in _OTHERS if belong(shapes)), None)


def _starting(*starts: str) -> Callable[[Shapes], bool]:
    return lambda shapes: any(name.startswith(starts) for name in shapes)


def _is_patch_discriminator(shapes: Shapes) -> bool:
    kernels = [shape for shape in shapes.values() if shape[2:] == (4, 4)]
    return "model.0.weight" in shapes and bool(kernels) and kernels[-1][0] == 1


def _is_pixel_discriminator(shapes: Shapes) -> bool:
    return shapes.get("net.0.weight", ())[2:] == (1, 1)


def _is_style_gan(shapes: Shapes) -> bool:
    parts = (".modulation.", ".encoder.convs.")  # the second one is all that SinCUT has
    return any(part in f".{name}" for name in shapes for part in parts)


def _is_content_encoder(shapes: Shapes) -> bool:
    return shapes.get("model.0.conv.weight", ())[2:] == (7, 7)


def _is_enlighten_gan(shapes: Shapes) -> bool:
    return shapes.get("conv1_1.weight", ())[1:2] == (4,)


def _halves_too_often(shapes: Shapes) -> bool:
    blocks = [_place(name) for name in shapes if ".conv_block." in name]
    before = [
        name
        for name, shape in shapes.items()
        if len(shape) == 4 and name.endswith(".weight") and _place(name) < min(blocks, default=0)
    ]
    return len(before) > RESNET_DOWNS + 1


def _place(name: str) -> int:
    """Return the index in a ResNet, such as 10 of "model.10.conv_block.1.weight"; 0 if none."""
    parts = name.split(".")
    return int(parts[1]) if len(parts) > 2 and parts[1].isdecimal() else 0


def _pads_with_zeros(shapes: Shapes) -> bool:
    return any(name.endswith(".conv_block.0.weight") for name in shapes)


def _has_biases_before_norm_weights(shapes: Shapes) -> bool:
    first = next((name for name in ("model.model.0", "model.1") if f"{name}.bias" in shapes), None)
    return first is not None and has_norm_weights(shapes)


def _lacks_its_first_layer(shapes: Shapes) -> bool:
    return design_of(shapes) is None and any(
        ".conv_block." in name or name.startswith("model.model.") for name in shapes
    )


_OTHERS: Final[tuple[tuple[Callable[[Shapes], bool], str], ...]] = (
    (
        _starting("mlp_0.0."),
        f"holds the feature network of a CUT training (PatchNCE) and no generator; {_GENERATOR}",
    ),
    (
        _is_style_gan,
        f"holds a generator of StyleGAN2, as SinCUT has it, which is not supported; {_RESNET}",
    ),
    (
        _is_content_encoder,
        f"holds a generator of MUNIT (resnet_cat), which is not supported; {_RESNET}",
    ),
    (
        _starting("model1_1."),
        f"holds the local enhancer of pix2pixHD, which is not supported; {_RESNET}",
    ),
    (
        _is_patch_discriminator,
        f"holds a discriminator, which judges pictures and makes none; {_GENERATOR}",
    ),
    (
        _is_pixel_discriminator,
        f"holds a pixel discriminator, which judges pictures and makes none; {_GENERATOR}",
    ),
    (
        _starting("scale0_layer", "layer0.0.", "final_linear."),
        f"holds a discriminator of pix2pixHD or StyleGAN2, which makes no pictures; {_GENERATOR}",
    ),
    (
        _is_enlighten_gan,
        f"holds the generator of EnlightenGAN, which is not supported yet; {_SUPPORTED}",
    ),
    (
        _halves_too_often,
        f"holds a ResNet that halves pictures more than twice, as that of pix2pixHD; {_RESNET}",
    ),
    (
        _pads_with_zeros,
        f"holds a ResNet whose blocks pad with zeros, and official ones reflect; {_RESNET}",
    ),
    (
        _has_biases_before_norm_weights,
        f"has biases before a normalisation with weights, unlike official generators; {_RETRAIN}",
    ),
    (
        _lacks_its_first_layer,
        f"looks like a generator, but has another first layer than official ones; {_SUPPORTED}",
    ),
)
