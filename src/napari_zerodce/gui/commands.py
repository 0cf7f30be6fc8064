"""Commands without a dock of their own, for menus and the command palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from qtpy.QtWidgets import QDockWidget

from napari_zerodce.gui.enhance_widget import EnhanceWidget
from napari_zerodce.gui.layers import active_image_layer

if TYPE_CHECKING:
    import napari

_DOCK_NAME = "Enhance (Zero-DCE)"


def enhance_active_layer(viewer: napari.viewer.Viewer) -> None:
    """Open the Enhance dock and press its button for the active image layer."""
    layer = active_image_layer(viewer)
    if layer is None:
        show_warning("No image layer is active; select the image layer to enhance and try again.")
        return
    widget = _open_dock(viewer)
    widget.select_layer(layer)
    widget.start()


def _open_dock(viewer: napari.viewer.Viewer) -> EnhanceWidget:
    """Show the viewer's Enhance dock, or make it under the name that napari's menu looks for."""
    docks = viewer.window.dock_widgets.values()
    widget = next((dock for dock in docks if isinstance(dock, EnhanceWidget)), None)
    if widget is None:
        widget = EnhanceWidget(viewer)
        viewer.window.add_dock_widget(widget, name=_DOCK_NAME)
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    if parent is not None:
        parent.show()
        parent.raise_()
    return widget
