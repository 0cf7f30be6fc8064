"""Commands without a dock of their own, for menus and the command palette."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from napari.utils.notifications import show_warning
from qtpy.QtWidgets import QWidget

from napari_zerodce.gui.adjust_widget import AdjustWidget
from napari_zerodce.gui.curve_maps_widget import CurveMapsWidget
from napari_zerodce.gui.dock import frame_of
from napari_zerodce.gui.enhance_widget import EnhanceWidget
from napari_zerodce.gui.layers import active_image_layer, is_source

if TYPE_CHECKING:
    import napari
    from napari.layers import Image

_Widget = TypeVar("_Widget", bound=QWidget)


def enhance_active_layer(viewer: napari.viewer.Viewer) -> None:
    """Open the Enhance dock and press its button for the active image layer."""
    layer = _active_source(viewer, "enhance")
    if layer is not None:
        widget = open_enhance_dock(viewer)
        widget.select_layer(layer)
        widget.start()


def show_curve_maps(viewer: napari.viewer.Viewer) -> None:
    """Open the Curve maps dock and add the maps of the active image layer."""
    layer = _active_source(viewer, "look into")
    if layer is not None:
        widget = _open_dock(viewer, CurveMapsWidget, "Curve maps (Zero-DCE)")
        widget.select_layer(layer)
        widget.add_maps()


def adjust_active_layer(viewer: napari.viewer.Viewer) -> None:
    """Open the Adjust dock with a live view of the active image layer."""
    layer = _active_source(viewer, "adjust")
    if layer is not None:
        widget = _open_dock(viewer, AdjustWidget, "Adjust (Zero-DCE)")
        widget.select_layer(layer)
        widget.live.setChecked(True)


def open_enhance_dock(viewer: napari.viewer.Viewer) -> EnhanceWidget:
    """Show the viewer's Enhance dock."""
    return _open_dock(viewer, EnhanceWidget, "Enhance (Zero-DCE)")


def _active_source(viewer: napari.viewer.Viewer, verb: str) -> Image | None:
    layer = active_image_layer(viewer)
    if layer is None or not is_source(layer):
        show_warning(f"No image layer is active; select the image layer to {verb} and try again.")
        return None
    return layer


def _open_dock(viewer: napari.viewer.Viewer, kind: type[_Widget], name: str) -> _Widget:
    """Show a dock of the viewer, or make it under the name that napari's menu looks for."""
    docks = viewer.window.dock_widgets.values()
    widget = next((dock for dock in docks if isinstance(dock, kind)), None)
    if widget is None:
        widget = kind(viewer)
        viewer.window.add_dock_widget(widget, name=name)
    frame = frame_of(widget)
    if frame is not None:
        frame.show()
        frame.raise_()
    return widget
