"""The only file that reads napari layers or creates them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Layer

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.engine.messages import EnhanceRequest, EnhanceResult
from napari_zerodce.errors import RequestError
from napari_zerodce.imaging.intensity import Window, WindowChoice
from napari_zerodce.imaging.planes import Channels

if TYPE_CHECKING:
    import napari
    import numpy as np

METADATA_KEY = "napari-zerodce"

# What the result shares with its source, so that both lie on each other and look comparable.
_GEOMETRY = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
_APPEARANCE = (
    "colormap", "gamma", "opacity", "blending", "interpolation2d", "interpolation3d", "depiction",
    "rendering", "projection_mode",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """All we need of a layer, read at once, so that it may change or vanish during a run."""

    layer: Layer
    name: str
    data: Any
    channels: Channels
    level_shapes: tuple[tuple[int, ...], ...]
    contrast_limits: tuple[float, float]
    properties: dict[str, Any]
    metadata: dict[str, Any]


def active_image_layer(viewer: napari.Viewer) -> Image | None:
    """Return the active layer if it is an image."""
    layer = viewer.layers.selection.active
    return layer if isinstance(layer, Image) else None


def read_source(layer: Layer | None) -> Source:
    """Read everything a run needs from an image layer.

    Raises
    ------
    RequestError
        If there is no layer, or it is no image.
    """
    if layer is None:
        raise RequestError("There is no image layer to enhance; open an image or select one.")
    if not isinstance(layer, Image):
        raise RequestError(
            f"'{layer.name}' is a {type(layer).__name__} layer; select an image layer to enhance."
        )
    # np.asarray of a multiscale layer's data would give its coarsest level.
    levels = list(layer.data) if layer.multiscale else [layer.data]
    state = layer.as_layer_data_tuple()[1]
    return Source(
        layer=layer,
        name=layer.name,
        data=levels[0],
        channels=_channels(layer, levels[0]),
        level_shapes=tuple(tuple(level.shape) for level in levels),
        contrast_limits=(float(layer.contrast_limits[0]), float(layer.contrast_limits[1])),
        properties={key: state[key] for key in (*_GEOMETRY, *_APPEARANCE) if key in state},
        metadata=dict(layer.metadata),
    )


def _channels(layer: Image, data: Any) -> Channels:
    if not layer.rgb:
        return "mono"
    return "rgba" if data.shape[-1] == 4 else "rgb"


def request_for(source: Source, window: WindowChoice | None, **settings: Any) -> EnhanceRequest:
    """Return the request to enhance a source; no window means the layer's contrast limits."""
    if window is None:
        window = WindowChoice("range", *source.contrast_limits)
    return EnhanceRequest(image=source.data, channels=source.channels, window=window, **settings)


def add_result(viewer: napari.Viewer, source: Source, result: EnhanceResult) -> Image:
    """Add an enhanced image on top of its source, or of all layers if the source is gone."""
    layer = Image(_levels(result.image, source), **_result_properties(source, result))
    layers = viewer.layers
    position = layers.index(source.layer) + 1 if source.layer in layers else len(layers)
    selected, active = set(layers.selection), layers.selection.active
    layers.insert(position, layer)
    # The source stays active: who presses Enhance again, with another checkpoint, means it and not
    # the result.
    if active is not None:
        layers.selection = selected
        layers.selection.active = active
    return layer


def _result_properties(source: Source, result: EnhanceResult) -> dict[str, Any]:
    return {
        **source.properties,
        "name": f"{source.name} [{_weights_name(result.checkpoint)}]",
        "rgb": source.channels != "mono",
        "multiscale": len(source.level_shapes) > 1,
        "contrast_limits": display_range(source.contrast_limits, result.window),
        "metadata": {
            **source.metadata,
            METADATA_KEY: {"source": source.name, **result.provenance()},
        },
    }


def _weights_name(checkpoint: CheckpointInfo) -> str:
    """Return "Zero-DCE" for the bundled weights, and which weights it was for all others."""
    bundled = {entry.name: entry.title for entry in registry.BUNDLED}
    return bundled.get(checkpoint.name, checkpoint.name)


def display_range(limits: tuple[float, float], window: Window) -> tuple[float, float]:
    """Return the contrast limits of a result: its source's, so that both can be compared.

    Left alone, napari would stretch the result to its own data. But the source's limits do not suit
    where they cut the window, as when the user had narrowed them to see anything, or where the
    window is less than half of them, as when one hot pixel made napari choose them; then the window
    itself is shown.
    """
    low, high = float(window.low), float(window.high)
    shown = limits[0] <= low and high <= limits[1]
    return limits if shown and high - low >= (limits[1] - limits[0]) / 2 else (low, high)


def _levels(image: np.ndarray[Any, Any], source: Source) -> Any:
    """Return the image, or views of it for each level if the source is multiscale."""
    if len(source.level_shapes) == 1:
        return image
    finest = source.level_shapes[0]
    steps = [
        [round(a / b) for a, b in zip(finest, shape, strict=True)] for shape in source.level_shapes
    ]
    return [image[tuple(slice(None, None, step) for step in level)] for level in steps]
