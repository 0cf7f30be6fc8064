"""A layer with an axis of time, and the layer that it was made from or that was made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.lazy_array import LazyArray, lazy_arrays_of
from napari_zerodce.gui.layers.provenance import provenance_of
from napari_zerodce.gui.layers.results import newest_result_of, source_layer_of
from napari_zerodce.gui.layers.source import axes_of, read_source
from napari_zerodce.imaging.frame_brightness import frame_brightness
from napari_zerodce.imaging.planes import Array, PlaneLayout, layout_of
from napari_zerodce.imaging.scope import Scope

if TYPE_CHECKING:
    import napari
    from napari.layers import Image


@dataclass(frozen=True)
class MeasuredSeries:
    """A layer with an axis of time, read at once: it may change while it is measured.

    Parameters
    ----------
    name : str
    data : array-like
    layout : PlaneLayout
    axis : int
        The leading axis of time.
    part : Scope
        What counts of the data.
    first : int
        Number of the first frame.
    """

    name: str
    data: Any
    layout: PlaneLayout
    axis: int
    part: Scope
    first: int

    def brightness(self, **options: Any) -> tuple[Array, Array]:
        """Return the numbers of the frames and their brightness, as `frame_brightness` does."""
        means = frame_brightness(self.data, self.layout, self.axis, part=self.part, **options)
        return np.arange(self.first, self.first + len(means)), means


def series_to_measure(viewer: napari.Viewer, layer: Image | None) -> tuple[MeasuredSeries, ...]:
    """Return a layer and its newest result, or a result and its source, the source first.

    Of a source, only the part that is enhanced in the result counts.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : napari.layers.Image, optional

    Raises
    ------
    RequestError
        If the layer is none, or has no axis of time.
    """
    result = newest_result_of(viewer, layer)
    source = layer if result is None else source_layer_of(viewer, result) or result
    found = [_series(source)]
    if result is not None and result is not source:
        known = provenance_of(result)
        written = known.made.part if known is not None and known.made is not None else ""
        found = [_series(source, written), _series(result, like=written)]
    return tuple(found)


def _series(layer: Any, written: str = "", *, like: str = "") -> MeasuredSeries:
    if lazy := lazy_arrays_of(layer):
        return _computed_series(layer, lazy, like)
    source = read_source(layer)
    axis, layout = source.time_axis, source.layout
    if axis is None:
        raise RequestError(
            f"'{source.shown_name}' has no axis of time; name the axis 't' or 'time' in the "
            "layer's axis labels."
        )
    part = Scope.written(written, layout)
    first = part.leading[axis][0] if not like else _first_frame(like, axis)
    return MeasuredSeries(source.shown_name, source.data, layout, axis, part, first)


def _computed_series(layer: Any, lazy: Sequence[LazyArray], like: str) -> MeasuredSeries:
    """Return a result that is computed where the user looks; its coarsest level tells enough."""
    axis, finest = axes_of(layer).time, lazy[0]
    if axis is None or finest.computed is None:
        raise RequestError(
            f"'{layer.name}' has no frames that can be measured yet; wait until its name says how "
            "it is made."
        )
    whole = [each for each in lazy if each.shape[axis] == finest.shape[axis]]
    computed = whole[-1].computed
    assert computed is not None
    layout = layout_of(computed, channels=finest.computed.resolved.layout.channels)
    first = _first_frame(like, axis) if like else 0
    return MeasuredSeries(layer.name, computed, layout, axis, Scope.whole(layout), first)


def _first_frame(part: str, axis: int) -> int:
    return int(part.split(",")[axis].partition(":")[0])
