"""The pictures that stand for planes when a translator's statistics are measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from napari_zerodce.core.translators.design import GeneratorDesign
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.translation_limits import MOST_MEASURED, padded
from napari_zerodce.imaging.tiling import Region

Array = np.ndarray[Any, Any]

SIDE: Final = 256
"""Pixels of a crop. As many pixels in crops of 512 lie in fewer places, and the result comes 5 dB
less near to that of a whole pass; leaving out the borders of crops, too, loses more than it gains.
"""

MOST_PLANES: Final = 8
"""Planes of a stack that share their statistics, which are measured in so many of them."""


def picture_of(block: Array, design: GeneratorDesign) -> Array:
    """Return colours as a picture with the channels that a generator takes.

    Parameters
    ----------
    block : ndarray, shape (1 or 3, H, W)
        One channel becomes equal ones.
    design : GeneratorDesign

    Returns
    -------
    ndarray, shape (1, inputs, H, W)
    """
    return np.broadcast_to(block, (design.inputs, *block.shape[1:]))[None]


def padded_to(picture: Array, rows: int, columns: int) -> Array:
    """Return a picture with rows and columns added below and at the right, by reflection.

    Parameters
    ----------
    picture : ndarray, shape (N, C, H, W)
    rows, columns : int
        Those of the result.
    """
    below, right = rows - picture.shape[-2], columns - picture.shape[-1]
    if not below and not right:
        return np.require(picture, requirements=("C", "W"))  # torch warns of others
    return np.pad(picture, ((0, 0), (0, 0), (0, below), (0, right)), mode="reflect")


def whole_picture(plane: Plane, design: GeneratorDesign) -> Array:
    """Return a plane as a picture for a generator.

    Parameters
    ----------
    plane : Plane
    design : GeneratorDesign

    Returns
    -------
    ndarray, shape (1, inputs, H, W), values in [0, 1]
        NaN is 0, the darkest value.
    """
    region = slice(0, plane.shape[0]), slice(0, plane.shape[1])
    return _picture(plane, region, design)


def measured_whole(shape: tuple[int, int], planes: int) -> bool:
    """Return whether so many planes of a shape are measured whole, and not by crops."""
    return math.prod(shape) * planes <= MOST_MEASURED


def crops_of(planes: Sequence[Plane], design: GeneratorDesign) -> Array:
    """Return crops of planes at full resolution; the planes themselves if they are small.

    Thumbnails would not do: their noise and their detail are others (PSNR to the statistics of the
    whole image 24 instead of 37 dB).

    Parameters
    ----------
    planes : sequence of Plane
        Of the same shape.
    design : GeneratorDesign

    Returns
    -------
    ndarray, shape (N, inputs, H, W), values in [0, 1]
    """
    shape = planes[0].shape
    if measured_whole(shape, len(planes)):
        return np.concatenate([whole_picture(plane, design) for plane in planes])
    regions = spread_regions(shape, max(1, MOST_MEASURED // SIDE**2))
    return np.concatenate(
        [_picture(plane, region, design) for plane, region in _dealt(planes, regions)]
    )


def _dealt(planes: Sequence[Plane], regions: list[Region]) -> Iterator[tuple[Plane, Region]]:
    """Deal out regions among planes, so that together they see all of the field of view.

    They are shuffled: in a fixed order, each plane might get one column of the field.
    """
    shuffled = np.random.default_rng(0).permutation(len(regions))
    for number in range(max(len(planes), len(regions))):
        place = int(shuffled[number % len(regions)])
        yield planes[number % len(planes)], regions[place]


def spread_regions(shape: tuple[int, int], count: int) -> list[Region]:
    """Return regions of a plane that are spread evenly over it.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the plane.
    count : int
        About how many regions to return; at least one.
    """
    rows, columns = shape
    down = max(1, round(math.sqrt(count * rows / columns)))
    down = min(down, count, -(-rows // SIDE))
    across = min(max(1, count // down), -(-columns // SIDE))
    return [(top, left) for top in _spread(rows, down) for left in _spread(columns, across)]


def _spread(length: int, count: int) -> list[slice]:
    """Return equal parts of a length, in the middle of as many cells."""
    side = min(SIDE, length)
    starts = [
        min(max(0, round((number + 0.5) * length / count - side / 2)), length - side)
        for number in range(count)
    ]
    return [slice(start, start + side) for start in starts]


def _picture(plane: Plane, region: Region, design: GeneratorDesign) -> Array:
    picture = picture_of(plane.normalised(plane.read(*region)), design)
    return padded_to(picture, *(padded(length, design) for length in picture.shape[-2:]))
