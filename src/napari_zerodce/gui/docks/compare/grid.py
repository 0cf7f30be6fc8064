"""Show layers beside each other in napari's grid, and later the viewer as it was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet, ref

import numpy as np

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

Size = tuple[float, float]

_SPACING: Final = 4
"""Pixels of the screen between two cells; napari takes less than 1 for a fraction of a cell."""

_NAME: Final = 34
"""Pixels of the screen that the name of a layer needs above its picture."""

_FILLED: Final = 0.95
"""The part of a cell that pictures fill, as in napari's own fit to the view."""

_MOST: Final = 0.5
"""If the camera sees this part of a picture, the whole is shown: its edges were cut by chance."""


def columns_for(count: int, canvas: Size, picture: Size) -> int:
    """Return the number of columns with which pictures are largest.

    Parameters
    ----------
    count : int
        Number of pictures.
    canvas : tuple of float
        Height and width in pixels of the screen.
    picture : tuple of float
        Height and width of each picture, in any unit.
    """

    def enlargement(columns: int) -> float:
        rows = ceil(count / columns)
        height = max(1, canvas[0] / rows - _NAME)
        return min(height / picture[0], canvas[1] / columns / picture[1])

    return max(range(1, count + 1), key=lambda columns: (enlargement(columns), -columns))


@dataclass(frozen=True)
class _Rectangle:
    """A rectangle of the displayed plane, in world coordinates."""

    low: tuple[float, float]
    high: tuple[float, float]

    @property
    def size(self) -> Size:
        height, width = np.subtract(self.high, self.low)
        return float(height), float(width)

    @property
    def area(self) -> float:
        """Height times width."""
        return self.size[0] * self.size[1]

    def within(self, other: _Rectangle) -> _Rectangle:
        """Return the overlap with another rectangle, and the other one if there is none."""
        low, high = np.maximum(self.low, other.low), np.minimum(self.high, other.high)
        return _Rectangle(tuple(low), tuple(high)) if (low < high).all() else other


def _extent_of(viewer: napari.Viewer, layer: Layer) -> _Rectangle:
    first = viewer.dims.ndim - layer.ndim  # napari aligns the last axes of layers
    axes = [axis - first for axis in viewer.dims.displayed]
    low, high = layer.extent.world[:, axes]
    half = np.asarray(layer.scale)[axes] / 2  # the extent ends in the middle of pixels
    return _Rectangle(tuple(low - half), tuple(high + half))


def _in_sight(viewer: napari.Viewer) -> _Rectangle:
    camera = viewer.scene.camera
    middle = np.asarray(camera.center[-2:])
    half = np.asarray(viewer.canvas.viewbox_size(viewer.layers), float) / camera.zoom / 2
    return _Rectangle(tuple(middle - half), tuple(middle + half))


def _look_at(
    viewer: napari.Viewer, seen: _Rectangle, extent: _Rectangle, *, above: int = 0
) -> None:
    """Show a part of an extent, or all of it if the part is most of it.

    All of it is below so many pixels of the screen, which are for its name.
    """
    camera = viewer.scene.camera
    box = np.asarray(viewer.canvas.viewbox_size(viewer.layers), float)
    middle = np.add(seen.low, seen.high) / 2
    if seen.area <= _MOST * extent.area:
        camera.zoom = float(np.min(box / np.asarray(seen.size)))
    else:
        above = above if box[0] > 2 * above else 0
        room = (box - (above, 0)) / np.asarray(extent.size)
        camera.zoom = float(_FILLED * np.min(room))
        middle = np.add(extent.low, extent.high) / 2 - (above / 2 / camera.zoom, 0)
    camera.center = (*camera.center[:-2], *middle)


class Stage:
    """Shows some layers alone, in napari's grid or not; `clear` brings back what was before.

    The camera keeps what it shows. What the user changes meanwhile stays as the user wants it.

    Parameters
    ----------
    viewer : napari.Viewer
        It is not kept alive.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = ref(viewer)
        self._hidden: WeakSet[Layer] = WeakSet()
        self._before: dict[str, Any] = {}
        self._set: dict[str, Any] = {}
        self._cameras: tuple[tuple[Any, float], tuple[Any, float]] | None = None
        self._extent: _Rectangle | None = None

    @property
    def is_set(self) -> bool:
        """Whether layers are shown alone."""
        return bool(self._before)

    @property
    def is_unmoved(self) -> bool:
        """Whether layers are shown alone, and the camera is where it was put then."""
        viewer = self._viewer()
        if viewer is None or self._cameras is None:
            return False
        camera = viewer.scene.camera
        return (camera.center, camera.zoom) == self._cameras[1]

    def set(self, layers: Sequence[Layer], *, in_grid: bool) -> None:
        """Hide all other layers, and show these where the camera looks.

        Parameters
        ----------
        layers : sequence of Layer
            At least one; all have the extent of the first one.
        in_grid : bool
            Whether each has a cell of the grid.
        """
        viewer = self._viewer()
        assert viewer is not None
        grid, camera = viewer.canvas.grid, viewer.scene.camera
        extent = _extent_of(viewer, layers[0])
        seen = _in_sight(viewer).within(extent)
        before = (camera.center, camera.zoom)
        self._hide_others(viewer, layers)
        columns = columns_for(len(layers), viewer.canvas.size, seen.size)
        wanted: dict[str, Any] = {"enabled": in_grid}
        if in_grid:  # while it is off, the others cost nothing
            wanted = {"stride": 1, "shape": (-1, columns), "spacing": _SPACING} | wanted
        self._before = {name: getattr(grid, name) for name in wanted} | self._before
        self._set = wanted
        for name, value in wanted.items():
            setattr(grid, name, value)
        if in_grid:
            _look_at(viewer, seen, extent, above=_NAME)
        else:
            _look_at(viewer, extent, extent)
        first = self._cameras[0] if self._cameras is not None else before
        self._cameras = (first, (camera.center, camera.zoom))
        self._extent = extent

    def _hide_others(self, viewer: napari.Viewer, layers: Sequence[Layer]) -> None:
        for layer in viewer.layers:
            if layer.visible and layer not in layers:
                layer.visible = False
                self._hidden.add(layer)

    def clear(self) -> None:
        """Show the layers that were hidden, the grid and the camera as they were before."""
        viewer = self._viewer()
        if viewer is None or not self.is_set:
            return
        grid, camera = viewer.canvas.grid, viewer.scene.camera
        assert self._cameras is not None
        assert self._extent is not None
        before, _ = self._cameras
        is_moved = not self.is_unmoved
        seen = _in_sight(viewer).within(self._extent)
        for name, value in reversed(self._before.items()):
            if self._set.get(name, value) == getattr(grid, name):
                setattr(grid, name, value)
        for layer in viewer.layers:
            if layer in self._hidden:
                layer.visible = True
        if is_moved:
            _look_at(viewer, seen, self._extent)
        else:
            camera.center, camera.zoom = before
        self._hidden.clear()
        self._before, self._set, self._cameras, self._extent = {}, {}, None, None
