"""The colour scale of the topmost visible map layer: a small picture with its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from napari_zerodce.gui.docks.curve_maps.images import NAMES
from napari_zerodce.gui.docks.curve_maps.layers import shown_iteration
from napari_zerodce.gui.layers.provenance import provenance_of, role_of
from napari_zerodce.gui.layers.watch import LayerWatch

if TYPE_CHECKING:
    import napari

_COLOURS = 256
_HEIGHT = 12
_EVENTS = ("visible", "colormap", "contrast_limits", "gamma")


class MapScale(QWidget):
    """Follows the map layers and the slider; it is hidden if no map layer is visible.

    It stands in the dock because napari's own colour bar makes napari crash when its layer is
    deleted, see docs/upstream/napari-colour-bar.md.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._layers: list[Image] = []
        self.what, self.low, self.high = QLabel(), QLabel(), QLabel()
        self.picture = QLabel()
        self._lay_out()
        self._watch = LayerWatch(viewer, self._on_layers_changed, self._show)
        viewer.dims.events.point.connect(self._show)
        self._on_layers_changed()

    def _lay_out(self) -> None:
        self.what.setTextFormat(Qt.TextFormat.PlainText)
        self.picture.setScaledContents(True)
        self.picture.setFixedHeight(_HEIGHT)
        self.picture.setMinimumWidth(40)
        self.picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.what, self.low, self.picture, self.high):
            layout.addWidget(part, int(part is self.picture))

    def release(self) -> None:
        """Disconnect from the viewer and its layers."""
        self._watch.release()
        self._viewer.dims.events.point.disconnect(self._show)
        self._listen([])

    @property
    def layer(self) -> Image | None:
        """The layer whose scale is shown."""
        visible = (layer for layer in reversed(self._layers) if layer.visible and not layer.rgb)
        return next(visible, None)

    def _on_layers_changed(self, _: Any = None) -> None:
        maps = [layer for layer in self._viewer.layers if role_of(layer) == "maps"]
        self._listen(maps)
        self._watch.watch_names(maps)
        self._show()

    def _listen(self, layers: list[Image]) -> None:
        for layer in self._layers:
            for name in _EVENTS:
                getattr(layer.events, name).disconnect(self._show)
        self._layers = layers
        for layer in layers:
            for name in _EVENTS:
                getattr(layer.events, name).connect(self._show)

    def _show(self, _: Any = None) -> None:
        layer = self.layer
        self.setVisible(layer is not None)
        if layer is None:
            return
        low, high = layer.contrast_limits
        self.low.setText(f"{low:.3g}")
        self.high.setText(f"{high:.3g}")
        self.what.setText(self._described(layer))
        self.picture.setPixmap(_picture(layer))
        self.setToolTip(f"The colours of '{layer.name}', before they are mixed with the image.")

    def _described(self, layer: Image) -> str:
        made = provenance_of(layer)
        name = NAMES[made.maps] if made is not None and made.maps is not None else layer.name
        iteration = shown_iteration(self._viewer, layer)
        if made is None or iteration is None:
            return name
        if iteration == 0:
            return "iteration 0: the image itself"
        if made.iterations and iteration not in made.iterations:
            return f"iteration {iteration} is not chosen"
        return f"{name}, iteration {iteration}"


def _picture(layer: Image) -> QPixmap:
    """Return the colours from the low to the high limit, one pixel high."""
    values = np.linspace(0, 1, _COLOURS) ** layer.gamma
    colours = np.round(255 * np.asarray(layer.colormap.map(values))).astype(np.uint8)
    image = QImage(colours.tobytes(), _COLOURS, 1, 4 * _COLOURS, QImage.Format.Format_RGBA8888)
    return QPixmap.fromImage(image.copy())
