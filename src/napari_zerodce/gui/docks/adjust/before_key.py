"""Hold a key to see the originals: what we made is hidden, and the sources are shown alike."""

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
        return  # somebody else's key


def _hold_to_see_the_original(viewer: napari.Viewer) -> Iterator[None]:
    """Show the originals at the display range of the results while the key is held."""
    ours = [layer for layer in viewer.layers if layer.visible and role_of(layer) is not None]
    sources = _sources_below(viewer, ours)
    before = [(layer, layer.visible, layer.contrast_limits) for layer in sources]
    for layer in ours:
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
    for layer in ours:
        if layer in viewer.layers:
            layer.visible = True


def _sources_below(
    viewer: napari.Viewer, ours: list[Layer]
) -> dict[Image, tuple[float, float] | None]:
    """Return the sources of layers of ours, and how each is to be displayed; None: as it is."""
    found: dict[Image, tuple[float, float] | None] = {}
    for layer in ours:
        source = source_layer_of(viewer, layer)
        if source is None or not is_source(source) or source in ours:
            continue
        alike = role_of(layer) in {"result", "live"} and isinstance(layer, Image)
        found[source] = layer.contrast_limits if alike else found.get(source)
    return found
