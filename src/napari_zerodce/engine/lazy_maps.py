"""Maps of a whole stack as a dask array, which computes a plane when it is read."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any
from uuid import uuid4

import dask.array as da
import numpy as np

from napari_zerodce.engine.map_kinds import MapKind
from napari_zerodce.engine.maps import fill_maps, in_memory, maps_shape
from napari_zerodce.engine.resolve import ResolvedRequest
from napari_zerodce.imaging.planes import SelectedPlane

Array = np.ndarray[Any, Any]

_one_at_a_time = threading.Lock()  # dask computes chunks in parallel, but there is one device


def lazy_maps(resolved: ResolvedRequest, kind: MapKind, *, step: int = 1) -> Any:
    """Return the maps of all planes without computing them.

    Parameters
    ----------
    resolved : ResolvedRequest
        All planes share its window and its network.
    kind : {"alphas", "steps", "gain", "noise-gain"}
    step : int
        Every `step`-th row and column is kept.

    Returns
    -------
    dask array, shape (8, ..., C, rows, columns), float32
        Each chunk holds all maps of one plane.
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

    # napari caches chunks by this name, so new weights or a new image need a new one.
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
