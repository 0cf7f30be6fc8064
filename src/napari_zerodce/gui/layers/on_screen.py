"""The part of a layer that is on screen: which plane, and which rows and columns of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_zerodce.engine.viewport import (
    LARGEST_VIEW,
    Viewport,
    scaled,
    viewport_for_screen,
)
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.geometry import GEOMETRY, geometry_of_part
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.imaging.planes import Array

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

_LARGEST_LEVEL: Final = 2**19
"""Samples. A shown level of up to this size is taken as a whole, so that it can be moved."""

_LARGEST_OVERVIEW: Final = 2**17
"""Samples: 0.2 s for Zero-DCE on two cores."""


@dataclass(frozen=True)
class OnScreen:
    """The part of a layer's plane that is on screen.

    Parameters
    ----------
    source : Source
    index : tuple of int
        Position of the plane in the leading axes.
    viewport : Viewport
        Rows and columns of the plane, in pixels of the finest level.
    level : int
        The number of the level that is read; 0 is the finest.
    """

    source: Source
    index: tuple[int, ...]
    viewport: Viewport
    level: int = 0

    @property
    def geometry(self) -> dict[str, Any]:
        """The geometry of a layer that shows this part; it has all axes of its source layer."""
        # A pixel of a coarser level lies in the middle of those that it covers.
        middle = (self.source.factors[self.level] - 1) / 2
        first = (self.viewport.rows.start + middle, self.viewport.columns.start + middle)
        offset = (*self.index, *first)
        return geometry_of_part(self.source.properties, offset, self.viewport.step)

    @property
    def visible_columns(self) -> tuple[int, int]:
        """First and last column on screen, in pixels of the source layer."""
        _, columns = _visible(self.source.layer, self.source)
        width = self.source.layout.width
        return min(max(0, columns.start), width - 1), min(max(1, columns.stop), width)

    def looks_like(self, other: OnScreen | None) -> bool:
        """Return whether another part has the same place in world coordinates."""
        if other is None or self.index != other.index or self.level != other.level:
            return False
        if self.viewport != other.viewport:
            return False
        mine, others = self.geometry, other.geometry
        return all(np.array_equal(mine[key], others[key]) for key in GEOMETRY)

    @property
    def part_of_level(self) -> Viewport:
        """The part in pixels of its level."""
        factor = self.source.factors[self.level]
        return _scaled(self.viewport, factor, plane_shape(self.source, self.level))

    def same_place_in(self, data: Any) -> Array:
        """Return the samples of this part from an array that has the shape of the source."""
        rows, columns, step = self.viewport.rows, self.viewport.columns, self.viewport.step
        return np.asarray(
            data[
                (
                    *self.index,
                    slice(rows.start, rows.stop, step),
                    slice(columns.start, columns.stop, step),
                )
            ]
        )

    def covered_by(self, samples: Array, data: Any, offset: Sequence[int]) -> Array:
        """Return samples of this part, replaced where an array that lies on the source has some.

        Parameters
        ----------
        samples : ndarray, shape (h, w) or (h, w, 3 or 4)
        data : array-like
            It has as many axes as the source.
        offset : sequence of int
            Where its first pixel lies in the source, without the axis of colours.

        Returns
        -------
        ndarray, shape of `samples`
            `samples` itself if the array has no pixels here.
        """
        *_, top, left = offset
        index = tuple(i - first for i, first in zip(self.index, offset, strict=False))
        inside = all(0 <= i < length for i, length in zip(index, data.shape, strict=False))
        height, width = data.shape[len(index) : len(index) + 2]
        down, rows = _overlap(self.viewport.rows, self.viewport.step, (top, top + height))
        across, columns = _overlap(self.viewport.columns, self.viewport.step, (left, left + width))
        if not inside or down.start >= down.stop or across.start >= across.stop:
            return samples
        covered = samples.copy()
        covered[down, across] = np.asarray(data[(*index, rows, columns)])
        return covered


def on_screen(viewer: napari.Viewer, source: Source) -> OnScreen:
    """Return the part of a source layer that is on screen.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source

    Raises
    ------
    RequestError
        If the layer's rows and columns are not its last axes, the viewer is in 3D or displays
        other axes, or a slider is outside the layer.
    ImageError
        If the layer's data are not a valid image.
    """
    source.check_planes_last()
    index = plane_on_screen(viewer, source)
    number = shown_level(source)
    factor = source.factors[number]
    visible = _scaled_sides(_visible(source.layer, source), factor)
    whole = _LARGEST_LEVEL if source.layer.multiscale else LARGEST_VIEW
    if source.layer.multiscale and prod(s.stop - s.start for s in visible) > _LARGEST_LEVEL:
        # napari reads whole chunks, and keeps what is larger than the screen.
        visible = _overlapping(visible, _scaled_sides(in_sight(viewer, source), factor))
    return _part_of(source, index, number, visible=visible, whole=whole)


def _part_of(
    source: Source,
    index: tuple[int, ...],
    number: int,
    *,
    visible: tuple[slice, slice],
    whole: int,
    largest: int = LARGEST_VIEW,
) -> OnScreen:
    """Return the visible part of a level, in pixels of which it is given."""
    shape = plane_shape(source, number)
    part = viewport_for_screen(shape, source.layout.colours, visible, largest=largest, whole=whole)
    part = scaled(part, source.factors[number], plane_shape(source, 0))
    return OnScreen(source, index, part, number)


def overview_of(screen: OnScreen) -> OnScreen | None:
    """Return the whole plane of a part on screen, with few pixels; None if that is of no use.

    Parameters
    ----------
    screen : OnScreen
    """
    source, part = screen.source, screen.viewport
    samples = prod(plane_shape(source, 0)) * source.layout.colours
    is_quick = source.layer.multiscale or isinstance(source.data, np.ndarray)
    if not is_quick or samples <= _LARGEST_LEVEL:
        return None
    number = _small_level(source)
    rows, columns = (slice(0, length) for length in plane_shape(source, number))
    few = _part_of(
        source,
        screen.index,
        number,
        visible=(rows, columns),
        whole=_LARGEST_OVERVIEW,
        largest=_LARGEST_OVERVIEW,
    )
    return few if few.viewport.step > part.step else None


def _small_level(source: Source) -> int:
    """Return the number of the finest level that is an overview, else of the coarsest."""
    usable = [number for number, factor in enumerate(source.factors) if factor]
    colours = source.layout.colours
    small = (n for n in usable if prod(plane_shape(source, n)) * colours <= _LARGEST_OVERVIEW)
    return next(small, usable[-1])


def plane_shape(source: Source, number: int) -> tuple[int, int]:
    """Return the rows and columns of a level of a source.

    Parameters
    ----------
    source : Source
    number : int
        Of the level; 0 is the finest.
    """
    rows, columns = source.level_shapes[number][len(source.layout.leading) :][:2]
    return rows, columns


def shown_level(source: Source) -> int:
    """Return the number of the level that napari shows, if its planes are those of the finest.

    Parameters
    ----------
    source : Source
    """
    number = source.layer.data_level if source.layer.multiscale else 0
    return number if source.factors[number] else 0


def _scaled_sides(sides: tuple[slice, slice], factor: int) -> tuple[slice, slice]:
    rows, columns = (slice(side.start // factor, -(-side.stop // factor)) for side in sides)
    return rows, columns


def plane_on_screen(viewer: napari.Viewer, source: Source) -> tuple[int, ...]:
    """Return the index of the plane of a source layer that is on screen, in its leading axes.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source

    Raises
    ------
    RequestError, ImageError
        As `on_screen` does.
    """
    layout = source.layout
    _check_displayed(viewer, source)
    position = source.axes.planes_last(source.layer.world_to_data(viewer.dims.point))
    index = tuple(round(float(place)) for place in position[: len(layout.leading)])
    if any(not 0 <= i < n for i, n in zip(index, layout.leading, strict=True)):
        raise RequestError(
            f"'{source.shown_name}' has no plane where the sliders are; move them into its range."
        )
    return index


def region_on_screen(viewer: napari.Viewer, source: Source) -> tuple[slice, slice]:
    """Return the rows and columns of a source layer's planes that are on screen.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source

    Raises
    ------
    RequestError
        If the viewer is in 3D, other axes than rows and columns are displayed, or no pixel is on
        screen.
    ImageError
        If the layer's data are not a valid image.
    """
    layout = source.layout
    _check_displayed(viewer, source)
    rows, columns = (
        slice(max(0, side.start), min(length, side.stop))
        for side, length in zip(
            _visible(source.layer, source), (layout.height, layout.width), strict=True
        )
    )
    if rows.start >= rows.stop or columns.start >= columns.stop:
        raise RequestError(
            f"No pixel of '{source.shown_name}' is on screen; move the view to the image, or "
            "choose whole planes."
        )
    return rows, columns


def _overlap(kept: slice, step: int, there: tuple[int, int]) -> tuple[slice, slice]:
    """Return which of the kept pixels an array has, and which of its pixels these are.

    Parameters
    ----------
    kept : slice
        Pixels of the source, of which each `step`-th one is kept.
    step : int
    there : tuple of int
        The first pixel of the array in the source, and the one after its last.
    """
    first, stop = (max(0, -((kept.start - end) // step)) for end in there)
    last = min(stop, len(range(kept.start, kept.stop, step)))
    start = kept.start + first * step - there[0]
    return slice(first, last), slice(start, start + max(0, last - first) * step, step)


def _check_displayed(viewer: napari.Viewer, source: Source) -> None:
    if viewer.dims.ndisplay != 2:
        raise RequestError(
            "The viewer shows 3D, but curves need a plane; switch to 2D with the cube button."
        )
    first = viewer.dims.ndim - source.layer.ndim  # napari aligns the last axes of layers
    if set(viewer.dims.displayed) != {first + place for place in source.axes.order[-2:]}:
        raise RequestError(
            f"Other axes than the rows and columns of '{source.shown_name}' are displayed; roll "
            "the dimensions so that it shows its planes."
        )


def _visible(layer: Layer, source: Source) -> tuple[slice, slice]:
    """Return the rows and columns on screen, in pixels of the finest level."""
    plane = list(source.axes.order[-2:])
    first, last = np.asarray(layer.corner_pixels, float)[:, plane]
    if not (last > first).all():  # napari has not drawn the layer yet
        return slice(0, source.layout.height), slice(0, source.layout.width)
    factors = np.ones(2)
    if layer.multiscale:
        factors = np.asarray(layer.downsample_factors)[layer.data_level][plane]
    (top, left), (bottom, right) = first * factors, (last + 1) * factors
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def in_sight(viewer: napari.Viewer, source: Source) -> tuple[slice, slice]:
    """Return the rows and columns that the camera sees, in pixels of the finest level.

    They may extend beyond the source, and are known also if its layer is hidden.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source
    """
    camera, layer = viewer.scene.camera, source.layer
    middle = np.array(viewer.dims.point, float)
    middle[-2:] = camera.center[-2:]
    half = np.asarray(viewer.canvas.viewbox_size(viewer.layers), float) / camera.zoom / 2
    corners = []
    for signs in product((-1, 1), repeat=2):
        place = middle.copy()
        place[-2:] += signs * half
        corners.append(layer.world_to_data(place)[-2:])
    (top, left), (bottom, right) = np.min(corners, 0), np.max(corners, 0)
    return slice(int(top), int(bottom) + 2), slice(int(left), int(right) + 2)


def _overlapping(some: tuple[slice, slice], others: tuple[slice, slice]) -> tuple[slice, slice]:
    """Return where two regions overlap, and the first one if they do not."""
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(some, others, strict=True)
    )
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else some


def _scaled(part: Viewport, factor: int, shape: tuple[int, ...]) -> Viewport:
    rows, columns = (
        slice(side.start // factor, min(length, -(-side.stop // factor)))
        for side, length in zip((part.rows, part.columns), shape[:2], strict=True)
    )
    return Viewport(rows, columns, part.step // factor)


def map_level(source: Source) -> tuple[int, int]:
    """Return the level of which maps are made, and their step in its pixels, to limit memory.

    Of a pyramid, it is the finest level that is small enough, else the coarsest: larger ones would
    take minutes. Of so many of its pixels, 1 is kept in each direction.

    Parameters
    ----------
    source : Source
    """
    usable = [number for number, factor in enumerate(source.factors) if factor]
    small = (number for number in usable if _map_step(source, number) == 1)
    level = next(small, usable[-1])
    return level, _map_step(source, level)


def _map_step(source: Source, number: int) -> int:
    samples = prod(plane_shape(source, number)) * source.layout.colours
    return max(1, int(np.ceil(np.sqrt(samples / LARGEST_VIEW))))
