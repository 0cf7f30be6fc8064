"""Choose the reference of a comparison: another image layer, or no reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox

from napari_zerodce.gui.layers.source import is_source
from napari_zerodce.gui.layers.watch import LayerWatch
from napari_zerodce.gui.widgets.combos import make_narrow

if TYPE_CHECKING:
    import napari

_NO_REFERENCE: Final = "No reference"
_TIP: Final = (
    "An image layer of the same size that shows how the result should look. With it, SSIM and\n"
    "PSNR are measured, and histogram and mean/std matching can be chosen. Default: no reference."
)


class ReferenceChooser(QComboBox):
    """A combo box of the image layers, without the one that is compared.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    changed = Signal()

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._subject: Image | None = None
        self.setObjectName("reference")
        self.setToolTip(_TIP)
        make_narrow(self)
        self._watch = LayerWatch(viewer, self._list, self._list)
        self._list()
        self.activated.connect(lambda _: self.changed.emit())

    @property
    def layer(self) -> Image | None:
        """The chosen layer, None for no reference."""
        layer = self.currentData()
        return layer if isinstance(layer, Image) else None

    @layer.setter
    def layer(self, layer: Image | None) -> None:
        before = self.layer
        self.setCurrentIndex(self._row_of(layer))
        if self.layer is not before:
            self.changed.emit()

    def leave_out(self, subject: Image | None) -> None:
        """List all image layers without one.

        Parameters
        ----------
        subject : Image, optional
            The layer that is compared.
        """
        self._subject = subject
        self._list()

    def release(self) -> None:
        """Disconnect from the viewer, because the dock closes."""
        self._watch.release()

    def _list(self, _: Any = None) -> None:
        before = self.layer
        layers = [each for each in self._viewer.layers if is_source(each)]
        self._watch.watch_names(layers)
        self.clear()
        self.addItem(_NO_REFERENCE, None)
        for layer in layers:
            if layer is not self._subject:
                self.addItem(layer.name, layer)
        self.setCurrentIndex(self._row_of(before))
        if self.layer is not before:
            self.changed.emit()

    def _row_of(self, layer: Image | None) -> int:
        """Return the row of a layer, and that of no reference if it is not listed."""
        rows = range(self.count())
        return next((row for row in rows if layer and self.itemData(row) is layer), 0)
