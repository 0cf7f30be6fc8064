"""Which pixels of the part on screen lie in a region: that of a Shapes or Labels layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Shapes

from napari_zerodce.gui.layers.on_screen import OnScreen

if TYPE_CHECKING:
    from napari.layers import Layer

Array = np.ndarray[Any, Any]

_ELLIPSE_POINTS = 64


def is_region(layer: Layer) -> bool:
    """Return whether a layer can mark regions."""
    return isinstance(layer, Labels | Shapes)


def mask_of(layer: Layer, screen: OnScreen) -> Array:
    """Return which pixels of the part on screen lie in a region.

    Parameters
    ----------
    layer : Labels or Shapes
        Of a Labels layer, the region is the selected label, or all labels if that is the background
        or not present; of a Shapes layer, the selected shapes, or all if none is selected.
    screen : OnScreen

    Returns
    -------
    ndarray of bool, shape of the viewport
    """
    if isinstance(layer, Labels):
        return _labels_mask(layer, screen)
    assert isinstance(layer, Shapes)
    return _shapes_mask(layer, screen)


def _labels_mask(layer: Labels, screen: OnScreen) -> Array:
    rows, columns = np.indices(screen.viewport.shape)
    places = np.round(_to_other(screen, layer, rows.ravel(), columns.ravel())).astype(int)
    data = layer.data[0] if layer.multiscale else layer.data
    inside = ((places >= 0) & (places < np.array(data.shape)[:, None])).all(0)
    values = np.zeros(rows.size, data.dtype)
    values[inside] = np.asarray(data)[tuple(places[:, inside])]
    chosen = layer.selected_label
    found = values == chosen if chosen and (values == chosen).any() else values != 0
    mask: Array = found.reshape(rows.shape)
    return mask


def _shapes_mask(layer: Shapes, screen: OnScreen) -> Array:
    from skimage.draw import polygon2mask

    mask = np.zeros(screen.viewport.shape, bool)
    chosen = sorted(layer.selected_data) or range(layer.nshapes)
    for number in chosen:
        outline = np.asarray(layer.data[number], float)
        if layer.shape_type[number] in {"line", "path"} or not _is_on_plane(screen, layer, outline):
            continue  # without an interior, or on another plane
        if layer.shape_type[number] == "ellipse":
            outline = _ellipse(outline)
        mask |= polygon2mask(mask.shape, _from_other(screen, layer, outline))  # type: ignore[no-untyped-call]
    return mask


def _is_on_plane(screen: OnScreen, layer: Shapes, outline: Array) -> bool:
    """Return whether a shape lies in the plane on screen; a 2D shape lies in all planes."""
    axes = min(layer.ndim - 2, len(screen.index))
    if axes < 1:
        return True
    place = screen.source.layer.world_to_data(layer.data_to_world(outline[0]))[:-2]
    return bool(np.all(np.abs(place[-axes:] - np.array(screen.index[-axes:])) <= 0.5))


def _ellipse(corners: Array) -> Array:
    """Return points of the ellipse that touches a rectangle with four given corners."""
    centre = corners.mean(0)
    across, down = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    angle = np.linspace(0, 2 * np.pi, _ELLIPSE_POINTS, endpoint=False)[:, None]
    points: Array = centre + np.cos(angle) * across + np.sin(angle) * down
    return points


def _to_other(screen: OnScreen, layer: Layer, rows: Array, columns: Array) -> Array:
    """Return coordinates of the viewport's pixels in another layer, shape (its ndim, pixels)."""
    # The transformation is affine: three points determine it.
    corner, down, across = (
        _in_layer(layer, _in_world(screen, place)) for place in ((0, 0), (1, 0), (0, 1))
    )
    places: Array = (
        corner[:, None] + (down - corner)[:, None] * rows + (across - corner)[:, None] * columns
    )
    return places


def _from_other(screen: OnScreen, layer: Layer, points: Array) -> Array:
    """Return points of another layer in pixels of the viewport, shape (points, 2)."""
    source, part = screen.source.layer, screen.viewport
    places = np.array([source.world_to_data(layer.data_to_world(p))[-2:] for p in points])
    kept: Array = (places - (part.rows.start, part.columns.start)) / part.step
    return kept


def _in_world(screen: OnScreen, kept: tuple[int, int]) -> Any:
    part = screen.viewport
    row, column = (
        start + place * part.step
        for start, place in zip((part.rows.start, part.columns.start), kept, strict=True)
    )
    return screen.source.layer.data_to_world((*screen.index, row, column))


def _in_layer(layer: Layer, world: Any) -> Array:
    return np.asarray(layer.world_to_data(world), float)
