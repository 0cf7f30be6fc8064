"""The data of a lazy layer: planes that are known, and nothing where a plane is still computed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import copy
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.lazy_blocks import Block, LazyBlocks
from napari_zerodce.imaging.keys import complete_key

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

Array = np.ndarray[Any, Any]

# Between two refreshes of layers that show many planes at once, as in 3D: each refresh takes long.
_SECONDS_BETWEEN = 1.0
_PAUSE = 10  # times as long as the last refresh


class LazyPlanes:
    """An array of planes, for use as the data of a layer; reading it never computes anything.

    Planes that are not known are asked for, and read as `blank`. napari reads it in the GUI thread,
    or in a thread of its own.

    Parameters
    ----------
    blocks : LazyBlocks
        Its keys are indices of planes, tuples of int. Each of its arrays has the shape
        (first axes, last axes), without the axes of the planes.
    number : int
        The position of this layer's array in a block.
    example : ndarray
        An array of that position, which gives the shape and the dtype.
    leading : tuple of int
        Lengths of the axes of the planes.
    first : int
        Number of axes of a block that come before the axes of the planes.
    blank : float
        The value of pixels that are not known: one that the layer shows as empty.
    """

    def __init__(
        self,
        blocks: LazyBlocks,
        number: int,
        example: Array,
        *,
        leading: tuple[int, ...],
        first: int = 0,
        blank: float = np.nan,
    ) -> None:
        self.blocks = blocks
        self.shown_by: LazyLayers | None = None
        self._number, self._leading, self._first = number, leading, first
        self._blank = np.broadcast_to(np.asarray(blank, example.dtype), example.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of all axes."""
        own = self._blank.shape
        return (*own[: self._first], *self._leading, *own[self._first :])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the planes."""
        return self._blank.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of samples."""
        return prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Array:
        """Return the known part of a region; `key` holds integers, slices and an ellipsis."""
        within, numbers = self._split(complete_key(key, self.ndim))
        return self._assemble(within, numbers, self.blocks.want(self, _indices(numbers)))

    def __deepcopy__(self, _: Any) -> LazyPlanes:
        """Return an array that shares the blocks: napari copies the data of duplicated layers."""
        return copy(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return all planes. Raises RequestError if not all of them are known."""
        within, numbers = self._split((slice(None),) * self.ndim)
        found = self.blocks.known(_indices(numbers))
        unknown = found.count(None)
        if unknown:
            raise RequestError(
                f"{unknown} of {len(found)} planes of this layer are not in memory, so it cannot "
                "be read as a whole; take the plane on screen, or use the command line."
            )
        return np.array(self._assemble(within, numbers, found), dtype)

    def _assemble(
        self, within: tuple[Any, ...], numbers: Sequence[Any], found: Sequence[Block | None]
    ) -> Array:
        planes: list[Array] = [
            (self._blank if block is None else block[self._number])[within] for block in found
        ]
        lengths = [len(number) for number in numbers if isinstance(number, range)]
        if not lengths:
            return planes[0]
        # The axes of the planes come after the first axes of a block.
        example = self._blank[within]
        stacked = np.stack(planes) if planes else np.empty((0, *example.shape), self.dtype)
        before = sum(isinstance(part, slice) for part in within[: self._first])
        old = range(len(lengths))
        joined = stacked.reshape((*lengths, *example.shape))
        return np.moveaxis(joined, old, [axis + before for axis in old])

    def _split(self, key: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[Any]]:
        """Return the part of a key for each block, and a number or range for each plane axis."""
        last = self._first + len(self._leading)
        places = zip(self._leading, key[self._first : last], strict=True)
        numbers = [range(length)[place] for length, place in places]
        return (*key[: self._first], *key[last:]), numbers


def _indices(numbers: Sequence[Any]) -> list[tuple[int, ...]]:
    kept = [number if isinstance(number, range) else (number,) for number in numbers]
    return list(product(*kept))


class LazyLayers(QObject):
    """Shows the blocks of lazy layers as they arrive, until the layers are deleted.

    The data of its layers keep it alive, so that it outlives the dock that made them. Duplicates of
    its layers become its layers, too.

    Parameters
    ----------
    viewer : napari.Viewer
    blocks : LazyBlocks
    layers : sequence of Layer
        Layers in the viewer, whose data are `LazyPlanes` of the blocks.
    """

    def __init__(self, viewer: napari.Viewer, blocks: LazyBlocks, layers: Sequence[Layer]) -> None:
        super().__init__()
        self._events, self._blocks = viewer.layers.events, blocks
        self._layers: list[Layer] = []
        self._next_refresh = 0.0
        self._events.inserted.connect(self._on_layer_inserted)
        self._events.removed.connect(self._on_layer_removed)
        blocks.arrived.connect(self._on_block_arrived)
        for layer in layers:
            self._adopt(layer)

    def _adopt(self, layer: Layer) -> None:
        self._layers.append(layer)
        layer.data.shown_by = self
        layer.events.visible.connect(self._on_visible_changed)
        self._on_visible_changed()

    def _on_block_arrived(self, key: Any) -> None:
        many = any(len(self._blocks.wish_of(layer.data)) > 1 for layer in self._layers)
        if many and time.monotonic() < self._next_refresh and self._blocks.missing():
            return
        started = time.monotonic()
        for layer in self._layers:
            if layer.visible and key in self._blocks.wish_of(layer.data):
                layer.refresh(highlight=False, extent=False)
        now = time.monotonic()
        self._next_refresh = now + max(_SECONDS_BETWEEN, _PAUSE * (now - started))

    def _on_visible_changed(self, _: Any = None) -> None:
        for layer in self._layers:
            if not layer.visible:
                self._blocks.forget(layer.data)

    def _on_layer_inserted(self, event: Any) -> None:
        data = getattr(event.value, "data", None)
        if isinstance(data, LazyPlanes) and data.blocks is self._blocks:
            self._adopt(event.value)

    def _on_layer_removed(self, event: Any) -> None:
        if event.value not in self._layers:
            return
        layer = event.value
        self._layers.remove(layer)
        layer.events.visible.disconnect(self._on_visible_changed)
        self._blocks.forget(layer.data)
        if not self._layers:
            self._events.inserted.disconnect(self._on_layer_inserted)
            self._events.removed.disconnect(self._on_layer_removed)
            self._blocks.release()
