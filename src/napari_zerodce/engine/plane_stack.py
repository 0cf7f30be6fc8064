"""Planes that are processed as one: their blocks are stacked along one more axis, the first.

A GPU takes as long to start the hundred operations of a small plane as to compute dozens of planes:
they go through the network, the curves and the bus together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np

from napari_zerodce.engine.plane import Plane
from napari_zerodce.imaging.exposure import UNCHANGED
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.tiling import Tile
from napari_zerodce.imaging.windows import Window

Array = np.ndarray[Any, Any]
Numbered = tuple[tuple[int, ...], tuple[Plane, ...]]
"""The numbers of planes, and the planes."""


class PlaneStack(Plane):
    """Planes of an image that have nothing but one window in common, as a plane.

    Its blocks have the shape (N, C, h, w), and its index is that of the first plane.

    Parameters
    ----------
    planes : tuple of Plane
        At least one.
    """

    def __init__(self, planes: tuple[Plane, ...]) -> None:
        first = planes[0]
        super().__init__(first.index, shape=first.shape, colours=first.colours, window=first.window)
        self._planes, self.leading = planes, (len(planes),)

    def read(self, rows: slice, columns: slice) -> Array:
        """Return the samples of a region of all planes, shape (N, C, h, w).

        Parameters
        ----------
        rows, columns : slice

        Raises
        ------
        UnreadableError
            If a plane cannot be read.
        """
        blocks = [plane.read(rows, columns) for plane in self._planes]
        return _stacked(blocks)

    def thumbnail(self, rows: slice, columns: slice, scale_factor: int) -> Array:
        """Return the thumbnails of a region, shape (N, C, h, w).

        Parameters
        ----------
        rows, columns : slice
        scale_factor : int
            As in `Plane.thumbnail`.
        """
        return np.stack([plane.thumbnail(rows, columns, scale_factor) for plane in self._planes])

    def write(self, output: Array, tile: Tile, block: Array, scope: Scope) -> None:
        """Write an enhanced tile of each plane.

        Parameters
        ----------
        output : ndarray
        tile : Tile
        block : ndarray, shape (N, C, h, w)
        scope : Scope
            As in `Plane.write`.
        """
        for plane, own in zip(self._planes, block, strict=True):
            plane.write(output, tile, own, scope)


def _stacked(blocks: list[Array]) -> Array:
    """Return blocks of shape (C, h, w) as one array; colours that are interleaved stay so."""
    first = blocks[0]
    order = sorted(range(first.ndim), key=lambda axis: -abs(first.strides[axis]))
    stack = np.stack([block.transpose(order) for block in blocks])
    return stack.transpose(0, *(1 + order.index(axis) for axis in range(first.ndim)))


_MOST_FULL: Final = 4
"""As many planes wait as full stacks of so many channels have; each holds its samples."""


def in_stacks(planes: Iterable[tuple[int, Plane]], most: Callable[[], int]) -> Iterator[Numbered]:
    """Yield planes in stacks of those that can be processed as one.

    Parameters
    ----------
    planes : iterable of (int, Plane)
        With their numbers. Channels may take turns: each has a stack of its own that fills up. Not
        many wait: of many channels, the stack that has waited longest goes before it is full.
    most : callable
        Returns how many planes a stack may have now.
    """
    waiting: dict[Window, list[tuple[int, Plane]]] = {}
    for number, plane in planes:
        if _remains_alone(plane):
            yield (number,), (plane,)
            continue
        alike = waiting.setdefault(plane.window, [])
        alike.append((number, plane))
        if len(alike) >= most():
            yield _together(waiting.pop(plane.window))
        elif sum(map(len, waiting.values())) >= _MOST_FULL * most():
            yield _together(waiting.pop(next(iter(waiting))))
    yield from map(_together, waiting.values())


def _remains_alone(plane: Plane) -> bool:
    """Return whether no other plane is like it; corrections are those of single frames."""
    return plane.shared_maps is not None or plane.is_grey or plane.correction != UNCHANGED


def _together(planes: list[tuple[int, Plane]]) -> Numbered:
    return tuple(number for number, _ in planes), tuple(plane for _, plane in planes)
