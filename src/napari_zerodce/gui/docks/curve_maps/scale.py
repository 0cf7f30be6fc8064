"""The colour scale of the topmost visible map layer: a small picture with its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget

from napari_zerodce.gui.docks.curve_maps.images import NAMES
from napari_zerodce.gui.docks.curve_maps.layers import shown_iteration
from napari_zerodce.gui.layers.provenance import provenance_of, role_of
from napari_zerodce.gui.layers.watch import LayerWatch

if TYPE_CHECKING:
    import napari

_COLOURS = 256
_HEIGHT = 12
_EVENTS = ("visible", "colormap", "contrast_limits", "gamma")


class Gradient(QWidget):
    """Draws a row of colours over its whole area."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap = QPixmap()
        self.setFixedHeight(_HEIGHT)
        self.setMinimumWidth(40)

    def show_colours(self, colours: np.ndarray[Any, Any]) -> None:
        """Draw colours, the first one at the left side.

        Parameters
        ----------
        colours : ndarray, shape (n, 4), values in [0, 1]
        """
        data = np.round(255 * colours).astype(np.uint8)
        count = len(data)
        image = QImage(data.tobytes(), count, 1, 4 * count, QImage.Format.Format_RGBA8888)
        self._pixmap = QPixmap.fromImage(image.copy())
        self.update()

    def paintEvent(self, _: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Stretch the colours to the size of the widget."""
        painter = QPainter(self)
        painter.drawPixmap(self.rect(), self._pixmap)
        painter.end()


class MapScale(QWidget):
    """Follows the map layers and the slider; it is hidden if no map layer is visible.

    It stands in the dock because napari's own colour bar makes napari crash when its layer is
    deleted, see upstream/napari-colour-bar.md.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._layers: list[Image] = []
        self.what, self.low, self.high = QLabel(), QLabel(), QLabel()
        self.picture = Gradient()
        self._lay_out()
        self._watch = LayerWatch(viewer, self._on_layers_changed, self._show)
        viewer.dims.events.point.connect(self._show)
        self._on_layers_changed()

    def _lay_out(self) -> None:
        self.what.setTextFormat(Qt.TextFormat.PlainText)
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
        what, has_colours = self._described(layer)
        self.what.setText(what)
        for part in (self.low, self.picture, self.high):
            part.setVisible(has_colours)
        for label, limit in zip((self.low, self.high), layer.contrast_limits, strict=True):
            label.setText(f"{limit:.3g}")
        values = np.linspace(0, 1, _COLOURS) ** layer.gamma
        self.picture.show_colours(np.asarray(layer.colormap.map(values)))
        self.setToolTip(f"The colours of '{layer.name}', before they are mixed with the image.")

    def _described(self, layer: Image) -> tuple[str, bool]:
        """Return what the layer shows where its slider is, and whether that has colours."""
        made = provenance_of(layer)
        name = NAMES[made.maps] if made is not None and made.maps is not None else layer.name
        chosen = () if made is None else made.iterations
        iteration = shown_iteration(self._viewer, layer)
        if iteration is None and len(chosen) != 1:
            return name, True
        if iteration == 0:
            return "Iteration 0: the image itself.", False
        if iteration is not None and chosen and iteration not in chosen:
            return f"Iteration {iteration} was not chosen.", False
        return f"{name}, iteration {iteration or chosen[0]}", True
