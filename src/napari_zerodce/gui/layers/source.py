"""An image layer as the source of a run: everything that the run needs of it, read at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Layer

from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import RequestError
from napari_zerodce.gui.layers.geometry import GEOMETRY
from napari_zerodce.gui.layers.lazy_array import lazy_arrays_of
from napari_zerodce.gui.layers.provenance import LayerProvenance, Role, role_of
from napari_zerodce.imaging.axes import Axes
from napari_zerodce.imaging.permuted import planes_last
from napari_zerodce.imaging.planes import Channels, PlaneLayout, layout_of
from napari_zerodce.imaging.scope import Scope

if TYPE_CHECKING:
    import napari

# Properties that a result layer shares with its source layer, besides the geometry.
APPEARANCE = (
    "colormap", "gamma", "opacity", "blending", "interpolation2d", "interpolation3d", "depiction",
    "rendering", "projection_mode",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """Everything that a run needs of a layer, read at once: the layer may change during the run."""

    layer: Layer
    name: str
    data: Any
    axes: Axes
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
        """The layout of `planes`; raises an ImageError if the data are not a valid image."""
        return layout_of(self.planes, channels=self.channels)

    @property
    def planes(self) -> Any:
        """The data, which are not read, with rows and columns as the last axes before colours."""
        return planes_last(self.data, self.other_axes)

    @property
    def other_axes(self) -> str:
        """The letters of the axes if rows and columns are not the last ones, else empty."""
        return "" if self.axes.are_planes_last else self.axes.letters

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
        """The axis of channels before rows and columns of `planes`, None if there is none."""
        return self._if_long(self.axes.channels)

    @property
    def time_axis(self) -> int | None:
        """The axis of time before rows and columns of `planes`, None if there is none."""
        return self._if_long(self.axes.time)

    def _if_long(self, place: int | None) -> int | None:
        # Not by the layout, which data that are not a valid image do not have.
        is_long = place is not None and self.axes.planes_last(self.data.shape)[place] > 1
        return place if is_long else None

    def check_planes_last(self) -> None:
        """Raise a RequestError if rows and columns are not the last axes of the layer."""
        if not self.axes.are_planes_last:
            raise RequestError(
                f"'{self.shown_name}' has the axes {self.axes.letters}, but views and maps need Y "
                "and X as the last ones; enhance it in the Enhance dock, or correct its axes there."
            )

    def provenance(self, role: Role, **facts: Any) -> LayerProvenance:
        """Return the provenance of a layer that is made from this source.

        Parameters
        ----------
        role : {"result", "live", "maps", "compared"}
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
    """Return whether a layer can be a source: an image layer whose pixels are all there.

    Live views, map layers, pictures of a comparison and results that are computed where the user
    looks are no sources.
    """
    is_result = isinstance(layer, Image) and role_of(layer) in {None, "result"}
    return is_result and not lazy_arrays_of(layer)


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
        If there is no layer, or the layer is not an image layer, or it is a lazy one of this
        plugin.
    """
    if layer is None:
        raise RequestError("There is no image layer to enhance; open an image or select one.")
    if not isinstance(layer, Image):
        raise RequestError(
            f"'{layer.name}' is a {type(layer).__name__} layer; select an image layer to enhance."
        )
    if lazy_arrays_of(layer):
        raise RequestError(
            f"'{layer.name}' is computed where you look; choose the layer that it was made from, "
            "or enhance that layer whole, in memory."
        )
    # np.asarray of a multiscale layer's data would give its coarsest level.
    levels = fitting_levels(list(layer.data)) if layer.multiscale else [layer.data]
    state = layer.as_layer_data_tuple()[1]
    return Source(
        layer=layer,
        name=layer.name,
        data=levels[0],
        axes=axes_of(layer),
        levels=tuple(levels),
        channels=_channels(layer, levels[0]),
        level_shapes=tuple(tuple(level.shape) for level in levels),
        contrast_limits=(float(layer.contrast_limits[0]), float(layer.contrast_limits[1])),
        properties={key: state[key] for key in (*GEOMETRY, *APPEARANCE) if key in state},
        metadata=dict(layer.metadata),
        path=_absolute(layer.source.path),
        reader=layer.source.reader_plugin,
    )


def fitting_levels(levels: Sequence[Any]) -> list[Any]:
    """Return the finest level and those that are coarser versions of it; others do not count.

    Parameters
    ----------
    levels : sequence of array-like
        The finest first.
    """
    finest = levels[0]
    return [
        level
        for level in levels
        if len(level.shape) == len(finest.shape)
        and level.dtype == finest.dtype
        and 0 not in level.shape
        and all(coarse <= fine for coarse, fine in zip(level.shape, finest.shape, strict=True))
    ] or [finest]


def axes_of(layer: Image) -> Axes:
    """Return the axes of a layer as its labels and units tell them.

    Parameters
    ----------
    layer : napari.layers.Image
    """
    return Axes.of_labels(layer.axis_labels, [str(unit) for unit in layer.units])


def correct_axes(layer: Image, axes: Axes) -> None:
    """Give a layer labels that tell its axes; napari's sliders show them, and files keep them.

    Parameters
    ----------
    layer : napari.layers.Image
    axes : Axes
    """
    units = [str(unit) for unit in layer.units]
    layer.axis_labels = tuple(
        axes.label_for(place, label, units[place]) for place, label in enumerate(layer.axis_labels)
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
    same = same and now.axes.order == source.axes.order
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
    """Return the request for a source.

    A window "contrast" becomes the layer's two limits, and settings for axes that the layer does
    not have become the usual ones.

    Parameters
    ----------
    source : Source
    settings : EnhanceSettings
    scope : Scope, optional
        The part to enhance, by default all.
    """
    window = settings.window.of_layer(source.contrast_limits)
    channels, time = source.channel_axis, source.time_axis
    settings = settings.for_axes(time=time is not None, channels=channels is not None)
    settings = replace(settings, window=window)
    return EnhanceRequest(
        source.data,
        source.channels,
        settings,
        scope,
        channels,
        time,
        source.other_axes,
        skip_unreadable=True,
        coarser=source.levels[1:],
    )
