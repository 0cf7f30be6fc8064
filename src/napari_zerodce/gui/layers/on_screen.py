"""The part of a layer that is on screen: which plane, and which rows and columns of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zerodce.engine.viewport import LARGEST_VIEW, Viewport, viewport_for_screen
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.geometry import GEOMETRY, geometry_of_part
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.imaging.planes import Array, SelectedPlane

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer


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
    """

    source: Source
    index: tuple[int, ...]
    viewport: Viewport

    @property
    def geometry(self) -> dict[str, Any]:
        """The geometry of a layer that shows this part; it has all axes of its source layer."""
        offset = (*self.index, self.viewport.rows.start, self.viewport.columns.start)
        return geometry_of_part(self.source.properties, offset, self.viewport.step)

    @property
    def visible_columns(self) -> tuple[int, int]:
        """First and last column on screen, in pixels of the source layer."""
        _, columns = _visible(self.source.layer, self.source)
        width = self.source.layout.width
        return min(max(0, columns.start), width - 1), min(max(1, columns.stop), width)

    def looks_like(self, other: OnScreen | None) -> bool:
        """Return whether another part has the same place in world coordinates."""
        if other is None or (self.index, self.viewport) != (other.index, other.viewport):
            return False
        mine, others = self.geometry, other.geometry
        return all(np.array_equal(mine[key], others[key]) for key in GEOMETRY)

    def plane(self) -> tuple[Any, Viewport]:
        """Return the plane to read from, and the part in pixels of that plane.

        The plane is that of a coarser level if that level serves the step of the part.
        """
        for number in range(len(self.source.levels) - 1, 0, -1):
            factor = self.source.factors[number]
            if factor and self.viewport.step % factor == 0:
                level = SelectedPlane(self.source.levels[number], self.index)
                return level, _scaled(self.viewport, factor, level.shape)
        return SelectedPlane(self.source.data, self.index), self.viewport

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
    layout = source.layout
    index = plane_on_screen(viewer, source)
    part = viewport_for_screen(
        (layout.height, layout.width), layout.colours, _visible(source.layer, source)
    )
    return OnScreen(source, index, _on_a_level(part, source))


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


def _on_a_level(part: Viewport, source: Source) -> Viewport:
    """Return the part with its step rounded up to a multiple of a coarser level's factor."""
    factor = max(factor for factor in source.factors if factor <= part.step)  # the first is 1
    if factor == 1:
        return part
    step = -(-part.step // factor) * factor
    # Start on a pixel of that level, so that the part can be cut from it.
    rows, columns = (
        slice(side.start // factor * factor, side.stop) for side in (part.rows, part.columns)
    )
    return Viewport(rows, columns, step)


def _scaled(part: Viewport, factor: int, shape: tuple[int, ...]) -> Viewport:
    rows, columns = (
        slice(side.start // factor, min(length, -(-side.stop // factor)))
        for side, length in zip((part.rows, part.columns), shape[:2], strict=True)
    )
    return Viewport(rows, columns, part.step // factor)


def map_step(source: Source) -> int:
    """Return the step of maps: 1 pixel of so many is kept in each direction, to limit memory."""
    layout = source.layout
    samples = layout.height * layout.width * layout.colours
    return max(1, int(np.ceil(np.sqrt(samples / LARGEST_VIEW))))
