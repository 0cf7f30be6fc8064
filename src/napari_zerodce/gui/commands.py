"""Commands without a dock of their own, for menus and the command palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Image
from napari.utils.notifications import show_warning

from napari_zerodce.gui.layers.provenance import role_of
from napari_zerodce.gui.layers.results import source_layer_of
from napari_zerodce.gui.layers.source import active_image_layer, is_source
from napari_zerodce.gui.shared.dock import open_dock

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

    from napari_zerodce.gui.docks.adjust.dock import AdjustDock
    from napari_zerodce.gui.docks.compare.dock import CompareDock
    from napari_zerodce.gui.docks.curve_maps.dock import CurveMapsDock
    from napari_zerodce.gui.docks.enhance.dock import EnhanceDock


def enhance_active_layer(viewer: napari.viewer.Viewer) -> None:
    """Open the Enhance dock and start a run on the active image layer."""
    layer = _active_source(viewer, "enhance")
    if layer is not None:
        dock: EnhanceDock = open_dock(viewer, "Enhance")
        dock.select_layer(layer)
        dock.start()


def show_curve_maps(viewer: napari.viewer.Viewer) -> None:
    """Open the Curve maps dock and add map layers of the active image layer."""
    layer = _active_source(viewer, "analyse")
    if layer is not None:
        dock: CurveMapsDock = open_dock(viewer, "Curve maps")
        dock.select_layer(layer)
        dock.add_maps()


def adjust_active_layer(viewer: napari.viewer.Viewer) -> None:
    """Open the Adjust dock with a live view of the active image layer."""
    layer = _active_source(viewer, "adjust")
    if layer is not None:
        dock: AdjustDock = open_dock(viewer, "Adjust")
        dock.select_layer(layer)
        dock.live.setChecked(True)


def compare_on_active_layer(viewer: napari.viewer.Viewer) -> None:
    """Open the Compare dock and compare what is ticked there on the active image layer."""
    layer = _active_source(viewer, "compare on")
    if layer is not None:
        dock: CompareDock = open_dock(viewer, "Compare")
        dock.select_layer(layer)
        dock.compare()


def _active_source(viewer: napari.viewer.Viewer, verb: str) -> Image | None:
    layer: Layer | None = active_image_layer(viewer)
    if layer is not None and role_of(layer) == "compared":
        layer = source_layer_of(viewer, layer)
    if not isinstance(layer, Image) or not is_source(layer):
        show_warning(f"No image layer is active; select the image layer to {verb} and try again.")
        return None
    return layer
