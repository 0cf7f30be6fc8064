"""The only file that reads napari layers or creates them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from napari.layers import Image, Layer

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.engine.messages import EnhanceRequest, EnhanceResult
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.geometry import GEOMETRY
from napari_zerodce.imaging.intensity import Window, WindowChoice
from napari_zerodce.imaging.planes import Channels, PlaneLayout, layout_of

if TYPE_CHECKING:
    import napari
    import numpy as np

    from napari_zerodce.gui.session import Session

METADATA_KEY = "napari-zerodce"

Role = Literal["result", "live", "maps"]
"""What a layer of ours is: an enhanced layer, a view of what is on screen, or curve maps."""

# What the result shares with its source besides the geometry, so that both look comparable.
APPEARANCE = (
    "colormap", "gamma", "opacity", "blending", "interpolation2d", "interpolation3d", "depiction",
    "rendering", "projection_mode",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """All we need of a layer, read at once, so that it may change or vanish during a run."""

    layer: Layer
    name: str
    data: Any
    levels: tuple[Any, ...]
    channels: Channels
    level_shapes: tuple[tuple[int, ...], ...]
    contrast_limits: tuple[float, float]
    properties: dict[str, Any]
    metadata: dict[str, Any]
    path: str | None

    @property
    def layout(self) -> PlaneLayout:
        """Where its planes are; an ImageError says why it has none."""
        return layout_of(self.data, channels=self.channels)

    @property
    def factors(self) -> tuple[int, ...]:
        """How many times smaller each level is than the finest, rounded; (1,) without levels.

        0 for levels that have fewer planes: none of those is one of the finest level's.
        """
        rows = len(self.layout.leading)
        finest = self.level_shapes[0]
        return tuple(
            max(1, round(finest[rows] / shape[rows])) if shape[:rows] == finest[:rows] else 0
            for shape in self.level_shapes
        )

    def origin(self, role: Role) -> dict[str, Any]:
        """Return what a layer made from it remembers of it."""
        identity = str(self.layer.unique_id)
        return {
            "role": role,
            "source": self.name,
            "source_id": identity,
            "source_path": self.path,
        }

    @property
    def shown_name(self) -> str:
        """The name, cut where it is too long to be part of another."""
        return self.name if len(self.name) <= 60 else f"{self.name[:57]}..."


def role_of(layer: Layer) -> str | None:
    """Return what a layer of ours is: "result", "live" or "maps"; None if it is none of ours."""
    ours = layer.metadata.get(METADATA_KEY)
    return ours.get("role", "result") if isinstance(ours, dict) else None


def is_source(layer: Layer) -> bool:
    """Say whether a layer is an image of the user's, or a result, but no view or map of ours."""
    return isinstance(layer, Image) and role_of(layer) in {None, "result"}


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
        levels=tuple(levels),
        channels=_channels(layer, levels[0]),
        level_shapes=tuple(tuple(level.shape) for level in levels),
        contrast_limits=(float(layer.contrast_limits[0]), float(layer.contrast_limits[1])),
        properties={key: state[key] for key in (*GEOMETRY, *APPEARANCE) if key in state},
        metadata=dict(layer.metadata),
        path=layer.source.path,
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


def session_request(session: Session, source: Source, **changes: Any) -> EnhanceRequest:
    """Return the request for a source with all that the session has chosen, but for changes."""
    settings = session.settings
    chosen = {
        "checkpoint": session.checkpoint,
        "device": settings.device,
        "precision": settings.precision,
        "scale_factor": settings.scale_factor,
    }
    return request_for(source, settings.window, **(chosen | changes))


def add_result(viewer: napari.Viewer, source: Source, result: EnhanceResult) -> Image:
    """Add an enhanced image on top of its source, or of all layers if the source is gone."""
    layer = Image(_levels(result.image, source), **_result_properties(source, result))
    insert_quietly(viewer, layer, above=topmost_of(viewer, source.layer, {"result"}))
    return layer


def topmost_of(viewer: napari.Viewer, source: Layer, roles: Collection[Role]) -> Layer:
    """Return the topmost layer of some roles that was made from a source, else the source."""
    identity = str(source.unique_id)
    made = [
        layer
        for layer in viewer.layers
        if role_of(layer) in roles and layer.metadata[METADATA_KEY].get("source_id") == identity
    ]
    return made[-1] if made else source


def newest_result_of(viewer: napari.Viewer, source: Layer | None) -> Image | None:
    """Return the active layer if it is a result of a source, or the result itself; else the newest.

    None if there is no result of it.
    """
    if source is None:
        return None
    identity = str(source.unique_id)
    results = [
        layer
        for layer in viewer.layers
        if role_of(layer) == "result" and layer.metadata[METADATA_KEY].get("source_id") == identity
    ]
    if role_of(source) == "result":
        results.insert(0, source)
    active = viewer.layers.selection.active
    if active in results:
        return active
    return results[-1] if results else None


def data_of_source(viewer: napari.Viewer, result: Layer) -> Any:
    """Return the pixels a result was made from, None if its source is gone."""
    identity = result.metadata[METADATA_KEY].get("source_id")
    source = next((layer for layer in viewer.layers if str(layer.unique_id) == identity), None)
    return None if source is None else read_source(source).data


def insert_quietly(viewer: napari.Viewer, layer: Layer, *, above: Layer) -> None:
    """Insert a layer above another one, or above all if that is gone; what is selected stays so.

    The source stays active: who presses Enhance again, with another checkpoint, means it and not
    the result.
    """
    layers = viewer.layers
    position = layers.index(above) + 1 if above in layers else len(layers)
    selected, active = set(layers.selection), layers.selection.active
    layers.insert(position, layer)
    if active is not None:
        layers.selection = selected
        layers.selection.active = active


def _result_properties(source: Source, result: EnhanceResult) -> dict[str, Any]:
    return {
        **source.properties,
        "name": f"{source.name} [{_description(result)}]",
        "rgb": source.channels != "mono",
        "multiscale": len(source.level_shapes) > 1,
        "contrast_limits": display_range(source.contrast_limits, result.window),
        "metadata": {
            **source.metadata,
            METADATA_KEY: {
                **source.origin("result"),
                **result.provenance(),
            },
        },
    }


def _description(result: EnhanceResult) -> str:
    look = result.look.describe()
    weights = weights_name(result.checkpoint)
    return f"{weights}, {look}" if look else weights


def weights_name(checkpoint: CheckpointInfo) -> str:
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
