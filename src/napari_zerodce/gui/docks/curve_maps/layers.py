"""The map layers: their place above the source layer, their colours, and their names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from napari.layers import Image, Layer

from napari_zerodce.checkpoints.registry import AUTOMATIC
from napari_zerodce.engine.automatic import WEIGHTS_FOR
from napari_zerodce.gui.docks.curve_maps.images import MapChoice, MapImage
from napari_zerodce.gui.docks.curve_maps.work import MappedPlane
from napari_zerodce.gui.layers.geometry import geometry_of_part, with_leading_axis
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

_OVERLAY_OPACITY = 0.6
_OLD = " (old checkpoint)"
_NOTHING_KNOWN: Final[Mapping[str, str]] = MappingProxyType({})


def add_map_layers(
    viewer: napari.Viewer,
    found: list[MapImage],
    *,
    source: Source,
    mapped: MappedPlane,
    choice: MapChoice,
    step: int,
) -> list[Image]:
    """Add images of maps as layers above their source layer; the last one is the topmost.

    Parameters
    ----------
    viewer : napari.Viewer
    found : list of MapImage
    source : Source
    mapped : MappedPlane
        The maps from which the images were made.
    choice : MapChoice
    step : int
        The maps keep every `step`-th row and column.

    Returns
    -------
    list of napari.layers.Image
        The new layers.
    """
    geometry = map_geometry(source, mapped.index, step)
    resolved = mapped.resolved
    made = source.provenance("maps", maps=choice.kind, made=resolved.provenance())
    layers: list[Image] = []
    for older in maps_of(viewer, source.layer):
        older.visible = False  # two translucent maps above each other are both unreadable
    # Also above a live view: the newest layer is the one that the user wants to see.
    below = topmost_of(viewer, source.layer, {"result", "live", "maps"})
    for image in found:
        place = with_leading_axis(geometry, "iteration") if image.has_axis else geometry
        layer = Image(
            image.data,
            **_placed(place, choice, image),
            **_appearance(image, source, choice, resolved.window),
            name=f"{source.name} {image.label} [{weights_name(resolved.checkpoint)}]",
            rgb=image.rgb,
            multiscale=False,
            metadata=made.as_metadata(),
        )
        insert_quietly(viewer, layer, above=layers[-1] if layers else below)
        if not image.rgb:
            layer.colorbar.visible = image is found[-1]  # several colour bars would overlap
        if image is not found[-1]:
            layer.visible = False
        layers.append(layer)
    return layers


def maps_of(viewer: napari.Viewer, source: Layer) -> list[Layer]:
    """Return the map layers of a source layer, from the lowest to the topmost.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Layer
    """
    return made_from(viewer, source, {"maps"})


def _placed(geometry: dict[str, Any], choice: MapChoice, image: MapImage) -> dict[str, Any]:
    numbers = choice.iterations
    if image.has_axis and numbers == tuple(range(numbers[0], numbers[-1] + 1)):
        # The axis counts iterations from 1, as the papers do.
        translate = np.array(geometry["translate"], float)
        translate[0] = numbers[0]
        return geometry | {"translate": translate}
    return geometry


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
    return {"colormap": "viridis", "contrast_limits": (0, _highest(image.data)), **overlay}


def _highest(data: Any) -> float:
    """Return a whole number that only about 0.5 % of the gains exceed."""
    if not isinstance(data, np.ndarray):
        return 8.0  # reading a lazy array would compute all planes
    return float(max(2, np.ceil(np.percentile(data[..., ::4, ::4], 99.5))))


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


def map_geometry(source: Source, index: tuple[int, ...], step: int) -> dict[str, Any]:
    """Return the geometry of the maps of a plane; they have all axes of their source layer.

    Parameters
    ----------
    source : Source
    index : tuple of int
        The plane.
    step : int
        The maps keep every `step`-th row and column.
    """
    return geometry_of_part(source.properties, (*index, 0, 0), step)


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
