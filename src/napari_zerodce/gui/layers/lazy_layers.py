"""Show the blocks of lazy layers as they arrive, until the layers are deleted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_zerodce.gui.layers.lazy_array import BlockKey, lazy_arrays_of
from napari_zerodce.gui.layers.lazy_blocks import LazyBlocks

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

# Between two refreshes of layers that show many blocks at once: in 3D, each refresh takes long.
_SECONDS_BETWEEN = 0.2
_PAUSE = 10  # times as long as the last refresh
_LONGEST_REFRESH = 3.0  # seconds; one of a layer that is hidden meanwhile ends much later


class LazyLayers(QObject):
    """Shows the blocks of lazy layers as they arrive, until the layers are deleted.

    The data of its layers keep it alive, so that it outlives the dock that made them. Duplicates of
    its layers become its layers, too.

    Parameters
    ----------
    viewer : napari.Viewer
    blocks : LazyBlocks
    layers : sequence of Layer
        Layers in the viewer, whose data are `LazyArray` of the blocks.
    """

    def __init__(self, viewer: napari.Viewer, blocks: LazyBlocks, layers: Sequence[Layer]) -> None:
        super().__init__()
        self._events, self._blocks = viewer.layers.events, blocks
        self._layers: list[Layer] = []
        self._arrived: set[BlockKey] = set()
        self._next_refresh = 0.0
        self._sliced_since: float | None = None
        self._events.inserted.connect(self._on_layer_inserted)
        self._events.removed.connect(self._on_layer_removed)
        blocks.arrived.connect(self._on_block_arrived)
        blocks.computing.connect(self._on_computing)
        for layer in layers:
            self._adopt(layer)

    def _adopt(self, layer: Layer) -> None:
        self._layers.append(layer)
        for array in lazy_arrays_of(layer):
            array.shown_by = self
        layer.events.visible.connect(self._on_visible_changed)
        layer.events.set_data.connect(self._on_sliced)
        self._on_visible_changed()

    def _on_block_arrived(self, key: BlockKey) -> None:
        for layer in self._layers:
            for array in lazy_arrays_of(layer):
                array.accept(key)
        self._arrived.add(key)
        if not self._are_many(exact=key.exact) or time.monotonic() >= self._next_refresh:
            self._refresh()

    def _on_computing(self, key: BlockKey | None) -> None:
        if key is None:  # nothing else arrives soon
            self._refresh()

    def _are_many(self, *, exact: bool) -> bool:
        """Return whether many drafts, or many exact blocks, are wanted; one is shown at once."""
        arrays = [array for layer in self._layers for array in lazy_arrays_of(layer)]
        wishes = map(self._blocks.wish_of, arrays)
        return any(
            sum(isinstance(key, BlockKey) and key.exact == exact for key in wish) > 1
            for wish in wishes
        )

    def _refresh(self) -> None:
        """Show what has arrived since the last time."""
        self._sliced_since = started = time.monotonic()
        for layer in self._layers:
            wanted = (self._blocks.wish_of(array) for array in lazy_arrays_of(layer))
            if layer.visible and not self._arrived.isdisjoint(chain.from_iterable(wanted)):
                layer.refresh(highlight=False, extent=False)
        self._arrived.clear()
        self._pause_after(started)

    def _pause_after(self, started: float) -> None:
        now = time.monotonic()
        took = min(now - started, _LONGEST_REFRESH)
        self._next_refresh = now + max(_SECONDS_BETWEEN, _PAUSE * took)

    def _on_sliced(self, _: Any = None) -> None:
        """Forget what is wanted of levels that are not shown any more; the coarsest always is."""
        if self._sliced_since is not None:  # napari may have sliced in a thread of its own
            self._pause_after(self._sliced_since)
            self._sliced_since = None
        for layer in self._layers:
            for array in lazy_arrays_of(layer)[:-1]:
                if array.grid.level != layer.data_level and self._blocks.wish_of(array):
                    self._blocks.forget(array)

    def _on_visible_changed(self, _: Any = None) -> None:
        for layer in self._layers:
            for array in lazy_arrays_of(layer):
                if layer.visible:
                    array.ask_for_kept()
                else:
                    self._blocks.forget(array)

    def _on_layer_inserted(self, event: Any) -> None:
        if any(array.blocks is self._blocks for array in lazy_arrays_of(event.value)):
            self._adopt(event.value)

    def _on_layer_removed(self, event: Any) -> None:
        layer = event.value
        if layer not in self._layers:
            return
        self._layers.remove(layer)
        layer.events.visible.disconnect(self._on_visible_changed)
        layer.events.set_data.disconnect(self._on_sliced)
        for array in lazy_arrays_of(layer):
            self._blocks.forget(array)
        if not self._layers:
            self._events.inserted.disconnect(self._on_layer_inserted)
            self._events.removed.disconnect(self._on_layer_removed)
            self._blocks.release()
