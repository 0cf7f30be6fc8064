"""What a translator can be asked for: its settings, its channels, and the memory that it needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from napari_zerodce.checkpoints.defects import readable_size
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.device import Device, free_memory
from napari_zerodce.engine.look import AS_PUBLISHED, DEFAULT_LOOK
from napari_zerodce.engine.memory import room_for_blocks
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.imaging.planes import Channels, PlaneLayout
from napari_zerodce.imaging.scope import Scope

_PART_OF_MEMORY: Final = 0.6
"""Of the free memory: the rest is for the result, and for other programs."""

_LARGEST_TILE: Final = 2048
"""Pixels. A halo of 96 costs 20 % then, and the user waits a few seconds for a stop on a CPU."""

_FLOAT: Final = 4

MOST_MEASURED: Final = 2**21
"""Pixels of the crops in which statistics are measured: 2.4 GiB for a ResNet of full size."""


def bytes_per_pixel(design: GeneratorDesign) -> int:
    """Return the peak memory of a generator for each pixel, in bytes.

    It was measured at 512x512 and 1024x1024 pixels, and rounded up: so many times the features of
    the first layer.

    Parameters
    ----------
    design : GeneratorDesign
    """
    of_resnet = 7.0 if design.antialias_up else 4.5  # the blur has all features in full size
    pictures = 2.3 if design.family == "unet" else of_resnet
    return math.ceil(pictures * design.features * _FLOAT)


def padded(length: int, design: GeneratorDesign) -> int:
    """Return the side of the picture that the generator gets for a side of a plane, in pixels."""
    return -(-max(length, design.smallest_side) // design.multiple) * design.multiple


def halo_of(design: GeneratorDesign) -> int:
    """Return the halo of tiles of a ResNet, in pixels.

    It is so large that tile and halo can be cut to multiples: the generator must halve the same
    pixels as in the whole plane.
    """
    assert design.receptive_radius is not None
    multiple = design.multiple
    return -(-design.receptive_radius // multiple) * multiple + multiple - 1


def working_memory(design: GeneratorDesign, shape: tuple[int, int], side: int) -> int:
    """Return the memory for a plane while a generator works on it, in bytes.

    Parameters
    ----------
    design : GeneratorDesign
    shape : tuple of int
        Rows and columns of the plane.
    side : int
        Side of tiles.
    """
    whole = [padded(length, design) for length in shape]
    if side < max(shape):
        whole = [min(length, side + 2 * halo_of(design)) for length in whole]
    return math.prod(whole) * bytes_per_pixel(design)


def first_tile(design: GeneratorDesign, shape: tuple[int, int], device: Device) -> int:
    """Return the side of the first tiles: of the whole plane if it fits into the free memory.

    Parameters
    ----------
    design : GeneratorDesign
    shape : tuple of int
        Rows and columns of a plane.
    device : Device

    Raises
    ------
    ImageError
        If the plane does not fit, and the network needs all of it.
    """
    room = room_for_translation(device)
    if working_memory(design, shape, max(shape)) <= room:
        return max(shape)
    largest = math.isqrt(room // bytes_per_pixel(design)) // design.multiple * design.multiple
    if design.receptive_radius is None:
        needed = readable_size(working_memory(design, shape, max(shape)))
        crop = f"take a crop of at most {largest}x{largest} pixels" if largest else "free memory"
        raise ImageError(
            f"A plane of {shape[1]}x{shape[0]} pixels needs {needed} of memory and at most "
            f"{readable_size(room)} can be used for it; a U-Net sees the whole plane and cannot go "
            f"tile by tile, so {crop}."
        )
    return max(design.multiple, min(_LARGEST_TILE, largest - 2 * halo_of(design)))


@dataclass(frozen=True)
class Cost:
    """What the translation of an image costs.

    Parameters
    ----------
    pixels : int
        So many pixels go through the generator.
    memory : int
        Bytes that it needs while it works.
    """

    pixels: int
    memory: int


def cost_of(
    design: GeneratorDesign, layout: PlaneLayout, part: Scope, side: int, *, locked: bool
) -> Cost:
    """Return the cost of a translation.

    Parameters
    ----------
    design : GeneratorDesign
    layout : PlaneLayout
        Of the image.
    part : Scope
        The part of it to translate.
    side : int
        Side of tiles; if it is that of a plane, planes are translated whole.
    locked : bool
        Whether the planes share their statistics.
    """
    shape = (layout.height, layout.width)
    memory = working_memory(design, shape, side)
    whole = math.prod(padded(length, design) for length in shape)
    if side >= max(shape):
        return Cost(part.count * whole, memory)
    around = 2 * halo_of(design)
    sides = [length + around * -(-length // side) for length in part.extent]
    measured = 1 if locked else part.count
    return Cost(part.count * math.prod(sides) + measured * min(whole, MOST_MEASURED), memory)


def room_for_translation(device: Device) -> int:
    """Return the memory of a device that a generator may use, in bytes."""
    if device.kind == "cpu":
        return room_for_blocks(_PART_OF_MEMORY)
    return int(_PART_OF_MEMORY * free_memory(device))


def check_translation(info: CheckpointInfo, settings: EnhanceSettings, layout: PlaneLayout) -> None:
    """Refuse what a translator cannot do.

    Parameters
    ----------
    info : CheckpointInfo
    settings : EnhanceSettings
    layout : PlaneLayout
        Of the image.

    Raises
    ------
    CheckpointError
        If the image has other channels than the network.
    RequestError
        If a setting has no effect on a translator.
    """
    assert info.design is not None
    _check_settings(info, settings)
    if not suits(info.design, layout.channels):
        raise info.refusal(_about_channels(info.design, layout))
    if settings.tile is not None and info.design.receptive_radius is None:
        raise info.refusal("sees the whole plane, so that it has no tiles; leave the tile out")


def _check_settings(info: CheckpointInfo, settings: EnhanceSettings) -> None:
    useless = []
    if settings.look not in (AS_PUBLISHED, DEFAULT_LOOK):
        useless.append(f"look ({settings.look.describe()})")
    if settings.time != "frames":
        useless.append(f"time {settings.time!r}")
    if settings.channel_curves != "own":
        useless.append("shared curves of channels")
    if useless:
        raise RequestError(
            f"{info.label} ({info.title}) makes a picture without curves, so it has no "
            f"{' and no '.join(useless)}; leave that out, or choose Zero-DCE weights."
        )


def suits(design: GeneratorDesign, channels: Channels) -> bool:
    """Return whether a translator takes images with such channels.

    A mono image is three equal channels for a network with 3, and the mean of its 3 outputs is the
    result. If a network makes 1 channel of a colour image, the result is grey.

    Parameters
    ----------
    design : GeneratorDesign
    channels : {"mono", "rgb", "rgba"}
    """
    if channels == "mono":
        return (design.inputs, design.outputs) in {(1, 1), (3, 1), (3, 3)}
    return design.inputs == 3 and design.outputs in {1, 3}


def _about_channels(design: GeneratorDesign, layout: PlaneLayout) -> str:
    found = "mono" if layout.channels == "mono" else "RGB"
    advice = "choose weights for such images"
    if design.inputs == 1 and found == "RGB":
        advice = "split it into its channels, and translate one"
    return f"translates {design.channels}, and the image is {found}; {advice}"
