"""A layer that holds a part of its source: the words for the part, and where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_zerodce.errors import ImageError, RequestError
from napari_zerodce.gui.layers.provenance import provenance_of
from napari_zerodce.gui.layers.scope import PlaneAxis, plane_axes
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.imaging.axes import Axes
from napari_zerodce.imaging.permuted import planes_last
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.imaging.scope import Range, Scope

if TYPE_CHECKING:
    from napari.layers import Image


def describe_part(source: Source, scope: Scope | None) -> str:
    """Return a part in words, such as "planes 3 to 9, region"; empty if it is all.

    Planes are counted as the viewer's sliders count.

    Parameters
    ----------
    source : Source
    scope : Scope, optional
    """
    if scope is None:
        return ""
    layout, axes = source.layout, plane_axes(source)
    words = [
        _describe_range(axis, scope.leading[axis.position], alone=len(axes) == 1) for axis in axes
    ]
    words.append("" if scope.region == Scope.whole(layout).region else "region")
    return ", ".join(filter(None, words))


def _describe_range(axis: PlaneAxis, ends: Range, *, alone: bool) -> str:
    start, stop = ends
    if stop - start == axis.length:
        return ""
    if stop - start == 1:
        return f"{'plane' if alone else axis.label} {start}"
    return f"{'planes' if alone else axis.label} {start} to {stop - 1}"


def offset_in_source(result: Image, data: Any) -> tuple[int, ...] | None:
    """Return where the first pixel of a result layer lies in the data that it was made from.

    Parameters
    ----------
    result : napari.layers.Image
    data : array-like
        The present data of its source layer.

    Returns
    -------
    tuple of int or None
        Without the axis of colours; None if the result cannot be a part of these data.
    """
    known = provenance_of(result)
    if known is None or known.made is None:
        return None
    made = known.made
    try:
        layout = layout_of(planes_last(data, made.image_axes), channels=made.channels)
        scope = Scope.written(made.part, layout)
    except (ImageError, RequestError):
        return None
    shape, offset = scope.shape_in(layout), scope.offset
    if made.image_axes:
        shape, offset = (Axes(made.image_axes).as_stored(each) for each in (shape, offset))
    finest = result.data[0] if result.multiscale else result.data
    return offset if shape == tuple(finest.shape) else None
