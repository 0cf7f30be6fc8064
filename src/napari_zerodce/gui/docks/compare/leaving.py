"""Layers that leave the viewer: hidden at once, and removed one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from weakref import ref

from napari.layers import Layer
from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    import napari


class LeavingLayers:
    """Removes layers while the user goes on: to remove one takes napari 0.3 s.

    Parameters
    ----------
    viewer : napari.Viewer
        It is not kept alive.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = ref(viewer)
        self._layers: list[Layer] = []

    def add(self, layers: Iterable[Layer]) -> None:
        """Hide layers, and remove them soon.

        Parameters
        ----------
        layers : iterable of Layer
            Those that the user has deleted are left out.
        """
        viewer = self._viewer()
        leaving = [each for each in layers if viewer is not None and each in viewer.layers]
        for layer in leaving:
            layer.visible = False
            layer.name = "closing"  # its name is free for another one
        if leaving and not self._layers:
            QTimer.singleShot(0, self._remove_one)
        self._layers += leaving

    def _remove_one(self) -> None:
        viewer, layer = self._viewer(), self._layers.pop(0)
        if viewer is None:
            self._layers.clear()
        elif layer in viewer.layers:
            viewer.layers.remove(layer)
        if self._layers:
            QTimer.singleShot(0, self._remove_one)
