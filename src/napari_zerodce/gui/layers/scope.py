"""Which parts of its layers a dock offers to enhance, and the scope of the user's choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from napari.layers import Shapes

from napari_zerodce.errors import RequestError, ZeroDCEError
from napari_zerodce.gui.layers.on_screen import plane_on_screen, region_on_screen
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.imaging.planes import Array
from napari_zerodce.imaging.scope import Range, Scope

if TYPE_CHECKING:
    import napari

Planes = Literal["all", "screen", "range"]
"""All planes, that on screen, or a range of each leading axis."""

Area: TypeAlias = Literal["whole", "screen"] | Shapes
"""Whole planes, their visible part, or the box around the shapes of a layer."""


@dataclass(frozen=True)
class PlaneAxis:
    """A leading axis with more than one plane.

    Parameters
    ----------
    position : int
        Among the leading axes.
    label : str
        As on the viewer's slider.
    length : int
    """

    position: int
    label: str
    length: int


@dataclass(frozen=True)
class PartChoice:
    """The user's choice of what is enhanced.

    Parameters
    ----------
    planes : {"all", "screen", "range"}
    area : {"whole", "screen"} or Shapes
    first_and_last : tuple of (int, int)
        For "range": the first and the last index of each offered axis, counted as its slider
        counts.
    """

    planes: Planes = "all"
    area: Area = "whole"
    first_and_last: tuple[tuple[int, int], ...] = ()

    @property
    def follows_screen(self) -> bool:
        """Whether the part changes with the sliders or the camera."""
        return "screen" in (self.planes, self.area)


ALL: Final = PartChoice()


@dataclass(frozen=True)
class Offer:
    """The choices that some layers have, in the order in which they are listed.

    Parameters
    ----------
    planes : tuple of (Planes, str)
        The choices with their words; empty if each layer has one plane.
    areas : tuple of (Area, str)
    axes : tuple of PlaneAxis
        The axes of a range; empty if the layers differ in them.
    """

    planes: tuple[tuple[Planes, str], ...]
    areas: tuple[tuple[Area, str], ...]
    axes: tuple[PlaneAxis, ...] = ()

    def fitting(self, choice: PartChoice) -> PartChoice:
        """Return the choice, with all in place of what is not offered."""
        fits = choice.planes in dict(self.planes) and (
            choice.planes != "range" or self._has(choice.first_and_last)
        )
        planes = choice.planes if fits else "all"
        area = choice.area if choice.area in [area for area, _ in self.areas] else "whole"
        return PartChoice(planes, area, choice.first_and_last if planes == "range" else ())

    def _has(self, ranges: Sequence[tuple[int, int]]) -> bool:
        return len(ranges) == len(self.axes) and all(
            last < axis.length for (_, last), axis in zip(ranges, self.axes, strict=True)
        )


def offer_for(sources: Sequence[Source], regions: Sequence[Shapes]) -> Offer:
    """Return the choices that sources have.

    Parameters
    ----------
    sources : sequence of Source
        Those without a valid image do not count.
    regions : sequence of Shapes
        The Shapes layers of the viewer.
    """
    known = [axes for axes in map(_axes_of, sources) if axes is not None]
    stacks = [axes for axes in known if axes]
    axes = stacks[0] if stacks and all(other == stacks[0] for other in known) else ()
    areas: list[tuple[Area, str]] = [
        ("whole", "Whole planes" if stacks else "Whole image"),
        ("screen", "Visible part"),
        *((region, f"Region: {region.name}") for region in regions),
    ]
    return Offer(_planes_of(stacks, axes), tuple(areas), axes)


def _planes_of(
    stacks: Sequence[tuple[PlaneAxis, ...]], axes: tuple[PlaneAxis, ...]
) -> tuple[tuple[Planes, str], ...]:
    if not stacks:
        return ()
    count = f"{np.prod([axis.length for axis in axes])} " if axes else ""
    both: tuple[tuple[Planes, str], ...] = (
        ("all", f"All {count}planes"),
        ("screen", "This plane"),
    )
    return (*both, ("range", "Range…")) if axes else both


def _axes_of(source: Source) -> tuple[PlaneAxis, ...] | None:
    with suppress(ZeroDCEError):
        return plane_axes(source)
    return None


def plane_axes(source: Source) -> tuple[PlaneAxis, ...]:
    """Return the leading axes of a source with more than one plane; raises an ImageError."""
    labels = source.axes.planes_last(source.properties["axis_labels"])
    return tuple(
        PlaneAxis(position, _shown_label(labels[position]), length)
        for position, length in enumerate(source.layout.leading)
        if length > 1
    )


def _shown_label(label: str) -> str:
    """Return a label as text: without a name, napari numbers the axes from the end."""
    return f"axis {label}" if label.lstrip("-").isdigit() else label


def scope_for(viewer: napari.Viewer, source: Source, choice: PartChoice) -> Scope | None:
    """Return the part of a source that the user has chosen, None if it is all.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source
    choice : PartChoice

    Raises
    ------
    RequestError
        If the choice needs a screen that shows the source in 2D, a range or a Shapes layer is
        empty, or a region is outside the image.
    ImageError
        If the layer's data are not a valid image.
    """
    layout = source.layout
    leading = _LEADING[choice.planes](viewer, source, choice)
    rows, columns = _region(viewer, source, choice.area)
    scope = Scope(leading, (rows.start, rows.stop), (columns.start, columns.stop))
    return None if scope == Scope.whole(layout) else scope


def _all_planes(_viewer: napari.Viewer, source: Source, _choice: PartChoice) -> tuple[Range, ...]:
    return Scope.whole(source.layout).leading


def _shown_plane(viewer: napari.Viewer, source: Source, choice: PartChoice) -> tuple[Range, ...]:
    if source.layout.count == 1:  # a channel in 2D beside stacks
        return _all_planes(viewer, source, choice)
    return Scope.plane(source.layout, plane_on_screen(viewer, source)).leading


def _range(_viewer: napari.Viewer, source: Source, choice: PartChoice) -> tuple[Range, ...]:
    ranges = list(Scope.whole(source.layout).leading)
    for axis, (first, last) in zip(plane_axes(source), choice.first_and_last, strict=True):
        if first > last:
            raise RequestError(
                f"The range from {first} to {last} holds no plane; enter the smaller number first."
            )
        ranges[axis.position] = (first, last + 1)
    return tuple(ranges)


_LEADING: Final[dict[Planes, Callable[[napari.Viewer, Source, PartChoice], tuple[Range, ...]]]] = {
    "all": _all_planes,
    "screen": _shown_plane,
    "range": _range,
}


def _region(viewer: napari.Viewer, source: Source, area: Area) -> tuple[slice, slice]:
    if isinstance(area, Shapes):
        return box_of(area, source)
    if area == "screen":
        return region_on_screen(viewer, source)
    return Scope.whole(source.layout).region


def box_of(shapes: Shapes, source: Source) -> tuple[slice, slice]:
    """Return the rows and columns around the selected shapes of a layer, or around all of them.

    Parameters
    ----------
    shapes : Shapes
        Its shapes may be on any plane.
    source : Source

    Raises
    ------
    RequestError
        If there is no shape, or the box is outside the image.
    """
    outlines = shapes.data
    chosen = sorted(shapes.selected_data) or range(len(outlines))
    if not chosen:
        raise RequestError(
            f"'{shapes.name}' has no shapes; draw one around the region, or choose the whole image."
        )
    layout = source.layout
    corners = _on_planes(shapes, source, np.concatenate([outlines[number] for number in chosen]))
    ends = zip(np.min(corners, axis=0), np.max(corners, axis=0), strict=True)
    rows, columns = (
        _pixels_between(*pair, length)
        for pair, length in zip(ends, (layout.height, layout.width), strict=True)
    )
    if rows.start >= rows.stop or columns.start >= columns.stop:
        raise RequestError(
            f"The region '{shapes.name}' is outside '{source.shown_name}'; move it onto the image."
        )
    return rows, columns


def _on_planes(shapes: Shapes, source: Source, points: Array) -> Array:
    """Return the rows and columns of points of a Shapes layer in a source, shape (points, 2)."""
    rows_and_columns = list(source.axes.order[-2:])
    # The transformation is affine: it is known from the origin and the unit vectors.
    origin, *ends = (
        np.asarray(source.layer.world_to_data(shapes.data_to_world(point)))[rows_and_columns]
        for point in (np.zeros(shapes.ndim), *np.eye(shapes.ndim))
    )
    placed: Array = origin + points @ np.array([end - origin for end in ends])
    return placed


def _pixels_between(low: float, high: float, length: int) -> slice:
    """Return the pixels that an interval touches; the middle of a pixel is a whole number."""
    first, stop = floor(round(low + 0.5, 6)), ceil(round(high + 0.5, 6))
    return slice(max(0, first), min(length, max(stop, first + 1)))
