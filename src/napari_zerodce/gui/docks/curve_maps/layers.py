"""Layers of maps: on their image, in colours that mean something, marked as what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Layer

from napari_zerodce.gui.docks.curve_maps.images import MapChoice, MapImage
from napari_zerodce.gui.docks.curve_maps.work import MappedPlane
from napari_zerodce.gui.layers.geometry import geometry_of_part, with_leading_axis
from napari_zerodce.gui.layers.provenance import checkpoint_source_of, role_of
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


def add_map_layers(
    viewer: napari.Viewer,
    found: list[MapImage],
    *,
    source: Source,
    mapped: MappedPlane,
    choice: MapChoice,
    step: int,
) -> list[Image]:
    """Add pictures of maps as layers above their image; the last one is on top.

    Parameters
    ----------
    viewer : napari.Viewer
    found : list of MapImage
    source : Source
    mapped : MappedPlane
        Where the pictures are from.
    choice : MapChoice
    step : int
        Every how many rows and columns they keep.
    """
    geometry = map_geometry(source, mapped.index, step)
    resolved = mapped.resolved
    made = source.provenance("maps", maps=choice.kind, made=resolved.provenance())
    layers: list[Image] = []
    for older in maps_of(viewer, source.layer):
        older.visible = False  # two maps on each other show neither
    # Above a live view, too: what was asked for last is what is to be seen.
    below = topmost_of(viewer, source.layer, {"result", "live", "maps"})
    for picture in found:
        place = with_leading_axis(geometry, "iteration") if picture.has_axis else geometry
        layer = Image(
            picture.data,
            **_placed(place, choice, picture),
            **_appearance(picture, source, choice, resolved.window),
            name=f"{source.name} {picture.label} [{weights_name(resolved.checkpoint)}]",
            rgb=picture.rgb,
            multiscale=False,
            metadata=made.as_metadata(),
        )
        insert_quietly(viewer, layer, above=layers[-1] if layers else below)
        if not picture.rgb:
            layer.colorbar.visible = picture is found[-1]  # several would lie on each other
        if picture is not found[-1]:
            layer.visible = False
        layers.append(layer)
    return layers


def maps_of(viewer: napari.Viewer, source: Layer) -> list[Layer]:
    """Return the map layers of a source, from the lowest to the topmost."""
    return made_from(viewer, source, {"maps"})


def _placed(geometry: dict[str, Any], choice: MapChoice, picture: MapImage) -> dict[str, Any]:
    numbers = choice.iterations
    if picture.has_axis and numbers == tuple(range(numbers[0], numbers[-1] + 1)):
        # The axis counts iterations as the papers do, from 1.
        translate = np.array(geometry["translate"], float)
        translate[0] = numbers[0]
        return geometry | {"translate": translate}
    return geometry


def _appearance(
    picture: MapImage, source: Source, choice: MapChoice, window: Window
) -> dict[str, Any]:
    if picture.rgb:
        return {"contrast_limits": (0, 1), "blending": "translucent"}
    overlay = {"opacity": _OVERLAY_OPACITY, "blending": "translucent"}
    if choice.kind == "alphas":
        # Green brightens, pink darkens, white changes nothing; fixed, so that maps compare.
        return {"colormap": "PiYG", "contrast_limits": (-1, 1), **overlay}
    if choice.kind == "steps":
        low, high = display_range(source.contrast_limits, window)
        width = window.high - window.low
        limits = ((low - window.low) / width, (high - window.low) / width)
        colormap = (
            source.properties.get("colormap", "gray") if source.channels == "mono" else "gray"
        )
        return {"colormap": colormap, "contrast_limits": limits, "blending": "translucent"}
    return {"colormap": "viridis", "contrast_limits": (0, _highest(picture.data)), **overlay}


def _highest(data: Any) -> float:
    """Return a round number that hardly any gain is above."""
    if not isinstance(data, np.ndarray):
        return 8.0  # looking at it would compute all planes
    return float(max(2, np.ceil(np.percentile(data[..., ::4, ::4], 99.5))))


def move_map_layers(
    viewer: napari.Viewer,
    layers: list[Image],
    found: list[MapImage],
    geometry: dict[str, Any],
) -> None:
    """Show the maps of another plane in layers that are there."""
    for layer, picture in zip(layers, found, strict=True):
        if layer not in viewer.layers:
            continue
        layer.data = picture.data
        translate = np.array(layer.translate)
        translate[-len(geometry["translate"]) :] = geometry["translate"]
        layer.translate = translate


def map_geometry(source: Source, index: tuple[int, ...], step: int) -> dict[str, Any]:
    """Return where maps of a plane lie; they have all axes of their source."""
    return geometry_of_part(source.properties, (*index, 0, 0), step)


def mark_old_maps(viewer: napari.Viewer, active: str) -> list[str]:
    """Say in the name of each map layer whether its checkpoint is no longer the active one.

    Parameters
    ----------
    viewer : napari.Viewer
    active : str
        The active checkpoint, as the session has it.

    Returns
    -------
    list of str
        Names of the map layers of other checkpoints.
    """
    old = []
    for layer in viewer.layers:
        if role_of(layer) != "maps":
            continue
        is_old = checkpoint_source_of(layer) != active
        name = layer.name.removesuffix(_OLD)
        if layer.name != (wanted := name + _OLD if is_old else name):
            layer.name = wanted
        if is_old:
            old.append(layer.name)
    return old
