"""The letters of the chosen layers' axes, which the user can correct."""

from __future__ import annotations

from typing import Final

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.source import axes_of, correct_axes
from napari_zerodce.gui.shared.layer_chooser import LayerChooser
from napari_zerodce.imaging.axes import MEANINGS, Axes

_TIP: Final = (
    "One letter for each axis, found from the labels and units of the layer:\n{axes}\n"
    "Y and X are the planes that are enhanced; each channel of C has an intensity window of its "
    "own.\nWrite other letters to correct them: the layer's axis labels change with them."
)

_ALL: Final = ", ".join(f"{letter}: {meaning}" for letter, meaning in MEANINGS.items())


class AxesField(QWidget):
    """A line such as "TCZYX"; it is hidden if there is nothing to say or to choose.

    A correction changes the labels of the layers, and the chooser of layers tells that.

    Parameters
    ----------
    layers : LayerChooser
    """

    edited = Signal(object)  # the RequestError about the letters, None if they fit

    def __init__(self, layers: LayerChooser) -> None:
        super().__init__()
        self._layers = layers
        self.letters = QLineEdit()
        self.letters.setToolTip(_TIP.format(axes=_ALL))
        self.letters.editingFinished.connect(self._on_edited)
        line = QVBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.letters)
        self.show_axes()

    @property
    def axes(self) -> Axes | None:
        """The axes that all chosen layers have; None if there is nothing to say or to choose."""
        known = {axes_of(layer) for layer in self._layers.layers}
        axes = next(iter(known)) if len(known) == 1 else None
        is_plain = axes is None or (len(axes.letters) == 2 and axes.are_planes_last)
        return None if is_plain else axes

    def show_axes(self) -> None:
        """Show the axes of the layers that are chosen now."""
        axes = self.axes
        if axes is None:
            return
        self.letters.setText(axes.letters)
        self.letters.setToolTip(_TIP.format(axes=_in_words(axes, self._layers.layers[0])))

    def _on_edited(self) -> None:
        axes = self.axes
        if axes is None:
            return
        try:
            corrected = Axes.parse(self.letters.text(), len(axes.letters))
        except RequestError as err:
            self.edited.emit(err)
            return
        for layer in self._layers.layers:
            correct_axes(layer, corrected)
        self.show_axes()  # a unit may tell another letter than Q
        self.edited.emit(None)


def _in_words(axes: Axes, layer: Image) -> str:
    lengths = zip(axes.letters, layer.data.shape, strict=False)  # without that of colours
    return ", ".join(f"{letter}: {length} ({MEANINGS[letter]})" for letter, length in lengths)
