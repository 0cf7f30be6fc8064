"""The layers that are made from a source layer: added above it, found, and shown comparably."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from napari.layers import Image, Layer

from napari_zerodce.checkpoints import registry
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.engine.look import Look
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.engine.requests import EnhanceResult
from napari_zerodce.gui.layers.channel_range import follow_channels
from napari_zerodce.gui.layers.geometry import geometry_of_part
from napari_zerodce.gui.layers.parts import describe_part
from napari_zerodce.gui.layers.provenance import Role, provenance_of, role_of
from napari_zerodce.gui.layers.source import Source, read_source
from napari_zerodce.imaging.intensity import Window
from napari_zerodce.imaging.scope import Scope
from napari_zerodce.imaging.windows import enclosing

if TYPE_CHECKING:
    import napari
    import numpy as np

    from napari_zerodce.engine.resolved import ResolvedRequest
    from napari_zerodce.gui.layers.lazy_array import LazyArray

PREPARING: Final = "preparing…"
"""Stands in the name of a lazy result layer, until its weights and its window are known."""

_inserting: WeakSet[napari.Viewer] = WeakSet()


@dataclass(frozen=True)
class ResultFacts:
    """What a result layer shows of the run that made it.

    Parameters
    ----------
    windows : tuple of Window
    checkpoint : CheckpointInfo
    look : Look
    scope : Scope, optional
        The enhanced part of the source; None if it is all.
    channel_axis : int, optional
    sharing : str
        What frames or channels share, in words; empty for nothing.
    made : Provenance
    """

    windows: tuple[Window, ...]
    checkpoint: CheckpointInfo
    look: Look
    scope: Scope | None
    channel_axis: int | None
    sharing: str
    made: Provenance

    @classmethod
    def of_result(cls, result: EnhanceResult) -> ResultFacts:
        """Return the facts of a finished result."""
        return cls(
            result.windows,
            result.checkpoint,
            result.look,
            result.scope,
            result.channel_axis,
            result.settings.describe_sharing(),
            result.provenance,
        )

    @classmethod
    def of_resolved(cls, resolved: ResolvedRequest) -> ResultFacts:
        """Return the facts of a result whose pixels are computed later."""
        scope = None if resolved.part == Scope.whole(resolved.layout) else resolved.part
        made = resolved.provenance(part="" if scope is None else str(scope))
        settings = resolved.settings
        return cls(
            resolved.windows,
            resolved.checkpoint,
            settings.look,
            scope,
            resolved.channel_axis,
            settings.describe_sharing(),
            made,
        )


def add_result(
    viewer: napari.Viewer,
    source: Source,
    result: EnhanceResult,
    levels: Sequence[np.ndarray[Any, Any]] = (),
) -> Image:
    """Add a result layer above its source layer, or above all layers if the source was deleted.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source
    result : EnhanceResult
    levels : sequence of ndarray
        The coarser levels of the result, as many as the source has.

    Returns
    -------
    napari.layers.Image
        The new layer.
    """
    facts = ResultFacts.of_result(result)
    data = [result.image, *levels] if levels else result.image
    properties = _properties(source, facts.scope) | _told_properties(source, facts)
    layer = Image(data, multiscale=bool(levels), **properties)
    insert_quietly(viewer, layer, above=topmost_of(viewer, source.layer, {"result"}))
    _follow_channels(viewer, layer, source, facts)
    return layer


def add_lazy_result(
    viewer: napari.Viewer, source: Source, levels: Sequence[LazyArray], scope: Scope | None
) -> Image:
    """Add a result layer of which nothing is known yet; `complete_result` tells it the rest.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source
    levels : sequence of LazyArray
        The finest first.
    scope : Scope, optional
        The part of the source, None if it is all.
    """
    many = len(levels) > 1
    properties = _properties(source, scope) | {
        "name": f"{source.name} [{PREPARING}]",
        "contrast_limits": source.contrast_limits,
        "metadata": {**source.metadata, **source.provenance("result").as_metadata()},
    }
    layer = Image(list(levels) if many else levels[0], multiscale=many, **properties)
    insert_quietly(viewer, layer, above=topmost_of(viewer, source.layer, {"result"}))
    return layer


def complete_result(
    viewer: napari.Viewer, layer: Image, source: Source, facts: ResultFacts
) -> None:
    """Give a lazy result layer its name, display range and provenance.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : napari.layers.Image
        In the viewer; what the user has changed of it stays.
    source : Source
    facts : ResultFacts
    """
    told = _told_properties(source, facts)
    layer.metadata = told["metadata"]
    if PREPARING in layer.name:
        layer.name = told["name"]
    if tuple(layer.contrast_limits) == source.contrast_limits:
        layer.contrast_limits = told["contrast_limits"]
        _follow_channels(viewer, layer, source, facts)


def _follow_channels(
    viewer: napari.Viewer, layer: Image, source: Source, facts: ResultFacts
) -> None:
    """Show each channel in a range of its own, if it has a window of its own."""
    axis = facts.channel_axis
    if axis is not None:
        entries = slice(None) if facts.scope is None else slice(*facts.scope.leading[axis])
        ranges = [display_range(source.contrast_limits, each) for each in facts.windows[entries]]
        follow_channels(viewer, layer, source.axes.order[axis], ranges)


def topmost_of(viewer: napari.Viewer, source: Layer, roles: Collection[Role]) -> Layer:
    """Return the topmost layer with one of the roles that was made from a source, else the source.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Layer
    roles : collection of Role
    """
    made = made_from(viewer, source, roles)
    return made[-1] if made else source


def made_from(viewer: napari.Viewer, source: Layer, roles: Collection[Role]) -> list[Layer]:
    """Return the layers with one of the roles that were made from a source, the topmost last.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Layer
    roles : collection of Role
    """
    identity = str(source.unique_id)
    known = ((layer, provenance_of(layer)) for layer in viewer.layers)
    return [
        layer for layer, made in known if made and made.role in roles and made.source_id == identity
    ]


def newest_result_of(viewer: napari.Viewer, source: Layer | None) -> Image | None:
    """Return the result layer of a source that is active, else the newest, None if there is none.

    If the source itself is a result layer, it counts as the oldest of its results.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Layer, optional
        None has no result.
    """
    if source is None:
        return None
    results = made_from(viewer, source, {"result"})
    if role_of(source) == "result":
        results.insert(0, source)
    active = viewer.layers.selection.active
    if active in results:
        return active
    return results[-1] if results else None


def data_of_source(viewer: napari.Viewer, result: Layer) -> Any:
    """Return the data from which a result was made, None if its source layer was deleted.

    Parameters
    ----------
    viewer : napari.Viewer
    result : Layer
    """
    source = source_layer_of(viewer, result)
    return None if source is None else read_source(source).data


def source_layer_of(viewer: napari.Viewer, layer: Layer) -> Layer | None:
    """Return the source layer of a layer of this plugin, None if it was deleted.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : Layer
    """
    made = provenance_of(layer)
    if made is None:
        return None
    found = (other for other in viewer.layers if str(other.unique_id) == made.source_id)
    return next(found, None)


def insert_quietly(viewer: napari.Viewer, layer: Layer, *, above: Layer) -> None:
    """Insert a layer above another one, or above all if that was deleted; keep selection and view.

    The source layer stays active: if the user presses Enhance again with another checkpoint, it is
    enhanced, and not the result. The camera stays, also if the layer has one more axis.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : Layer
    above : Layer
    """
    layers = viewer.layers
    position = layers.index(above) + 1 if above in layers else len(layers)
    selected, active = set(layers.selection), layers.selection.active
    _inserting.add(viewer)
    try:
        with camera_kept(viewer) if layers else nullcontext():
            layers.insert(position, layer)
        if selected:
            layers.selection = selected
        if active is not None:
            layers.selection.active = active
    finally:
        _inserting.discard(viewer)


def is_inserting(viewer: napari.Viewer) -> bool:
    """Return whether `insert_quietly` is at work: then the active layer changes, and back again.

    Parameters
    ----------
    viewer : napari.Viewer
    """
    return viewer in _inserting


@contextmanager
def camera_kept(viewer: napari.Viewer) -> Iterator[None]:
    """Keep the camera where it is: napari moves it when the number of axes changes.

    Parameters
    ----------
    viewer : napari.Viewer
    """
    camera = viewer.scene.camera
    kept = {name: getattr(camera, name) for name in ("center", "zoom", "angles")}
    yield
    for name, value in kept.items():
        if getattr(camera, name) != value:  # also for equal angles, napari loads scipy.spatial
            setattr(camera, name, value)


def _properties(source: Source, scope: Scope | None) -> dict[str, Any]:
    """Return what a result has of its source: appearance, and the place of the enhanced part."""
    place = {}
    if scope is not None:
        offset = source.axes.as_stored(scope.offset)
        place = geometry_of_part(source.properties, offset, 1)
    return {**source.properties, **place, "rgb": source.channels != "mono"}


def _told_properties(source: Source, facts: ResultFacts) -> dict[str, Any]:
    """Return what a result has of the run that made it."""
    return {
        "name": f"{source.name} [{_description(source, facts)}]",
        "contrast_limits": display_range(source.contrast_limits, enclosing(facts.windows)),
        "metadata": {
            **source.metadata,
            **source.provenance("result", made=facts.made).as_metadata(),
        },
    }


def _description(source: Source, facts: ResultFacts) -> str:
    part = describe_part(source, facts.scope)
    words = (weights_name(facts.checkpoint), facts.look.describe(), facts.sharing, part)
    return ", ".join(filter(None, words))


def weights_name(checkpoint: CheckpointInfo) -> str:
    """Return the title of bundled weights, such as "Zero-DCE", and the label of all others."""
    bundled = {entry.name: entry.title for entry in registry.BUNDLED}
    return bundled.get(checkpoint.name, checkpoint.label)


def display_range(limits: tuple[float, float], window: Window) -> tuple[float, float]:
    """Return the contrast limits of a result: those of its source, so that both can be compared.

    Without explicit limits, napari would stretch the result to its own data. The limits of the
    source are unsuitable in two cases, in which the limits are the intensity window: they cut the
    window, for example because the user narrowed them to see dark details, or they are more than
    twice as wide as the window, for example because one hot pixel determined them.

    Parameters
    ----------
    limits : tuple of float
        Contrast limits of the source layer.
    window : Window
        The intensity window of the run.

    Returns
    -------
    tuple of float
    """
    low, high = float(window.low), float(window.high)
    shown = limits[0] <= low and high <= limits[1]
    return limits if shown and high - low >= (limits[1] - limits[0]) / 2 else (low, high)
