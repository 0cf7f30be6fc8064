"""The layer of the live view: create, move, fill and remove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_zerodce.gui.layers.covered import hide_covered, is_part, why_mixed
from napari_zerodce.gui.layers.on_screen import OnScreen
from napari_zerodce.gui.layers.provenance import provenance_of
from napari_zerodce.gui.layers.results import insert_quietly, topmost_of
from napari_zerodce.gui.layers.source import APPEARANCE

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

Array = np.ndarray[Any, Any]


class PreviewLayer:
    """One image layer above its source layer, with the pixels of the part on screen.

    If it does not cover its source and the results of that, they are hidden as long as it exists.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        self._viewer = viewer
        self.layer: Image | None = None
        self.hidden: list[Layer] = []
        """The layers that are visible again when this one is removed."""
        self._screen: OnScreen | None = None
        self._limits: tuple[float, float] | None = None

    def show(
        self, screen: OnScreen, pixels: Array, *, name: str, limits: tuple[float, float]
    ) -> None:
        """Show the pixels of the part on screen at their place.

        Parameters
        ----------
        screen : OnScreen
        pixels : ndarray, shape (h, w), (h, w, 3) or (h, w, 4)
            The part on screen, in the dtype of the source.
        name : str
            Name of the layer, if it is created.
        limits : tuple of float
            Contrast limits; they are set only if they change, so that the user can change them.
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
        """Change the name of the layer, if it exists."""
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
            # For a new array, napari computes all layers' extents, which takes as long as a look.
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
        """Remove the layer, if it exists."""
        layer, self.layer, self._screen = self.layer, None, None
        if layer is None:
            return
        self._viewer.layers.events.inserted.disconnect(self._on_layer_inserted)
        if layer in self._viewer.layers:
            self._viewer.layers.remove(layer)
        for other in self.hidden:
            if other in self._viewer.layers:
                other.visible = True
        self.hidden = []

    def _on_layer_inserted(self, event: Any) -> None:
        """Let a new result of the same source wait until this layer is removed."""
        new = event.value
        made, live = provenance_of(new), self.layer and provenance_of(self.layer)
        if not made or not live or made.role != "result" or made.source_id != live.source_id:
            return
        if self.layer is not None and self.layer.visible and why_mixed(self.layer):
            new.visible = False
            # A whole result is shown instead of its source.
            self.hidden = [*self.hidden, new] if is_part(new) else [new]

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
        self.hidden = hide_covered(self._viewer, self.layer)
        self._viewer.layers.events.inserted.connect(self._on_layer_inserted)


def _with_all_axes(screen: OnScreen, pixels: Array) -> Array:
    """Return the pixels with leading axes of length 1, so that only their plane shows them."""
    return pixels.reshape((1,) * len(screen.index) + pixels.shape)
