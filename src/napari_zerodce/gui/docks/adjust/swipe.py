"""Before and after in one image: the source left of a line, the result right of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    import napari

    from napari_zerodce.gui.layers.on_screen import OnScreen

Array = np.ndarray[Any, Any]

_GRIP = 0.08  # half the height of the grip, as a fraction of the height of the image
_REACH = 12  # largest distance from the line, in screen pixels, at which the mouse can drag it
_THICKNESS = 2  # of the line, in screen pixels
_LARGE_PIXEL = 6  # in screen pixels; the line is not drawn if pixels are larger


def compose(
    before: Array, after: Array, column: int, *, width: int, ends: tuple[Any, Any]
) -> Array:
    """Combine two images, with a line between them and a grip on it.

    Parameters
    ----------
    before, after : ndarray, shape (h, w) or (h, w, 3 or 4), same dtype
    column : int
        Position of the line; `before` is left of it. It may be outside the images.
    width : int
        Width of the line, in pixels; 0 for no line.
    ends : tuple
        The values shown as black and as white, in the dtype of the images.

    Returns
    -------
    ndarray, shape and dtype of `after`
    """
    column = max(0, column)  # a slice would count a negative one from the right
    combined = after.copy()
    combined[:, :column] = before[:, :column]
    if not width:
        return combined
    black, white = ends
    height, columns = combined.shape[:2]
    _paint(combined[:, max(0, column - width) : column + width], black)
    _paint(combined[:, max(0, column - width // 2) : column + (width + 1) // 2], white)
    reach, half = max(width, round(height * _GRIP)), 3 * width
    middle = slice(max(0, height // 2 - reach), height // 2 + reach)
    _paint(combined[middle, max(0, column - half) : min(columns, column + half)], black)
    inner = slice(middle.start + width, middle.stop - width)
    _paint(combined[inner, max(0, column - half + width) : column + half - width], white)
    return combined


def _paint(region: Array, value: Any) -> None:
    colours = region[..., :3] if region.ndim == 3 else region
    colours[...] = value
    if region.ndim == 3 and region.shape[-1] == 4:  # opaque, so that the line is visible
        region[..., 3] = np.iinfo(region.dtype).max if region.dtype.kind in "iu" else 1


class Swipe(QObject):
    """The line on the canvas, which the mouse can drag.

    Parameters
    ----------
    viewer : napari.Viewer
    parent : QObject
    """

    moved = Signal()

    def __init__(self, viewer: napari.Viewer, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._screen: OnScreen | None = None
        self._near = False
        self.column = 0.0
        """Position of the line, in columns of the source."""

    def compose(
        self, screen: OnScreen, before: Array, after: Array, limits: tuple[float, float]
    ) -> Array:
        """Return before and after in one image; the line starts in the middle of the screen.

        Parameters
        ----------
        screen : OnScreen
        before, after : ndarray, shape (h, w) or (h, w, 3 or 4), same dtype
            The pixels of that part.
        limits : tuple of float
            Contrast limits of the layer that shows the image.

        Returns
        -------
        ndarray, shape and dtype of `after`
        """
        if self._screen is None:
            self._viewer.mouse_move_callbacks.append(self._on_mouse_moved)
            self._viewer.mouse_drag_callbacks.append(self._on_mouse_dragged)
        left, right = screen.visible_columns
        if self._screen is None or not left <= self.column <= right:
            self.column = (left + right) / 2
        self._screen = screen
        column = round((self.column - screen.viewport.columns.start) / screen.viewport.step)
        pixel = self._screen_pixels_per_column() * screen.viewport.step
        # The line is at least one pixel wide. If pixels are large, it would hide compared pixels,
        # and the border between both sides is visible without it.
        width = max(1, round(_THICKNESS / pixel)) if pixel <= _LARGE_PIXEL else 0
        return compose(before, after, column, width=width, ends=_ends(limits, after.dtype))

    def switch_off(self) -> None:
        """Disconnect from the mouse."""
        if self._screen is not None:
            self._screen = None
            self._viewer.mouse_move_callbacks.remove(self._on_mouse_moved)
            self._viewer.mouse_drag_callbacks.remove(self._on_mouse_dragged)
            self._let_pan(near=False)

    release = switch_off

    def _column_at(self, position: Any) -> float | None:
        if self._screen is None:
            return None
        return float(self._screen.source.layer.world_to_data(position)[-1])

    def _screen_pixels_per_column(self) -> float:
        assert self._screen is not None
        layer = self._screen.source.layer
        ends = np.zeros((2, layer.ndim))
        ends[1, -1] = 1
        start, stop = (np.asarray(layer.data_to_world(end)) for end in ends)
        return float(np.linalg.norm(stop - start) * self._viewer.scene.camera.zoom)

    def _is_near(self, position: Any) -> bool:
        column = self._column_at(position)
        if column is None:
            return False
        return abs(column - self.column) * self._screen_pixels_per_column() <= _REACH

    def _on_mouse_moved(self, _viewer: Any, event: Any) -> None:
        self._let_pan(near=self._is_near(event.position))

    def _on_mouse_dragged(self, _viewer: Any, event: Any) -> Iterator[None]:
        near = event.button == 1 and self._is_near(event.position)
        self._let_pan(near=near)
        if not near:
            return
        yield
        while event.type == "mouse_move":
            column = self._column_at(event.position)
            if column is not None and self._screen is not None and column != self.column:
                left, right = self._screen.visible_columns
                self.column = min(max(column, left), right)
                self.moved.emit()
            yield

    def _let_pan(self, *, near: bool) -> None:
        """Let the mouse pan the camera unless it is near the line."""
        if near != self._near:
            self._near = near
            active = self._viewer.layers.selection.active
            self._viewer.scene.camera.mouse_pan = not near and (active is None or active.mouse_pan)


def _ends(limits: tuple[float, float], dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """Return the values shown as black and as white, clipped to the range of an integer dtype."""
    if dtype.kind not in "iu":
        return limits
    range_ = np.iinfo(dtype)
    low, high = (int(min(max(limit, range_.min), range_.max)) for limit in limits)
    return low, high
