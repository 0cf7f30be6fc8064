"""Mark the maps of an image in their names when the image changes, as long as there are maps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from napari_zerodce.gui.docks.curve_maps.layers import maps_of
from napari_zerodce.gui.layers.lazy_array import lazy_arrays_of

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

_OLD_IMAGE: Final = " (old image)"
_followed: Final[WeakSet[Layer]] = WeakSet()


def mark_when_old(viewer: napari.Viewer, source: Layer) -> None:
    """Mark the map layers of a source layer whenever its data change; a second call does nothing.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Layer
        It has at least one map layer.
    """
    if source not in _followed:
        _OldImageMarker(viewer, source)


class _OldImageMarker:
    """Marks the map layers of a source layer, also duplicates, until the last one is deleted.

    The source layer keeps it alive, so that it outlives the dock that made the maps.
    """

    def __init__(self, viewer: napari.Viewer, source: Layer) -> None:
        self._viewer, self._source = viewer, source
        # napari refers to methods weakly, but to other callables strongly.
        self._on_data_changed = partial(_OldImageMarker._mark_maps, self)
        source.events.data.connect(self._on_data_changed)
        viewer.layers.events.removed.connect(self._on_layer_removed)
        _followed.add(source)

    def _on_layer_removed(self, _: Any = None) -> None:
        if not maps_of(self._viewer, self._source):
            self._source.events.data.disconnect(self._on_data_changed)
            self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
            _followed.discard(self._source)

    def _mark_maps(self, _: Any = None) -> None:
        """Mark map layers; lazy ones compute nothing any more, because they read the old image."""
        for layer in maps_of(self._viewer, self._source):
            for array in lazy_arrays_of(layer):
                array.blocks.release()
            if _OLD_IMAGE not in layer.name:
                layer.name += _OLD_IMAGE
