"""Add what a run has made, where its source is now, and say what users should know about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_zerodce.gui.layers.covered import hide_covered, mixed_with, why_mixed
from napari_zerodce.gui.layers.results import ResultFacts, add_result, complete_result
from napari_zerodce.gui.layers.source import Source, source_now

if TYPE_CHECKING:
    import napari
    from napari.layers import Image, Layer

    from napari_zerodce.engine.lazy import LazyEnhancement
    from napari_zerodce.gui.shared.work import Enhanced


@dataclass(frozen=True)
class AddedResult:
    """A result layer that was added.

    Parameters
    ----------
    layer : napari.layers.Image
    notes : tuple of str
        Sentences about it.
    """

    layer: Image
    notes: tuple[str, ...]


def add_enhanced(viewer: napari.Viewer, source: Source, made: Enhanced) -> AddedResult:
    """Add a result as a layer, and hide what would be mixed with it.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source
        As it was when the run started; the result gets the geometry that it has now.
    made : Enhanced
    """
    now = source_now(viewer, source)
    layer = add_result(viewer, now or source, made.result, made.levels)
    return _told(viewer, layer, source, made.result.channel_axis, made.result.about_missing)


def complete_lazy(
    viewer: napari.Viewer, source: Source, layer: Image, made: LazyEnhancement
) -> AddedResult:
    """Tell a lazy result layer how it is made, and hide what would be mixed with it.

    Parameters
    ----------
    viewer : napari.Viewer
    source : Source
        As it was when the run started.
    layer : napari.layers.Image
        In the viewer.
    made : LazyEnhancement
    """
    facts = ResultFacts.of_resolved(made.resolved)
    complete_result(viewer, layer, source, facts)
    return _told(viewer, layer, source, facts.channel_axis)


def _told(
    viewer: napari.Viewer,
    layer: Image,
    source: Source,
    channel_axis: int | None,
    about_missing: str = "",
) -> AddedResult:
    now = source_now(viewer, source)
    hidden = hide_covered(viewer, layer)
    notes = (
        about_missing,
        "" if now else _describe_change(viewer, source),
        _describe_range(layer, now or source, channel_axis),
        _describe_hidden(layer, hidden, mixed_with(viewer, layer)),
    )
    return AddedResult(layer, tuple(filter(None, notes)))


def _describe_change(viewer: napari.Viewer, source: Source) -> str:
    name = f"'{source.shown_name}'"
    if source.layer not in viewer.layers:
        return f"{name} was deleted during the run; the result lies where it was."
    return f"{name} got another image during the run; the result is that of the former image."


def _describe_range(layer: Image, source: Source, channel_axis: int | None) -> str:
    if channel_axis is not None:
        return "Each channel is shown in a range of its own, until you choose one."
    low, high = layer.contrast_limits
    if (low, high) == source.contrast_limits:
        return ""
    return f"Shown from {low:g} to {high:g}, unlike the source layer."


def _describe_hidden(layer: Image, hidden: list[Layer], mixed: list[Layer]) -> str:
    if not layer.visible:
        return "It is hidden while the live view is on."
    others = hidden or mixed
    if not others:
        return ""
    names = " and ".join(f"'{other.name}'" for other in others)
    are, them = ("is", "it") if len(others) == 1 else ("are", "them")
    why = why_mixed(layer)
    if hidden:
        return f"{names} {are} hidden, because {why} would mix {them} with the result."
    return f"Where it lies, {why} mixes it with {names}; hide {names} to see it alone."
