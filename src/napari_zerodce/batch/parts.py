"""How an image is cut into parts, each the work of one task: a pure function of its layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import isqrt
from typing import Final

from napari_zerodce.imaging.planes import PlaneLayout
from napari_zerodce.imaging.scope import Range, Scope

PIXELS_OF_A_TASK: Final = 2**23
"""On one core Zero-DCE takes some 20 s for them and Zero-DCE++ 2 s, and dask some 10 ms for a task;
in memory they are 16 MB of 16-bit samples."""

Part = tuple[Scope, ...]
"""The work of one task: regions that are read, enhanced and written one after the other."""


def regions_of(layout: PlaneLayout, *, pixels: int = PIXELS_OF_A_TASK) -> tuple[Scope, ...]:
    """Cut an image into regions that cover it once.

    Small planes stay whole, and several of them are one region; large planes are cut.

    Parameters
    ----------
    layout : PlaneLayout
    pixels : int
        Most pixels of a region.
    """
    plane = layout.height * layout.width
    side = isqrt(pixels)
    if plane <= pixels:
        sides = (layout.height, layout.width)
    else:  # long regions if the plane is narrow
        height = min(layout.height, max(side, pixels // layout.width))
        sides = (height, max(1, pixels // height))
    blocks = _planes_at_once(layout.leading, max(1, pixels // plane))
    ranges = product(
        *(list(_ranges(length, each)) for length, each in zip(layout.leading, blocks, strict=True)),
        list(_ranges(layout.height, sides[0])),
        list(_ranges(layout.width, sides[1])),
    )
    return tuple(Scope(tuple(leading), rows, columns) for *leading, rows, columns in ranges)


def _planes_at_once(leading: Sequence[int], most: int) -> tuple[int, ...]:
    """Return how many planes a region has along each axis; the last axis is filled first."""
    blocks: list[int] = []
    for length in reversed(leading):
        blocks.append(min(length, most))
        most = most // length if blocks[-1] == length else 1
        most = max(1, most)
    return tuple(reversed(blocks))


def _ranges(length: int, most: int) -> Iterator[Range]:
    """Yield ranges of nearly equal length that cover an axis."""
    count = -(-length // most)
    for number in range(count):
        yield number * length // count, (number + 1) * length // count


def grouped(regions: Sequence[Scope], *, pixels: int = PIXELS_OF_A_TASK) -> tuple[Part, ...]:
    """Join consecutive regions to parts.

    Parameters
    ----------
    regions : sequence of Scope
    pixels : int
        Most pixels of a part, unless one region alone has more.
    """
    parts: list[Part] = []
    room = 0
    for region in regions:
        if not parts or region.pixels > room:
            parts.append((region,))
            room = pixels - region.pixels
        else:
            parts[-1] += (region,)
            room -= region.pixels
    return tuple(parts)
