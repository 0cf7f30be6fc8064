"""What a translator's generator is built of, and the tensors that it has; no torch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from napari_zerodce.core.architectures import NetworkTraits, Shapes
from napari_zerodce.counting import counted

Family = Literal["unet", "resnet"]
Norm = Literal["instance", "batch", "none"]
TranslatorMethod = Literal["pix2pix", "cyclegan", "cut"]
"""The method whose official generators have this design."""

TRANSLATORS: Final[Mapping[TranslatorMethod, NetworkTraits]] = {
    "pix2pix": NetworkTraits(title="pix2pix", method="translation"),
    "cyclegan": NetworkTraits(title="CycleGAN", method="translation"),
    "cut": NetworkTraits(title="CUT", method="translation"),
}

RESNET_DOWNS: Final = 2
"""Both ResNets halve the picture twice (CycleGAN, section 7.1; CUT, appendix C.1)."""

WIDEST: Final = 8
"""The deep layers of a U-Net have so many times the features of its first (pix2pix, 6.1.1)."""


@dataclass(frozen=True)
class GeneratorDesign:
    """The design of a generator; it decides the names and shapes of its tensors.

    Parameters
    ----------
    family : {"unet", "resnet"}
        U-Net of pix2pix (CVPR 2017, section 6.1.1), or ResNet of CycleGAN (ICCV 2017, section 7.1)
        and CUT (ECCV 2020, appendix C.1).
    inputs, outputs : int
        Channels of the picture and of its translation.
    features : int
        Feature maps of the first layer.
    depth : int
        The residual blocks of a ResNet, or how many times a U-Net halves the picture.
    norm : {"instance", "batch", "none"}
        Instance normalisation has no weights, batch normalisation has.
    dropout : bool
        Whether a network in training drops features at random.
    antialias_down, antialias_up : bool
        Whether a ResNet blurs as it changes the resolution, as those of CUT do.
    """

    family: Family
    inputs: int = 3
    outputs: int = 3
    features: int = 64
    depth: int = 9
    norm: Norm = "instance"
    dropout: bool = False
    antialias_down: bool = False
    antialias_up: bool = False

    @property
    def method(self) -> TranslatorMethod:
        """The method whose official generators look like this one."""
        if self.family == "unet":
            return "pix2pix"
        return "cut" if self.antialias_down or self.antialias_up else "cyclegan"

    @property
    def title(self) -> str:
        """The method and the family, such as "CycleGAN, ResNet with 9 blocks"."""
        method = TRANSLATORS[self.method].title
        if self.family == "unet":
            return f"{method}, U-Net for {self.multiple} pixels"
        return f"{method}, ResNet with {counted(self.depth, 'block')}"

    @property
    def channels(self) -> str:
        """The numbers of channels, such as "3 -> 3 channels"."""
        return f"{self.inputs} -> {counted(self.outputs, 'channel')}"

    @property
    def multiple(self) -> int:
        """The sides of a picture must be multiples of this number of pixels."""
        return int(2 ** (self.depth if self.family == "unet" else RESNET_DOWNS))

    @property
    def smallest_side(self) -> int:
        """The sides of a picture have at least so many pixels."""
        # A ResNet pads by reflection at a quarter of the resolution: one pixel of two.
        return self.multiple if self.family == "unet" else 2 * self.multiple

    @property
    def sides(self) -> str:
        """The sides that a picture must have, such as "multiples of 4, at least 8 pixels"."""
        return f"multiples of {self.multiple}, at least {self.smallest_side} pixels"

    @property
    def receptive_radius(self) -> int | None:
        """How many pixels around it decide a pixel, apart from statistics; None if all do."""
        if self.family == "unet":
            return None
        # At a quarter of the resolution, each of the two convolutions of a block sees 4 pixels
        # more to each side. With the fixed blurs, the largest distance of all pixels was measured.
        return 8 * self.depth + (21 if self.antialias_down or self.antialias_up else 12)

    @property
    def levels(self) -> tuple[int, ...]:
        """The feature maps after each halving of a U-Net."""
        return tuple(self.features * min(2**level, WIDEST) for level in range(self.depth))

    @cached_property
    def shapes(self) -> Shapes:
        """Names and shapes of the tensors of the state dict, in its order."""
        return dict(_unet(self) if self.family == "unet" else _resnet(self))

    @property
    def parameters(self) -> int:
        """Number of weights that training changes."""
        fixed = (".filt", ".running_mean", ".running_var", ".num_batches_tracked")
        return sum(
            math.prod(shape) for name, shape in self.shapes.items() if not name.endswith(fixed)
        )


_Tensors = Iterator[tuple[str, tuple[int, ...]]]


def _resnet(design: GeneratorDesign) -> _Tensors:
    features, place = design.features, 1
    yield from _convolution(design, f"model.{place}", (features, design.inputs, 7, 7))
    place += 3
    for _ in range(RESNET_DOWNS):
        yield from _convolution(design, f"model.{place}", (2 * features, features, 3, 3))
        features, place = 2 * features, place + 3
        if design.antialias_down:
            yield f"model.{place}.filt", (features, 1, 3, 3)
            place += 1
    for _ in range(design.depth):
        for inside in (1, 6 if design.dropout else 5):
            name = f"model.{place}.conv_block.{inside}"
            yield from _convolution(design, name, (features, features, 3, 3))
        place += 1
    for _ in range(RESNET_DOWNS):
        half = features // 2
        shape = (features, half, 3, 3)  # of a transposed convolution
        if design.antialias_up:
            yield f"model.{place}.filt", (features, 1, 4, 4)
            place, shape = place + 1, (half, features, 3, 3)
        yield from _convolution(design, f"model.{place}", shape, outputs=half)
        features, place = half, place + 3
    yield f"model.{place + 1}.weight", (design.outputs, features, 7, 7)
    yield f"model.{place + 1}.bias", (design.outputs,)


def _convolution(
    design: GeneratorDesign, name: str, shape: tuple[int, ...], *, outputs: int | None = None
) -> _Tensors:
    """Yield the tensors of a convolution and of the normalisation after it."""
    outputs = outputs or shape[0]
    yield f"{name}.weight", shape
    if design.norm == "instance":
        yield f"{name}.bias", (outputs,)
    head, _, place = name.rpartition(".")
    yield from _normalisation(design, f"{head}.{int(place) + 1}", outputs)


def _normalisation(design: GeneratorDesign, name: str, features: int) -> _Tensors:
    if design.norm == "batch":
        for tensor in ("weight", "bias", "running_mean", "running_var"):
            yield f"{name}.{tensor}", (features,)
        yield f"{name}.num_batches_tracked", ()


def _unet(design: GeneratorDesign) -> _Tensors:
    levels = design.levels
    yield from _unet_convolution(design, "model.model.0", (levels[0], design.inputs, 4, 4))
    yield from _unet_level(design, "model.model.1.model", 1)
    yield "model.model.3.weight", (2 * levels[0], design.outputs, 4, 4)
    yield "model.model.3.bias", (design.outputs,)


def _unet_level(design: GeneratorDesign, name: str, level: int) -> _Tensors:
    outer, inner = design.levels[level - 1], design.levels[level]
    yield from _unet_convolution(design, f"{name}.1", (inner, outer, 4, 4))
    innermost = level == design.depth - 1
    if not innermost:
        yield from _normalisation(design, f"{name}.2", inner)
        yield from _unet_level(design, f"{name}.3.model", level + 1)
    up = 3 if innermost else 5
    shape = (inner if innermost else 2 * inner, outer, 4, 4)
    yield from _unet_convolution(design, f"{name}.{up}", shape, outputs=outer)
    yield from _normalisation(design, f"{name}.{up + 1}", outer)


def _unet_convolution(
    design: GeneratorDesign, name: str, shape: tuple[int, ...], *, outputs: int | None = None
) -> _Tensors:
    yield f"{name}.weight", shape
    if design.norm == "instance":
        yield f"{name}.bias", (outputs or shape[0],)
