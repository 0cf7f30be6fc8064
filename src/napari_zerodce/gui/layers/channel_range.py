"""The display range of a result whose channels have windows of their own: that of the channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import napari
    from napari.layers import Image

Limits = tuple[float, float]


def follow_channels(
    viewer: napari.Viewer, layer: Image, axis: int, ranges: Sequence[Limits]
) -> None:
    """Show each channel of a layer in its own range, until the user chooses another range.

    napari has one range for all channels: a dim one would be black beside a bright one.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : Image
        In the viewer.
    axis : int
        Of the channels, in the layer's data.
    ranges : sequence of (float, float)
        The range of each channel of the layer.
    """
    shown: Limits | None = None

    def show(_: Any = None) -> None:
        nonlocal shown
        if layer not in viewer.layers or shown not in {None, tuple(layer.contrast_limits)}:
            viewer.dims.events.point.disconnect(show)
            return
        place = round(float(layer.world_to_data(viewer.dims.point)[axis]))
        wanted = ranges[min(max(place, 0), len(ranges) - 1)]
        if wanted != shown:
            layer.contrast_limits = wanted
            shown = (float(layer.contrast_limits[0]), float(layer.contrast_limits[1]))

    viewer.dims.events.point.connect(show)
    show()
