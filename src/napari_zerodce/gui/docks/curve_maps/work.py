"""The work of the Curve maps dock's jobs; torch is imported in the worker threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_zerodce.engine.map_kinds import MapKind
from napari_zerodce.engine.requests import EnhanceRequest, Report
from napari_zerodce.gui.shared.work import with_known_choices
from napari_zerodce.imaging.planes import SelectedPlane
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.engine.resolve import ResolvedRequest
    from napari_zerodce.gui.session.jobs import Work


def mapping(
    request: EnhanceRequest | ResolvedRequest, index: tuple[int, ...], kind: MapKind, *, step: int
) -> Work:
    """Return the work that computes the maps of one plane; its result is a `MappedPlane`.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
        The request for the whole image.
    index : tuple of int
        Position of the plane in the leading axes.
    kind : {"alphas", "steps", "gain", "noise-gain"}
        What the maps show.
    step : int
        The maps keep every `step`-th row and column.
    """

    def work(report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.maps import fill_maps, in_memory

        resolved = _resolved(request, should_stop)
        plane = resolved.on(SelectedPlane(resolved.image, index))
        maps = fill_maps(plane, kind, in_memory, step=step, report=report, should_stop=should_stop)
        return MappedPlane(resolved, index, maps)

    return work


def mapping_lazily(
    request: EnhanceRequest, index: tuple[int, ...], kind: MapKind, *, step: int
) -> Work:
    """Return the work that gives lazy maps of all planes; its result is a `MappedPlane`.

    Parameters
    ----------
    request, index, kind, step
        As for `mapping`; only the length of the index is used.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.lazy_maps import lazy_maps

        resolved = _resolved(request, should_stop)
        return MappedPlane(resolved, (0,) * len(index), lazy_maps(resolved, kind, step=step))

    return work


def _resolved(
    request: EnhanceRequest | ResolvedRequest, should_stop: ShouldStop
) -> ResolvedRequest:
    from napari_zerodce.engine.maps import resolve_for_maps

    if isinstance(request, EnhanceRequest):
        request = with_known_choices(request, should_stop)
    return resolve_for_maps(request, should_stop=should_stop)


@dataclass(frozen=True)
class MappedPlane:
    """Maps of one plane.

    Parameters
    ----------
    resolved : ResolvedRequest
        The request for the whole image; it serves its other planes, too.
    index : tuple of int
        The plane, or the first plane if the maps are those of all planes.
    maps : ndarray, shape (8, C, rows, columns), float32
        Or a dask array of shape (8, ..., C, rows, columns).
    """

    resolved: ResolvedRequest
    index: tuple[int, ...]
    maps: Any
