"""The work of the Curve maps dock's jobs in their worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_zerodce.engine.requests import EnhanceRequest, Report
from napari_zerodce.gui.docks.curve_maps.images import MapChoice, MapImage, pictures
from napari_zerodce.gui.layers.lazy_array import BlockKey
from napari_zerodce.gui.layers.lazy_blocks import Block
from napari_zerodce.gui.shared.work import with_known_choices
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.engine.resolved import ResolvedRequest
    from napari_zerodce.gui.session.jobs import Work


def mapping(
    request: EnhanceRequest | ResolvedRequest,
    index: tuple[int, ...],
    choice: MapChoice,
    *,
    step: int,
    level: int = 0,
) -> Work:
    """Return the work that computes the maps of one plane; its result is a `MappedPlane`.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
        The request for the whole image; a resolved one is for the level already.
    index : tuple of int
        Position of the plane in the leading axes.
    choice : MapChoice
        Which maps, and how they become images.
    step : int
        The maps keep every `step`-th row and column of the level.
    level : int
        The number of the level of which they are made; 0 is the finest.
    """

    def work(report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.maps import fill_maps, in_memory

        resolved = _resolved(request, level, should_stop, report)
        maps = fill_maps(
            resolved.at(index),
            choice.kind,
            in_memory,
            step=step,
            report=report,
            should_stop=should_stop,
        )
        shared = resolved.checkpoint.curve_traits.shares_one_map
        return MappedPlane(resolved, index, pictures(maps, choice, shared=shared))

    return work


def mapping_block(resolved: ResolvedRequest, choice: MapChoice, step: int, key: BlockKey) -> Work:
    """Return the work that computes a plane of lazy layers; its result is a `Block`.

    Parameters
    ----------
    resolved, choice, step
        As for `mapping`.
    key : BlockKey
        Of a plane, which is one tile.
    """
    plane = mapping(resolved, key.plane, choice, step=step)
    return lambda report, should_stop: plane(report, should_stop).block


def _resolved(
    request: EnhanceRequest | ResolvedRequest, level: int, should_stop: ShouldStop, report: Report
) -> ResolvedRequest:
    from napari_zerodce.engine.maps import resolve_for_maps
    from napari_zerodce.engine.resolve import check_curves

    if not isinstance(request, EnhanceRequest):
        return request
    check_curves(request.settings)  # before the image is read
    known = with_known_choices(request, should_stop, report)
    resolved = resolve_for_maps(known, should_stop=should_stop)
    return resolved.for_level(request.levels[level]) if level else resolved


@dataclass(frozen=True)
class MappedPlane:
    """Maps of one plane.

    Parameters
    ----------
    resolved : ResolvedRequest
        The request for the whole level; it serves its other planes, too.
    index : tuple of int
        The plane.
    images : list of MapImage
        The image of the plane for each layer.
    """

    resolved: ResolvedRequest
    index: tuple[int, ...]
    images: list[MapImage]

    @property
    def placed_images(self) -> list[MapImage]:
        """The images with axes of length 1 for the position of the plane."""
        return [image.with_plane_axes(len(self.index)) for image in self.images]

    @property
    def block(self) -> Block:
        """The arrays of the images, for lazy layers."""
        return tuple(image.data for image in self.images)
