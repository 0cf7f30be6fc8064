"""While a layer is being removed, the context of the viewer's own canvas is current."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtGui import QOpenGLContext
from qtpy.QtOpenGLWidgets import QOpenGLWidget

from napari_zerodce.gui.session.canvas_guard import guard_canvas
from napari_zerodce.gui.shared.dock import open_dock


def test_the_canvas_of_the_viewer_is_current_when_a_layer_goes(viewer: Any, qtbot: Any) -> None:
    dock = open_dock(viewer, "Adjust")
    qtbot.waitUntil(dock.isVisible)
    (canvas,) = dock.window().findChildren(QOpenGLWidget)
    current: list[bool] = []
    viewer.layers.events.removing.connect(
        lambda _: current.append(QOpenGLContext.currentContext() is canvas.context())
    )
    for _ in range(3):
        below = viewer.add_image(np.random.default_rng(0).random((32, 32)))
        viewer.add_image(np.random.default_rng(1).random((32, 32)))
        canvas.doneCurrent()
        viewer.layers.remove(below)
        viewer.window.screenshot(flash=False)  # draws, which crashed
    assert current == [True] * 3


def test_a_viewer_without_a_window_has_no_canvas(model: Any) -> None:
    guard_canvas(model, None)
    model.layers.clear()
