"""The map layers: their place above the source layer, their colours, and their names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from napari.layers import Image, Layer

from napari_zerodce.checkpoints.registry import AUTOMATIC
from napari_zerodce.engine.automatic import WEIGHTS_FOR
from napari_zerodce.gui.docks.curve_maps.images import MapChoice, MapImage
from napari_zerodce.gui.layers.geometry import geometry_of_part, with_leading_axis
from napari_zerodce.gui.layers.lazy_array import Grid, LazyArray
from napari_zerodce.gui.layers.lazy_blocks import LazyBlocks
from napari_zerodce.gui.layers.provenance import checkpoint_source_of, provenance_of, role_of
from napari_zerodce.gui.layers.results import (
    display_range,
    insert_quietly,
    made_from,
    topmost_of,
    weights_name,
)
from napari_zerodce.gui.layers.source import Source
from napari_zerodce.imaging.intensity import Window

if TYPE_CHECKING:
    import napari

    from napari_zerodce.engine.resolved import ResolvedRequest

AXIS: Final = "iteration"
_OVERLAY_OPACITY = 0.6
_OLD = " (old checkpoint)"
_NOTHING_KNOWN: Final[Mapping[str, str]] = MappingProxyType({})


def add_map_layers(
    viewer: napari.Viewer,
    found: list[MapImage],
    *,
    source: Source,
    resolved: ResolvedRequest,
    choice: MapChoice,
    geometry: dict[str, Any],
) -> list[Image]:
    """Add images of maps as layers above their source layer; the last one is the topmost.

    Parameters
    ----------
    viewer : napari.Viewer
    found : list of MapImage
        With all axes of the source layer.
    source : Source
    resolved : ResolvedRequest
        The request of which the maps were made.
    choice : MapChoice
    geometry : dict
        As `map_geometry` returns it.

    Returns
    -------
    list of napari.layers.Image
        The new layers.
    """
    made = source.provenance("maps", maps=choice.kind, made=resolved.provenance())
    layers: list[Image] = []
    for older in maps_of(viewer, source.layer):
        older.visible = False  # two translucent maps above each other are both unreadable
    # Also above a live view: the newest layer is the one that the user wants to see.
    below = topmost_of(viewer, source.layer, {"result", "live", "maps"})
    for image in found:
        layer = Image(
            image.data,
            **(with_leading_axis(geometry, AXIS) if image.has_axis else geometry),
            **_appearance(image, source, choice, resolved.window),
            name=f"{source.name} {image.label} [{weights_name(resolved.checkpoint)}]",
            rgb=image.rgb,
            multiscale=False,
            metadata=replace(made, iterations=image.iterations).as_metadata(),
        )
        insert_quietly(viewer, layer, above=layers[-1] if layers else below)
        if image is not found[-1]:
            layer.visible = False
        layers.append(layer)
    if found[-1].has_axis:
        _show_an_iteration(viewer, layers[-1], found[-1].iterations)
    return layers


def shown_iteration(viewer: napari.Viewer, layer: Layer) -> int | None:
    """Return the iteration at which the slider of a map layer is, None if the layer has no slider.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : Layer
    """
    if AXIS not in layer.axis_labels:
        return None
    return round(float(viewer.dims.point[_axis(viewer, layer)]))


def _show_an_iteration(viewer: napari.Viewer, layer: Layer, iterations: Collection[int]) -> None:
    """Move the slider to the first chosen iteration, unless it is at one of them."""
    if shown_iteration(viewer, layer) not in iterations:
        viewer.dims.set_point(_axis(viewer, layer), min(iterations))


def _axis(viewer: napari.Viewer, layer: Layer) -> int:
    """Return the axis of iterations in the viewer, in which the axes of layers end together."""
    return int(viewer.dims.ndim - layer.ndim + layer.axis_labels.index(AXIS))


def lazy_images(
    images: list[MapImage], blocks: LazyBlocks, leading: tuple[int, ...]
) -> list[MapImage]:
    """Return the images of all planes, which show a plane as soon as its block is known.

    Parameters
    ----------
    images : list of MapImage
        Of one plane; they give the shapes.
    blocks : LazyBlocks
        The array of each image is at the same position in a block.
    leading : tuple of int
        Lengths of the axes of the planes.
    """
    return [
        replace(image, data=_lazy(image, number, blocks, leading))
        for number, image in enumerate(images)
    ]


def _lazy(image: MapImage, number: int, blocks: LazyBlocks, leading: tuple[int, ...]) -> LazyArray:
    shape, first = image.data.shape, int(image.has_axis)
    grid = Grid(
        (*shape[:first], *leading, *shape[first:]),
        tile=shape[first : first + 2],
        leading=len(leading),
        first=first,
    )
    return LazyArray(blocks, grid, image.data.dtype, number=number, blank=image.empty)


def maps_of(viewer: napari.Viewer, source: Layer) -> list[Layer]:
    """Return the map layers of a source layer, from the lowest to the topmost.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Layer
    """
    return made_from(viewer, source, {"maps"})


def _appearance(
    image: MapImage, source: Source, choice: MapChoice, window: Window
) -> dict[str, Any]:
    if image.rgb:
        return {"contrast_limits": (0, 1), "blending": "translucent"}
    overlay = {"opacity": _OVERLAY_OPACITY, "blending": "translucent"}
    if choice.kind == "alphas":
        # Green brightens, pink darkens, white: no change; a fixed range makes maps comparable.
        return {"colormap": "PiYG", "contrast_limits": (-1, 1), **overlay}
    if choice.kind == "steps":
        low, high = display_range(source.contrast_limits, window)
        width = window.high - window.low
        limits = ((low - window.low) / width, (high - window.low) / width)
        colormap = (
            source.properties.get("colormap", "gray") if source.channels == "mono" else "gray"
        )
        return {"colormap": colormap, "contrast_limits": limits, "blending": "translucent"}
    return {"colormap": "viridis", "contrast_limits": (0, image.highest), **overlay}


def move_map_layers(
    viewer: napari.Viewer,
    layers: list[Image],
    found: list[MapImage],
    geometry: dict[str, Any],
) -> None:
    """Show the maps of another plane in existing layers.

    Parameters
    ----------
    viewer : napari.Viewer
    layers : list of Image
        Deleted layers are skipped.
    found : list of MapImage
        One image for each layer.
    geometry : dict
        As `map_geometry` returns it for that plane.
    """
    for layer, image in zip(layers, found, strict=True):
        if layer not in viewer.layers:
            continue
        layer.data = image.data
        translate = np.array(layer.translate)
        translate[-len(geometry["translate"]) :] = geometry["translate"]
        layer.translate = translate


def map_geometry(
    source: Source, index: tuple[int, ...], step: int, level: int = 0
) -> dict[str, Any]:
    """Return the geometry of the maps of a plane; they have all axes of their source layer.

    Parameters
    ----------
    source : Source
    index : tuple of int
        The plane.
    step : int
        The maps keep every `step`-th row and column of their level.
    level : int
        The level of the source of which they are made; 0 is the finest.
    """
    factor = source.factors[level]
    # A pixel of a coarser level lies in the middle of those that it covers.
    middle = (factor - 1) / 2
    return geometry_of_part(source.properties, (*index, middle, middle), factor * step)


def mark_old_maps(
    viewer: napari.Viewer, active: str, automatic: Mapping[str, str] = _NOTHING_KNOWN
) -> list[str]:
    """Mark map layers of other checkpoints than the active one in their names.

    Parameters
    ----------
    viewer : napari.Viewer
    active : str
        The session's active checkpoint.
    automatic : mapping of str to str
        The checkpoint that is chosen automatically for a source layer, by the layer's unique id.
        Maps of other layers are of another checkpoint if it is never chosen automatically.

    Returns
    -------
    list of str
        Names of the map layers of other checkpoints.
    """
    old = []
    for layer in viewer.layers:
        if role_of(layer) != "maps":
            continue
        is_old = checkpoint_source_of(layer) not in _active_for(layer, active, automatic)
        name = layer.name.removesuffix(_OLD)
        if layer.name != (wanted := name + _OLD if is_old else name):
            layer.name = wanted
        if is_old:
            old.append(layer.name)
    return old


def _active_for(layer: Layer, active: str, automatic: Mapping[str, str]) -> Collection[str]:
    """Return the checkpoints that may be the active one for the source of a map layer."""
    if active != AUTOMATIC:
        return (active,)
    made = provenance_of(layer)
    known = automatic.get(made.source_id) if made is not None else None
    return WEIGHTS_FOR.values() if known is None else (known,)
