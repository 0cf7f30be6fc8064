"""The layer that shows what is on screen in another look: made, moved, refilled and taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_zerodce.gui.layers.on_screen import OnScreen
from napari_zerodce.gui.layers.results import insert_quietly, topmost_of
from napari_zerodce.gui.layers.source import APPEARANCE

if TYPE_CHECKING:
    import napari

Array = np.ndarray[Any, Any]


class PreviewLayer:
    """One image layer above its source, with the pixels of the plane on screen.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = viewer
        self.layer: Image | None = None
        self._screen: OnScreen | None = None
        self._limits: tuple[float, float] | None = None

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
            Contrast limits; as long as these do not change, the user may.
        """
        layer = self.layer
        if layer is None or self._is_of_another_kind(layer, screen):
            self.remove()
            self._make(screen, pixels, name=name, limits=limits)
        else:
            self._move(layer, screen, pixels)
        self._screen = screen
        if limits != self._limits and self.layer is not None:
            self.layer.contrast_limits = limits
        self._limits = limits

    def rename(self, name: str) -> None:
        """Call the layer something else."""
        if self.layer is not None and self.layer.name != name:
            self.layer.name = name

    @staticmethod
    def _is_of_another_kind(layer: Image, screen: OnScreen) -> bool:
        source = screen.source
        return bool(
            layer.rgb != (source.channels != "mono")
            or layer.ndim != len(source.properties["scale"])
            or layer.data.dtype != source.data.dtype
        )

    def _move(self, layer: Image, screen: OnScreen, pixels: Array) -> None:
        data = _with_all_axes(screen, pixels)
        if layer.data.shape == data.shape:
            # New data would make napari look at all layers' extents, which takes as long as a look.
            layer.data[...] = data
            layer.refresh(thumbnail=False, highlight=False, extent=False)
        else:
            layer.data = data
        if screen is self._screen:
            return
        geometry = screen.geometry
        for key in ("scale", "translate", "rotate", "shear", "affine"):
            if not np.array_equal(np.asarray(getattr(layer, key)), np.asarray(geometry[key])):
                setattr(layer, key, geometry[key])

    def remove(self) -> None:
        """Take the layer away, if it is there."""
        layer, self.layer, self._screen = self.layer, None, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _make(
        self, screen: OnScreen, pixels: Array, *, name: str, limits: tuple[float, float]
    ) -> None:
        source = screen.source
        self.layer = Image(
            _with_all_axes(screen, pixels),
            **screen.geometry,
            **{key: source.properties[key] for key in APPEARANCE if key in source.properties},
            name=name,
            rgb=source.channels != "mono",
            multiscale=False,
            contrast_limits=limits,
            metadata=source.provenance("live").as_metadata(),
        )
        below = topmost_of(self._viewer, source.layer, {"result", "maps"})
        insert_quietly(self._viewer, self.layer, above=below)


def _with_all_axes(screen: OnScreen, pixels: Array) -> Array:
    """Return the pixels with the source's axes of length 1: they are never over another plane."""
    return pixels.reshape((1,) * len(screen.index) + pixels.shape)
