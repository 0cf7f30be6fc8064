"""Maps of a whole stack as a dask array: each plane is computed when it is looked at."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any
from uuid import uuid4

import dask.array as da
import numpy as np

from napari_zerodce.engine.maps import fill_maps, in_memory, maps_shape
from napari_zerodce.engine.requests import MapKind
from napari_zerodce.engine.resolve import ResolvedRequest
from napari_zerodce.imaging.planes import SelectedPlane

Array = np.ndarray[Any, Any]

_one_at_a_time = threading.Lock()  # dask computes chunks side by side, and there is one device


def lazy_maps(resolved: ResolvedRequest, kind: MapKind, *, step: int = 1) -> Any:
    """Return the maps of all planes, none of which is computed yet.

    Parameters
    ----------
    resolved : ResolvedRequest
        One for all planes: they share its window and its network.
    kind : {"alphas", "steps", "gain", "noise-gain"}
    step : int
        Every how many rows and columns are kept.

    Returns
    -------
    dask array, shape (8, ..., C, rows, columns), float32
        A chunk holds all maps of a plane.
    """
    layout = resolved.layout
    one = maps_shape(replace(layout, shape=layout.shape[len(layout.leading) :]), step)
    leading = layout.leading

    def plane(numbers: Array) -> Array:
        index = tuple(int(i) for i in np.unravel_index(int(numbers[0]), leading))
        with _one_at_a_time:
            of_plane = resolved.on(SelectedPlane(resolved.image, index))
            maps: Array = fill_maps(of_plane, kind, in_memory, step=step)
        return maps[np.newaxis]

    # napari's cache goes by the name: old maps must survive neither a training nor a new image.
    maps = da.map_blocks(  # type: ignore[no-untyped-call]
        plane,
        da.arange(layout.count, chunks=1),
        dtype=np.float32,
        chunks=((1,) * layout.count, *((length,) for length in one)),
        new_axis=[1, 2, 3, 4],
        name=f"zerodce-maps-{uuid4().hex}",
        meta=np.empty((0,) * 5, np.float32),
    )
    return da.moveaxis(maps.reshape((*leading, *one)), len(leading), 0).astype(np.float32)
