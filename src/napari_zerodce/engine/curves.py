"""The curves of one plane, tile by tile: tiles give exactly what the whole plane would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from napari_zerodce.core.networks import RECEPTIVE_RADIUS, enlarge_maps, thumbnail
from napari_zerodce.engine.estimator import Estimator, inference, repeated
from napari_zerodce.imaging.tiling import Tile, tile_plane

ReadBlock = Callable[[slice, slice], np.ndarray[Any, Any]]
"""Rows and columns in, that part of the plane out: shape (C, h, w), float32, values in [0, 1]."""

Visit = Callable[[], None]
"""Called after each tile; raises `Cancelled` to stop."""


class CurveSource(Protocol):
    """Gives the curves of any tile of a plane."""

    halo: int
    """Pixels around a tile that it has to see."""

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:
        """Return alphas of shape (1, 8, C, h, w) for the tile, given its outer block (1, C, H, W)."""
        ...


class LocalCurves:
    """Curves estimated at full resolution: each tile sees a halo of the receptive field's radius."""

    halo = RECEPTIVE_RADIUS

    def __init__(self, estimator: Estimator) -> None:
        self._estimator = estimator

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:
        """Estimate on the outer block and keep the tile."""
        maps = self._estimator.estimate(outer)
        return repeated(maps[..., tile.inner_rows, tile.inner_columns])


class ThumbnailCurves:
    """Curves estimated once on the plane's thumbnail (Zero-DCE++) and enlarged for each tile."""

    halo = 0

    def __init__(self, maps: Tensor, scale_factor: int) -> None:
        self._maps = maps
        self._scale_factor = scale_factor

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:
        """Enlarge the part of the thumbnail's maps that lies under the tile."""
        return repeated(
            enlarge_maps(
                self._maps[:, 0],
                self._scale_factor,
                rows=(tile.rows.start, tile.rows.stop),
                columns=(tile.columns.start, tile.columns.stop),
            ).unsqueeze(1)
        )


def curves_of_plane(
    estimator: Estimator, read: ReadBlock, shape: tuple[int, int], *, tile: int, visit: Visit
) -> CurveSource:
    """Return the source of curves for a plane of `shape` (H, W) pixels.

    For Zero-DCE++ at a scale factor above 1 this looks at the whole plane, in tiles; otherwise it
    does nothing yet.
    """
    if estimator.scale_factor == 1:
        return LocalCurves(estimator)
    small = _thumbnail_of_plane(estimator, read, shape, tile=tile, visit=visit)
    return ThumbnailCurves(_maps_of_thumbnail(estimator, small, tile=tile, visit=visit), estimator.scale_factor)


def _thumbnail_of_plane(
    estimator: Estimator, read: ReadBlock, shape: tuple[int, int], *, tile: int, visit: Visit
) -> Tensor:
    """Return the plane's thumbnail, shape (1, C, h, w), on the CPU.

    Each of its pixels depends on one block of the plane alone, so tiles of whole blocks suffice.
    """
    scale = estimator.scale_factor
    height, width = (max(1, side // scale) for side in shape)
    # One row and column of whole blocks at least, even where the plane is smaller than a block.
    rows, columns = (min(side, max(1, side // scale) * scale) for side in shape)
    small: Tensor | None = None
    for part in tile_plane(rows, columns, size=max(tile, scale), halo=0, multiple=scale):
        block = thumbnail(torch.from_numpy(read(part.rows, part.columns)).unsqueeze(0), scale)
        if small is None:
            small = block.new_empty((1, block.shape[1], height, width))
        top, left = part.rows.start // scale, part.columns.start // scale
        small[..., top : top + block.shape[2], left : left + block.shape[3]] = block
        visit()
    assert small is not None  # a plane has at least one pixel
    return small


def _maps_of_thumbnail(estimator: Estimator, small: Tensor, *, tile: int, visit: Visit) -> Tensor:
    """Return the maps of a thumbnail, shape (1, 1, C, h, w), on the estimator's device."""
    height, width = small.shape[-2:]
    maps: Tensor | None = None
    for part in tile_plane(height, width, size=tile, halo=RECEPTIVE_RADIUS):
        with inference():
            outer = small[..., part.outer_rows, part.outer_columns].to(estimator.device)
            inner = estimator.estimate(outer)[..., part.inner_rows, part.inner_columns]
            if maps is None:
                maps = inner.new_empty((*inner.shape[:-2], height, width))
            maps[..., part.rows, part.columns] = inner
        visit()
    assert maps is not None
    return maps
