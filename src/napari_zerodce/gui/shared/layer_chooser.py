"""Choose an image layer; the choice follows the viewer's active layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget

from napari_zerodce.gui.layers.results import is_inserting
from napari_zerodce.gui.layers.source import active_image_layer, is_source
from napari_zerodce.gui.layers.watch import LayerWatch
from napari_zerodce.gui.widgets.combos import make_narrow

if TYPE_CHECKING:
    import napari


class LayerChooser(QWidget):
    """A combo box of the viewer's image layers, in their order.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    changed = Signal()

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._combo = QComboBox()
        make_narrow(self._combo)
        self._combo.setToolTip("The image layer; the choice follows the active layer.")
        self._combo.currentIndexChanged.connect(self._on_combo_changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self._listed: list[Image] = []
        self._watch = LayerWatch(viewer, self._on_layers_changed, self._on_name_changed)
        viewer.layers.selection.events.active.connect(self._on_active_changed)
        self._on_layers_changed()
        self._on_active_changed()

    @property
    def layer(self) -> Image | None:
        """The chosen layer, None if there is no image layer."""
        layer = self._combo.currentData()
        return layer if isinstance(layer, Image) else None

    @layer.setter
    def layer(self, layer: Image) -> None:
        rows = range(self._combo.count())
        row = next((row for row in rows if self._combo.itemData(row) is layer), None)
        if row is not None:
            self._combo.setCurrentIndex(row)

    def release(self) -> None:
        """Disconnect from the viewer, because the dock closes."""
        self._watch.release()
        self._viewer.layers.selection.events.active.disconnect(self._on_active_changed)

    def _list(self) -> None:
        """List the layers again; the chosen layer stays chosen, also if it was renamed."""
        chosen = self.layer
        self._combo.blockSignals(True)
        self._combo.clear()
        for layer in self._listed:
            self._combo.addItem(layer.name, layer)
        if chosen is not None:
            self.layer = chosen
        self._combo.blockSignals(False)

    def _on_layers_changed(self, _: Any = None) -> None:
        self._listed = [layer for layer in self._viewer.layers if is_source(layer)]
        self._watch.watch_names(self._listed)
        self._list()
        self.changed.emit()

    def _on_combo_changed(self, _: Any) -> None:
        self.changed.emit()

    def _on_name_changed(self, _: Any = None) -> None:
        self._list()

    def _on_active_changed(self, _: Any = None) -> None:
        if is_inserting(self._viewer):
            return  # the user has not made another layer active
        layer = active_image_layer(self._viewer)
        if layer is not None and is_source(layer):
            self.layer = layer
