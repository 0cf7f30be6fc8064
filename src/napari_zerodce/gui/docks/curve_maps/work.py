"""What the Curve maps dock's jobs do in their threads; torch is imported there and not before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_zerodce.engine.requests import EnhanceRequest, MapKind, Report
from napari_zerodce.gui.shared.work import with_known_window
from napari_zerodce.imaging.planes import SelectedPlane
from napari_zerodce.stopping import ShouldStop

if TYPE_CHECKING:
    from napari_zerodce.engine.resolve import ResolvedRequest
    from napari_zerodce.gui.session.jobs import Work


def mapping(
    request: EnhanceRequest | ResolvedRequest, index: tuple[int, ...], kind: MapKind, *, step: int
) -> Work:
    """Return the work that gives a `MappedPlane`, of every few pixels of a plane of an image.

    Parameters
    ----------
    request : EnhanceRequest or ResolvedRequest
        Of the whole image.
    index : tuple of int
        The plane.
    kind : {"alphas", "steps", "gain", "noise-gain"}
    step : int
        Every how many rows and columns are kept.
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
    """Return the work that gives a `MappedPlane` whose maps are those of all planes, lazily.

    Parameters
    ----------
    request, index, kind, step
        As for `mapping`; of the index only its length counts.
    """

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.lazy import lazy_maps

        resolved = _resolved(request, should_stop)
        return MappedPlane(resolved, (0,) * len(index), lazy_maps(resolved, kind, step=step))

    return work


def _resolved(
    request: EnhanceRequest | ResolvedRequest, should_stop: ShouldStop
) -> ResolvedRequest:
    from napari_zerodce.engine.maps import resolve_for_maps

    if isinstance(request, EnhanceRequest):
        request = with_known_window(request, should_stop)
    return resolve_for_maps(request, should_stop=should_stop)


@dataclass(frozen=True)
class MappedPlane:
    """Maps of one plane.

    Parameters
    ----------
    resolved : ResolvedRequest
        Of the whole image; other planes of it can be mapped with the same choices.
    index : tuple of int
        The plane, or the first one if the maps are those of all planes.
    maps : ndarray, shape (8, C, rows, columns), float32
        Or a dask array of shape (8, ..., C, rows, columns).
    """

    resolved: ResolvedRequest
    index: tuple[int, ...]
    maps: Any
