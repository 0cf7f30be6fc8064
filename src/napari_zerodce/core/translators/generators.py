"""The generators of pix2pix, CycleGAN and CUT, with the tensor names of the official files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import torch
from torch import Tensor, nn

from napari_zerodce.core.translators.blur import BlurredDoubling, BlurredHalving
from napari_zerodce.core.translators.design import RESNET_DOWNS, GeneratorDesign, Norm

SLOPE: Final = 0.2
"""Of the leaky ReLUs (pix2pix, section 6.1)."""

_DROPPED: Final = 0.5


class Generator(nn.Module):
    """A network that turns a picture into another picture.

    Parameters
    ----------
    design : GeneratorDesign
    """

    def __init__(self, design: GeneratorDesign) -> None:
        super().__init__()
        self.design = design
        self.model: nn.Module

    def forward(self, picture: Tensor) -> Tensor:
        """Translate a batch of pictures.

        Parameters
        ----------
        picture : Tensor, shape (N, inputs, H, W), values in [-1, 1]
            H and W are multiples of `design.multiple`.

        Returns
        -------
        Tensor, shape (N, outputs, H, W), values in [-1, 1]
        """
        translated: Tensor = self.model(picture)
        return translated


class ResNetGenerator(Generator):
    """The generator of CycleGAN (ICCV 2017, section 7.1), or CUT's with fixed blurs.

    Parameters
    ----------
    design : GeneratorDesign
    """

    def __init__(self, design: GeneratorDesign) -> None:
        super().__init__(design)
        self.model = nn.Sequential(*_resnet_layers(design))

    def features(self, picture: Tensor, places: Iterable[int]) -> list[Tensor]:
        """Return the outputs of some layers, as PatchNCE compares them (CUT, section 3).

        Parameters
        ----------
        picture : Tensor, shape (N, inputs, H, W), values in [-1, 1]
        places : iterable of int
            Ascending indices in `model`; nothing behind the last one is computed.
        """
        wanted = set(places)
        found, features = [], picture
        for place, layer in enumerate(self.model.children()):
            features = layer(features)
            if place in wanted:
                found.append(features)
            if len(found) == len(wanted):
                break
        return found


def _resnet_layers(design: GeneratorDesign) -> Iterator[nn.Module]:
    norm, features = design.norm, design.features
    yield nn.ReflectionPad2d(3)
    yield from _normalised(nn.Conv2d(design.inputs, features, 7, bias=_biased(norm)), norm)
    for _ in range(RESNET_DOWNS):
        stride = 1 if design.antialias_down else 2
        halving = nn.Conv2d(features, 2 * features, 3, stride=stride, padding=1, bias=_biased(norm))
        yield from _normalised(halving, norm)
        features *= 2
        if design.antialias_down:
            yield BlurredHalving(features)
    for _ in range(design.depth):
        yield ResidualBlock(features, norm, dropout=design.dropout)
    for _ in range(RESNET_DOWNS):
        if design.antialias_up:
            yield BlurredDoubling(features)
        yield from _normalised(_widening(features, design), norm)
        features //= 2
    yield nn.ReflectionPad2d(3)
    yield nn.Conv2d(features, design.outputs, 7)
    yield nn.Tanh()


def _widening(features: int, design: GeneratorDesign) -> nn.Module:
    """Return the convolution that halves the features; without blurs, it doubles the resolution."""
    half, bias = features // 2, _biased(design.norm)
    if design.antialias_up:
        return nn.Conv2d(features, half, 3, padding=1, bias=bias)
    return nn.ConvTranspose2d(features, half, 3, stride=2, padding=1, output_padding=1, bias=bias)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions whose output is added to their input.

    Parameters
    ----------
    features : int
    norm : {"instance", "batch", "none"}
    dropout : bool
    """

    def __init__(self, features: int, norm: Norm, *, dropout: bool) -> None:
        super().__init__()
        bias = _biased(norm)
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(1),
            *_normalised(nn.Conv2d(features, features, 3, bias=bias), norm),
            *([nn.Dropout(_DROPPED)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(features, features, 3, bias=bias),
            normalisation(norm, features),
        ]
        self.conv_block = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Return features plus their change, shape (N, features, H, W)."""
        changed: Tensor = self.conv_block(features)
        return features + changed


class UNetGenerator(Generator):
    """The generator of pix2pix (CVPR 2017, section 6.1.1).

    Parameters
    ----------
    design : GeneratorDesign
    """

    def __init__(self, design: GeneratorDesign) -> None:
        super().__init__(design)
        self.model = UNetLevel(design, 0)


class UNetLevel(nn.Module):
    """One halving of a U-Net, what lies within it, and the doubling back.

    Parameters
    ----------
    design : GeneratorDesign
    level : int
        0 for the outermost one.
    """

    def __init__(self, design: GeneratorDesign, level: int) -> None:
        super().__init__()
        self.is_outermost = level == 0
        self.model = nn.Sequential(*_level_layers(design, level))

    def forward(self, features: Tensor) -> Tensor:
        """Return the features and those from within, or the picture from the outermost level."""
        if self.is_outermost:
            picture: Tensor = self.model(features)
            return picture
        return torch.cat((features, self.model(features)), 1)


def _level_layers(design: GeneratorDesign, level: int) -> Iterator[nn.Module]:
    norm, bias, inner = design.norm, _biased(design.norm), design.levels[level]
    outer = design.levels[level - 1] if level else design.inputs
    innermost = level == design.depth - 1
    if level:
        yield nn.LeakyReLU(SLOPE)
    yield nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=bias)
    if not innermost:
        if level:
            yield normalisation(norm, inner)
        yield UNetLevel(design, level + 1)
    yield nn.ReLU()
    known = inner if innermost else 2 * inner
    if level == 0:
        yield nn.ConvTranspose2d(known, design.outputs, 4, stride=2, padding=1)
        yield nn.Tanh()
        return
    yield nn.ConvTranspose2d(known, outer, 4, stride=2, padding=1, bias=bias)
    yield normalisation(norm, outer)
    if design.dropout and not innermost and outer == inner:
        yield nn.Dropout(_DROPPED)


def normalisation(norm: Norm, features: int) -> nn.Module:
    """Return a normalisation, as the official networks have it.

    Parameters
    ----------
    norm : {"instance", "batch", "none"}
    features : int
    """
    if norm == "instance":
        return nn.InstanceNorm2d(features)
    return nn.BatchNorm2d(features) if norm == "batch" else nn.Identity()


def _normalised(convolution: nn.Module, norm: Norm) -> Iterator[nn.Module]:
    features = convolution.out_channels
    assert isinstance(features, int)
    yield convolution
    yield normalisation(norm, features)
    yield nn.ReLU()


def _biased(norm: Norm) -> bool:
    """Return whether a convolution before a normalisation has a bias: in the official networks."""
    return norm == "instance"


def make_generator(design: GeneratorDesign) -> Generator:
    """Return a generator with random weights.

    Parameters
    ----------
    design : GeneratorDesign
    """
    return UNetGenerator(design) if design.family == "unet" else ResNetGenerator(design)
