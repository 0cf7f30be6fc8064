"""An image layer as the source of a run: everything that the run needs of it, read at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Layer

from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.geometry import GEOMETRY
from napari_zerodce.gui.layers.provenance import LayerProvenance, Role, role_of
from napari_zerodce.imaging.planes import Channels, PlaneLayout, layout_of
from napari_zerodce.imaging.scope import Scope

if TYPE_CHECKING:
    import napari

# Properties that a result layer shares with its source layer, besides the geometry.
APPEARANCE = (
    "colormap", "gamma", "opacity", "blending", "interpolation2d", "interpolation3d", "depiction",
    "rendering", "projection_mode",
)  # fmt: skip


_CHANNEL_LABELS = frozenset({"c", "ch", "channel", "channels"})


@dataclass(frozen=True)
class Source:
    """Everything that a run needs of a layer, read at once: the layer may change during the run."""

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
    reader: str | None

    @property
    def layout(self) -> PlaneLayout:
        """The layout of the planes; raises an ImageError if the data are not a valid image."""
        return layout_of(self.data, channels=self.channels)

    @property
    def factors(self) -> tuple[int, ...]:
        """How many times smaller than the finest each level is, rounded; (1,) if not multiscale.

        0 for a level with fewer planes: its planes do not correspond to planes of the finest level.
        """
        rows = len(self.layout.leading)
        finest = self.level_shapes[0]
        return tuple(
            max(1, round(finest[rows] / shape[rows])) if shape[:rows] == finest[:rows] else 0
            for shape in self.level_shapes
        )

    @property
    def channel_axis(self) -> int | None:
        """The leading axis that is labelled as that of channels, None if there is none."""
        # Not by the layout, which data that are not a valid image do not have.
        count = len(self.data.shape) - (2 if self.channels == "mono" else 3)
        leading = self.properties["axis_labels"][:count]
        names = (str(label).lower() for label in leading)
        places = (place for place, name in enumerate(names) if name in _CHANNEL_LABELS)
        return next((place for place in places if self.data.shape[place] > 1), None)

    def provenance(self, role: Role, **facts: Any) -> LayerProvenance:
        """Return the provenance of a layer that is made from this source.

        Parameters
        ----------
        role : {"result", "live", "maps"}
        **facts
            Other fields of `LayerProvenance`.
        """
        identity = str(self.layer.unique_id)
        return LayerProvenance(role, self.name, identity, self.path, self.reader, **facts)

    @property
    def shown_name(self) -> str:
        """The name, shortened to 60 characters for messages."""
        return self.name if len(self.name) <= 60 else f"{self.name[:57]}..."


def is_source(layer: Layer) -> bool:
    """Return whether a layer can be a source: an image layer, but no live view and no map layer."""
    return isinstance(layer, Image) and role_of(layer) in {None, "result"}


def selected_sources(viewer: napari.Viewer) -> tuple[Image, ...]:
    """Return the selected layers that can be sources, in the order of the viewer's list."""
    selection = viewer.layers.selection
    return tuple(layer for layer in viewer.layers if layer in selection and is_source(layer))


def active_image_layer(viewer: napari.Viewer) -> Image | None:
    """Return the active layer if it is an image layer, else None."""
    layer = viewer.layers.selection.active
    return layer if isinstance(layer, Image) else None


def read_source(layer: Layer | None) -> Source:
    """Read everything a run needs from an image layer.

    Raises
    ------
    RequestError
        If there is no layer, or the layer is not an image layer.
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
        path=_absolute(layer.source.path),
        reader=layer.source.reader_plugin,
    )


def source_now(viewer: napari.Viewer, source: Source) -> Source | None:
    """Return a source as its layer is now, for example with another scale.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source

    Returns
    -------
    Source or None
        None if the layer was deleted, or holds another image.
    """
    if source.layer not in viewer.layers:
        return None
    now = read_source(source.layer)
    same = now.data is source.data and now.level_shapes == source.level_shapes
    return now if same and now.channels == source.channels else None


def _absolute(path: str | None) -> str | None:
    """Return a path that is valid in any folder; napari keeps it as it was typed, also a URL."""
    return str(Path(path).absolute()) if path and Path(path).exists() else path


def _channels(layer: Image, data: Any) -> Channels:
    if not layer.rgb:
        return "mono"
    return "rgba" if data.shape[-1] == 4 else "rgb"


def request_for(
    source: Source, settings: EnhanceSettings, scope: Scope | None = None
) -> EnhanceRequest:
    """Return the request for a source; a window "contrast" becomes the layer's two limits.

    Parameters
    ----------
    source : Source
    settings : EnhanceSettings
    scope : Scope, optional
        The part to enhance, by default all.
    """
    window = settings.window.of_layer(source.contrast_limits)
    settings = replace(settings, window=window)
    return EnhanceRequest(
        source.data, source.channels, settings, scope, source.channel_axis, source.levels[1:]
    )
