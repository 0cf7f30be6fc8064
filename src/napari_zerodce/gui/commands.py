"""Commands without a dock of their own, for menus and the command palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning

from napari_zerodce.gui.layers import active_image_layer

if TYPE_CHECKING:
    import napari


def enhance_active_layer(viewer: napari.viewer.Viewer) -> None:
    """Open the Enhance dock and press its button for the active image layer."""
    layer = active_image_layer(viewer)
    if layer is None:
        show_warning("No image layer is active; select the image layer to enhance and try again.")
        return
    dock, widget = viewer.window.add_plugin_dock_widget("napari-zerodce", "Enhance")
    dock.show()
    dock.raise_()
    widget.select_layer(layer)
    widget.start()
