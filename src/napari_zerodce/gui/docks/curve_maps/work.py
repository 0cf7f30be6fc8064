"""What the Curve maps dock's jobs do in their threads; torch is imported there and not before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.read import read_info
from napari_zerodce.engine.requests import EnhanceRequest, MapKind, Report, ShouldStop
from napari_zerodce.gui.shared.work import with_known_window
from napari_zerodce.imaging.planes import SelectedPlane

if TYPE_CHECKING:
    from napari_zerodce.gui.session.jobs import Work


def mapping(request: EnhanceRequest, index: tuple[int, ...], kind: MapKind, *, step: int) -> Work:
    """Return the work that gives a `MappedPlane`, of every few pixels of a plane of an image."""

    def work(report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.maps import fill_maps, in_memory

        known = with_known_window(request, should_stop)
        plane = replace(known, image=SelectedPlane(request.image, index))
        maps = fill_maps(plane, kind, in_memory, step=step, report=report, should_stop=should_stop)
        info = read_info(str(request.checkpoint), scale_factor=request.scale_factor)
        return MappedPlane(known, index, info, maps)

    return work


def mapping_lazily(
    request: EnhanceRequest, index: tuple[int, ...], kind: MapKind, *, step: int
) -> Work:
    """Return the work that gives a `MappedPlane` whose maps are those of all planes, lazily."""

    def work(_report: Report, should_stop: ShouldStop) -> Any:
        from napari_zerodce.engine.lazy import lazy_maps

        known = with_known_window(request, should_stop)
        info = read_info(str(request.checkpoint), scale_factor=request.scale_factor)
        return MappedPlane(known, (0,) * len(index), info, lazy_maps(known, kind, step=step))

    return work


@dataclass(frozen=True)
class MappedPlane:
    """Maps of one plane.

    Parameters
    ----------
    request : EnhanceRequest
        Of the whole image, with its window as two numbers.
    index : tuple of int
        The plane, or the first one if the maps are those of all planes.
    checkpoint : CheckpointInfo
    maps : ndarray, shape (8, C, rows, columns), float32
        Or a dask array of shape (8, ..., C, rows, columns).
    """

    request: EnhanceRequest
    index: tuple[int, ...]
    checkpoint: CheckpointInfo
    maps: Any
