"""Keep napari alive when a layer is deleted: a workaround for a fault of napari's canvas.

When a layer goes, napari 0.9 frees OpenGL objects while another OpenGL context may be current. If
it was not the topmost layer, the next drawing crashes the process, with or without this plugin
(upstream/napari-colour-bar.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    import napari

_guarded: WeakSet[Any] = WeakSet()


def guard_canvas(viewer: napari.Viewer, window: QWidget | None) -> None:
    """Make the context of a viewer's canvas current whenever one of its layers is about to go.

    Parameters
    ----------
    viewer : napari.Viewer
    window : QWidget, optional
        The window of the viewer; None has no canvas.
    """
    if viewer in _guarded or window is None:
        return
    _guarded.add(viewer)
    canvases = window.findChildren(QOpenGLWidget)

    def make_current(_: Any = None) -> None:
        for canvas in list(canvases):
            try:
                canvas.makeCurrent()
            except RuntimeError:  # Qt has deleted it, because the window closes
                canvases.remove(canvas)

    viewer.layers.events.removing.connect(make_current)
