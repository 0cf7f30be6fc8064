"""Learn of every change to the viewer's list of layers, to the names in it, and to their axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer


class LayerWatch:
    """Calls back when layers are added, removed, reordered or, where asked for, renamed.

    Parameters
    ----------
    viewer : napari.Viewer
    on_list_changed : callable
        Called with the event when a layer is added, removed or moved.
    on_name_changed : callable
        Called with the event when a layer given to `watch_names` is renamed.
    on_axes_changed : callable, optional
        Called with the event when the axes of such a layer get other labels or units.
    """

    def __init__(
        self,
        viewer: napari.Viewer,
        on_list_changed: Callable[[Any], None],
        on_name_changed: Callable[[Any], None],
        on_axes_changed: Callable[[Any], None] | None = None,
    ) -> None:
        self._on_list_changed = on_list_changed
        self._on_name_changed = on_name_changed
        self._on_axes_changed = on_axes_changed
        self._named: list[Layer] = []
        events = viewer.layers.events
        self._emitters = (events.inserted, events.removed, events.reordered)
        for emitter in self._emitters:
            emitter.connect(on_list_changed)

    def watch_names(self, layers: Iterable[Layer]) -> None:
        """Watch the names and the axes of these layers from now on, and of no others."""
        for layer in self._named:
            for emitter, callback in self._of_layer(layer):
                emitter.disconnect(callback)
        self._named = list(layers)
        for layer in self._named:
            for emitter, callback in self._of_layer(layer):
                emitter.connect(callback)

    def _of_layer(self, layer: Layer) -> Iterator[tuple[Any, Callable[[Any], None]]]:
        yield layer.events.name, self._on_name_changed
        if self._on_axes_changed is not None:
            yield layer.events.axis_labels, self._on_axes_changed
            yield layer.events.units, self._on_axes_changed

    def release(self) -> None:
        """Disconnect from the viewer and its layers."""
        for emitter in self._emitters:
            emitter.disconnect(self._on_list_changed)
        self.watch_names(())
