"""Which options the official programs need for the generator of a run, or that they have none."""

from __future__ import annotations

from typing import Final

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.counting import counted
from napari_zerodce.training.translation.config import SHALLOWEST

CYCLEGAN_AND_PIX2PIX: Final = "github.com/junyanz/pytorch-CycleGAN-and-pix2pix"
CUT: Final = "github.com/taesungp/contrastive-unpaired-translation"

_UNETS: Final = {7: "unet_128", 8: "unet_256"}
_RESNETS: Final = {6: "resnet_6blocks", 9: "resnet_9blocks"}


def official_options(design: GeneratorDesign) -> str:
    """Return sentences for a user who wants to load a generator in an official program.

    Parameters
    ----------
    design : GeneratorDesign
    """
    program = CUT if design.method == "cut" else CYCLEGAN_AND_PIX2PIX
    name = (_UNETS if design.family == "unet" else _RESNETS).get(design.depth)
    if design.family == "unet" and design.depth < SHALLOWEST:
        return f"No official program builds a U-Net with {counted(design.depth, 'halving')}."
    if name is None:
        return f"The program of {program} has no --netG for this network. {_by_class(design)}"
    return f"The program of {program} needs: {' '.join(_options(design, name))}"


def _options(design: GeneratorDesign, name: str) -> list[str]:
    is_cut = design.method == "cut"
    options = [
        f"--netG {name}",
        f"--ngf {design.features}",
        f"--{'normG' if is_cut else 'norm'} {design.norm}",
        f"--input_nc {design.inputs}",
        f"--output_nc {design.outputs}",
    ]
    if is_cut:
        options += ["--no_dropout False"] * design.dropout  # it has none by default
        options += ["--no_antialias"] * (not design.antialias_down)
        options += ["--no_antialias_up"] * (not design.antialias_up)
    else:
        options += ["--no_dropout"] * (not design.dropout)
    return options


def _by_class(design: GeneratorDesign) -> str:
    """Return how Python code builds a network for which the program has no option."""
    layers = {"batch": "BatchNorm2d", "instance": "InstanceNorm2d", "none": "Identity"}
    first = f"input_nc={design.inputs}, output_nc={design.outputs}"
    if design.family == "unet":
        call = f"UnetGenerator({first}, num_downs={design.depth}"
    else:
        call = f"ResnetGenerator({first}, n_blocks={design.depth}"
    call += f", ngf={design.features}, norm_layer=torch.nn.{layers[design.norm]}"
    call += f", use_dropout={design.dropout}"
    if design.method == "cut":
        call += f", no_antialias={not design.antialias_down}"
        call += f", no_antialias_up={not design.antialias_up}"
    return f"Its models/networks.py builds it: {call})."
