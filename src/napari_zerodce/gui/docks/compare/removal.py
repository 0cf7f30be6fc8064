"""Remove several layers at once: napari needs for all of them little more than for one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer


def remove_together(viewer: napari.Viewer, layers: Iterable[Layer]) -> None:
    """Remove layers from a viewer.

    Parameters
    ----------
    viewer : napari.Viewer
    layers : iterable of Layer
        Those that the user has deleted are left out.
    """
    there = [layer for layer in layers if layer in viewer.layers]
    if not there:
        return
    with viewer.layers.batched_update():  # else napari collects garbage after each, for 0.3 s
        for layer in there:
            viewer.layers.remove(layer)
