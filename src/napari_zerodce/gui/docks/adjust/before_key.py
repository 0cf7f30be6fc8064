"""A key that shows the source layers, at the display range of the results, while it is held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from napari.layers import Image

from napari_zerodce.gui.layers.provenance import role_of
from napari_zerodce.gui.layers.results import source_layer_of
from napari_zerodce.gui.layers.source import is_source
from napari_zerodce.gui.session.session import unwrapped

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

KEY = "b"

_bound: WeakSet[Any] = WeakSet()


def bind_before_key(viewer: napari.Viewer) -> None:
    """Bind the key in a viewer, once, unless the user or another plugin has bound it."""
    viewer = unwrapped(viewer)
    if viewer in _bound:
        return
    _bound.add(viewer)
    try:
        viewer.bind_key(KEY, _hold_to_see_the_original)
    except ValueError:
        return  # the key has another binding


def _hold_to_see_the_original(viewer: napari.Viewer) -> Iterator[None]:
    """Show the source layers at the display range of the results while the key is held."""
    made = [layer for layer in viewer.layers if layer.visible and role_of(layer) is not None]
    sources = _sources_below(viewer, made)
    before = [(layer, layer.visible, layer.contrast_limits) for layer in sources]
    for layer in made:
        layer.visible = False
    for layer, limits in sources.items():
        layer.visible = True
        if limits is not None:
            layer.contrast_limits = limits
    yield
    for layer, visible, limits in before:
        if layer in viewer.layers:
            layer.contrast_limits = limits
            layer.visible = visible
    for layer in made:
        if layer in viewer.layers:
            layer.visible = True


def _sources_below(
    viewer: napari.Viewer, made: list[Layer]
) -> dict[Image, tuple[float, float] | None]:
    """Return the sources of layers, with the display range for each; None keeps its own range."""
    found: dict[Image, tuple[float, float] | None] = {}
    for layer in made:
        source = source_layer_of(viewer, layer)
        if source is None or not is_source(source) or source in made:
            continue
        comparable = role_of(layer) in {"result", "live"} and isinstance(layer, Image)
        found[source] = layer.contrast_limits if comparable else found.get(source)
    return found
