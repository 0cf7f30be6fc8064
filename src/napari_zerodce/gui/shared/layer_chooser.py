"""Choose an image layer, or all selected ones; the choice follows the viewer's selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget

from napari_zerodce.gui.layers.provenance import role_of
from napari_zerodce.gui.layers.results import is_inserting, source_layer_of
from napari_zerodce.gui.layers.source import active_image_layer, is_source, selected_sources
from napari_zerodce.gui.layers.watch import LayerWatch
from napari_zerodce.gui.widgets.combos import make_narrow

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer


_SELECTED: Final = object()  # instead of a layer
_TIP = "The image layer to work on. It follows the layer that you select in napari's list."
_SEVERAL_TIP = f"{_TIP}\nIf you select several, they are enhanced one after the other."


class LayerChooser(QWidget):
    """A combo box of the viewer's image layers, in their order.

    Parameters
    ----------
    viewer : napari.Viewer
    several : bool
        Whether all selected layers can be chosen at once.
    """

    changed = Signal()
    renamed = Signal()  # a listed layer has another name; the choice is the same

    def __init__(self, viewer: napari.Viewer, *, several: bool = False) -> None:
        super().__init__()
        self._viewer = viewer
        self._several = several
        self._selected: tuple[Image, ...] = ()
        self._combo = QComboBox()
        self._combo.setToolTip(_SEVERAL_TIP if several else _TIP)
        make_narrow(self._combo)
        self._combo.setToolTip("The image layer; the choice follows the active layer.")
        self._combo.currentIndexChanged.connect(self._on_combo_changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self._listed: list[Image] = []
        self._watch = LayerWatch(
            viewer, self._on_layers_changed, self._on_name_changed, self._on_axes_changed
        )
        viewer.layers.selection.events.active.connect(self._on_active_changed)
        viewer.layers.selection.events.changed.connect(self._on_selection_changed)
        self._on_layers_changed()
        self._on_active_changed()
        self._on_selection_changed()

    @property
    def layer(self) -> Image | None:
        """The chosen layer, None if there is no image layer, or several are chosen."""
        layer = self._combo.currentData()
        return layer if isinstance(layer, Image) else None

    @layer.setter
    def layer(self, layer: Image) -> None:
        self._choose(layer)

    @property
    def layers(self) -> tuple[Image, ...]:
        """The chosen layers: one, all selected ones, or none."""
        if self._combo.currentData() is _SELECTED:
            return self._selected
        return () if self.layer is None else (self.layer,)

    def release(self) -> None:
        """Disconnect from the viewer, because the dock closes."""
        self._watch.release()
        selection = self._viewer.layers.selection.events
        selection.active.disconnect(self._on_active_changed)
        selection.changed.disconnect(self._on_selection_changed)

    def _choose(self, wanted: object) -> None:
        rows = range(self._combo.count())
        row = next((row for row in rows if self._combo.itemData(row) is wanted), None)
        if row is not None:
            self._combo.setCurrentIndex(row)

    def _list(self) -> None:
        """List the layers again; what is chosen stays chosen, also if it was renamed."""
        chosen = self._combo.currentData()
        self._combo.blockSignals(True)
        self._combo.clear()
        if self._selected:
            self._combo.addItem(f"The {len(self._selected)} selected layers", _SELECTED)
        for layer in self._listed:
            self._combo.addItem(layer.name, layer)
        if chosen is not None:
            self._choose(chosen)
        self._combo.blockSignals(False)

    def _on_layers_changed(self, _: Any = None) -> None:
        self._listed = [layer for layer in self._viewer.layers if is_source(layer)]
        self._watch.watch_names(self._listed)
        if not is_inserting(self._viewer):
            self._selected = self._selected_now()
        self._list()
        self.changed.emit()

    def _on_combo_changed(self, _: Any) -> None:
        self.changed.emit()

    def _on_name_changed(self, _: Any = None) -> None:
        self._list()
        self.renamed.emit()

    def _on_axes_changed(self, event: Any) -> None:
        if event.source in self.layers:
            self.changed.emit()  # other planes, another axis of channels

    def _on_active_changed(self, _: Any = None) -> None:
        if is_inserting(self._viewer):
            return  # the user has not made another layer active
        layer: Layer | None = active_image_layer(self._viewer)
        if layer is not None and not is_source(layer) and role_of(layer) == "result":
            layer = source_layer_of(self._viewer, layer)  # what a lazy result was made from
        if isinstance(layer, Image) and is_source(layer):
            self.layer = layer

    def _on_selection_changed(self, _: Any = None) -> None:
        """Choose all selected layers if there are several now."""
        if is_inserting(self._viewer):
            return  # they are selected again in a moment
        selected = self._selected_now()
        if selected == self._selected:
            return
        before, self._selected = self.layers, selected
        self._list()
        if selected:
            self._choose(_SELECTED)
        if self.layers != before:
            self.changed.emit()

    def _selected_now(self) -> tuple[Image, ...]:
        """Return the selected layers if they are several, else nothing.

        If no image layer is selected, for instance to draw a region, the former ones stay.
        """
        if not self._several:
            return ()
        former = tuple(layer for layer in self._selected if layer in self._viewer.layers)
        selected = selected_sources(self._viewer) or former
        return selected if len(selected) > 1 else ()
