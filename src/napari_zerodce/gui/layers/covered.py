"""Layers that a layer made from them does not cover: both would be mixed, so they are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_zerodce.gui.layers.provenance import provenance_of

if TYPE_CHECKING:
    import napari
    from napari.layers import Layer

_MIXING: Final = frozenset({"additive", "minimum", "multiplicative"})
"""Blendings that show a sum, minimum or product with what is below, also at full opacity.

The others, opaque and translucent with or without depth, cover it; "opaque" at any opacity."""


def why_mixed(layer: Layer) -> str:
    """Return why what is below a layer is mixed with it, empty if the layer covers it.

    Parameters
    ----------
    layer : Layer
    """
    if layer.blending in _MIXING:
        return f"{layer.blending} blending"
    if layer.opacity < 1 and layer.blending != "opaque":
        return f"an opacity of {layer.opacity:.2g}"
    return ""


def is_part(layer: Layer) -> bool:
    """Return whether a result layer is only a part of its source, such as one plane."""
    known = provenance_of(layer)
    return known is not None and known.made is not None and bool(known.made.part)


def mixed_with(viewer: napari.Viewer, layer: Layer) -> list[Layer]:
    """Return the visible layers with which a layer is mixed, because it does not cover them.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : Layer
        A result layer or a live view.

    Returns
    -------
    list of Layer
        Its source, and the results of that; the topmost last.
    """
    if not why_mixed(layer):
        return []
    return [other for other in viewer.layers if other.visible and _is_covered(other, layer)]


def hide_covered(viewer: napari.Viewer, layer: Layer) -> list[Layer]:
    """Hide the layers with which a layer would be mixed.

    A result that is only a part hides nothing: the rest of its source would be gone.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : Layer
        A result layer or a live view.

    Returns
    -------
    list of Layer
        The layers that were visible before, the topmost last.
    """
    covered = [] if is_part(layer) else mixed_with(viewer, layer)
    for other in covered:
        other.visible = False
    return covered


def _is_covered(other: Layer, layer: Layer) -> bool:
    made, others = provenance_of(layer), provenance_of(other)
    if made is None or other is layer:
        return False
    if others is not None and others.role == "result" and others.source_id == made.source_id:
        return True
    return str(other.unique_id) == made.source_id
