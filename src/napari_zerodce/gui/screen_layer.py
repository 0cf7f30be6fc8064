"""The layer that shows what is on screen in another look: made, moved, refilled and taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_zerodce.gui.layers import APPEARANCE, METADATA_KEY, insert_quietly
from napari_zerodce.gui.on_screen import OnScreen

if TYPE_CHECKING:
    import napari

Array = np.ndarray[Any, Any]


class ScreenLayer:
    """One image layer above its source, with the pixels of the plane on screen.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = viewer
        self.layer: Image | None = None

    def show(
        self, screen: OnScreen, pixels: Array, *, name: str, limits: tuple[float, float]
    ) -> None:
        """Show pixels where they belong.

        Parameters
        ----------
        screen : OnScreen
        pixels : ndarray, shape (h, w), (h, w, 3) or (h, w, 4)
            Of the part on screen.
        name : str
        limits : tuple of float
            Contrast limits of a layer that is made; later on they are the user's.
        """
        source = screen.source
        # All axes of the source, of length 1: another plane's pixels are never over this one.
        data = pixels.reshape((1,) * len(screen.index) + pixels.shape)
        geometry = screen.geometry
        layer = self.layer
        if (
            layer is None
            or layer.rgb != (source.channels != "mono")
            or layer.ndim != len(geometry["scale"])
        ):
            self.remove()
            self._make(screen, data, geometry, name=name, limits=limits)
            return
        layer.data = data
        layer.name = name
        for key in ("scale", "translate", "rotate", "shear", "affine"):
            if not np.array_equal(np.asarray(getattr(layer, key)), np.asarray(geometry[key])):
                setattr(layer, key, geometry[key])

    def remove(self) -> None:
        """Take the layer away, if it is there."""
        layer, self.layer = self.layer, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _make(
        self,
        screen: OnScreen,
        data: Array,
        geometry: dict[str, Any],
        *,
        name: str,
        limits: tuple[float, float],
    ) -> None:
        source = screen.source
        self.layer = Image(
            data,
            **geometry,
            **{key: source.properties[key] for key in APPEARANCE if key in source.properties},
            name=name,
            rgb=source.channels != "mono",
            multiscale=False,
            contrast_limits=limits,
            metadata={METADATA_KEY: source.origin("live")},
        )
        insert_quietly(self._viewer, self.layer, above=source.layer)
