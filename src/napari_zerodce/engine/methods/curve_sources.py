"""The curves of one plane, tile by tile: tiles give exactly what the whole plane would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from napari_zerodce.core.networks import ITERATIONS, RECEPTIVE_RADIUS, enlarge_maps
from napari_zerodce.engine.estimators.torch_estimator import Estimator
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import GLANCE, TILE
from napari_zerodce.imaging.tiling import Tile, tile_plane

Visit = Callable[[int], None]
"""Called with the work done; raises `Cancelled` to stop."""


class CurveSource(Protocol):
    """Gives the curves of any tile of a plane."""

    halo: int
    """Pixels around a tile that it has to see."""

    work: int
    """What `prepare` has to do, in units of progress."""

    def prepare(self, visit: Visit) -> None:
        """Do what has to be done once for the plane, before the first tile."""
        ...

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:
        """Return alphas, shape (1, 8, C, h, w), of a tile with its outer block (1, C, H, W)."""
        ...


def curves_of_plane(estimator: Estimator, plane: Plane, *, tile: int) -> CurveSource:
    """Return the source of curves for a plane that will be cut into tiles of a size."""
    if estimator.scale_factor == 1:
        return LocalCurves(estimator)
    return ThumbnailCurves(estimator, plane, tile=tile)


class LocalCurves:
    """Curves estimated at full resolution, where a tile sees as far as the network does."""

    halo = RECEPTIVE_RADIUS
    work = 0

    def __init__(self, estimator: Estimator) -> None:
        self._estimator = estimator

    def prepare(self, visit: Visit) -> None:
        """Do nothing."""

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:
        """Estimate on the outer block and keep the tile."""
        alphas = self._estimator.estimate(outer)[..., tile.inner_rows, tile.inner_columns]
        return _repeated(alphas)


class ThumbnailCurves:
    """Curves estimated once on the plane's thumbnail (Zero-DCE++) and enlarged for each tile."""

    halo = 0

    def __init__(self, estimator: Estimator, plane: Plane, *, tile: int) -> None:
        self._estimator = estimator
        self._plane = plane
        scale = estimator.scale_factor
        self._size = [max(1, side // scale) for side in plane.shape]
        # Each pixel of the thumbnail depends on one block alone: parts of whole blocks suffice.
        # A plane smaller than a block is one part.
        blocks = [
            min(side, size * scale) for side, size in zip(plane.shape, self._size, strict=True)
        ]
        # So little of a part is looked at that parts may be larger than tiles.
        self._parts = tile_plane(*blocks, size=max(4 * tile, scale), halo=0, multiple=scale)
        self._tiles = tile_plane(*self._size, size=tile, halo=RECEPTIVE_RADIUS)
        self.work = GLANCE * len(self._parts) + TILE * len(self._tiles)
        self._maps = torch.empty(0)

    def prepare(self, visit: Visit) -> None:
        """Look at the whole plane and estimate its maps."""
        small = self._thumbnail(visit)
        self._maps = torch.empty_like(small)
        for tile in self._tiles:
            outer = small[..., tile.outer_rows, tile.outer_columns]
            maps = self._estimator.estimate(outer)[:, 0]
            self._maps[..., tile.rows, tile.columns] = maps[
                ..., tile.inner_rows, tile.inner_columns
            ]
            visit(TILE)

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:  # noqa: ARG002  (the maps have seen it)
        """Enlarge the part of the maps that lies under the tile."""
        rows, columns = ((part.start, part.stop) for part in (tile.rows, tile.columns))
        scale = self._estimator.scale_factor
        return _repeated(enlarge_maps(self._maps, scale, rows=rows, columns=columns)[:, None])

    def _thumbnail(self, visit: Visit) -> Tensor:
        """Return the plane's thumbnail, shape (1, C, h, w), on the device."""
        scale = self._estimator.scale_factor
        small: Tensor | None = None
        for part in self._parts:
            block = self._estimator.upload(self._plane.thumbnail(part.rows, part.columns, scale))
            if small is None:
                small = block.new_empty((*block.shape[:2], *self._size))
            top, left = part.rows.start // scale, part.columns.start // scale
            small[..., top : top + block.shape[2], left : left + block.shape[3]] = block
            visit(GLANCE)
        assert small is not None  # a plane has at least one pixel
        return small


class GlobalCurve:
    """One curve for all pixels, known beforehand."""

    halo = 0
    work = 0

    def __init__(self, values: tuple[float, ...]) -> None:
        self._values = values

    def prepare(self, visit: Visit) -> None:
        """Do nothing."""

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:  # noqa: ARG002  (the same everywhere)
        """Return the curve, shape (1, 8, 1, 1, 1)."""
        return outer.new_tensor(self._values).reshape(1, -1, 1, 1, 1)


def _repeated(alphas: Tensor) -> Tensor:
    """Return alphas of shape (N, 8, C, H, W); one map that serves all iterations is not copied."""
    return alphas.expand(-1, ITERATIONS, -1, -1, -1)
