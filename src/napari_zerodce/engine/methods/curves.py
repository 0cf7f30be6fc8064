"""The method that estimates curves: a tile gets exactly the curves of the whole plane."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.core.networks import (
    RECEPTIVE_RADIUS,
    enlarge_maps,
    mapped_pixels,
)
from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.estimators.estimator import CurveEstimator
from napari_zerodce.engine.methods.shared_curves import SharedCurves
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import GLANCE, TILE, PlaneMeter
from napari_zerodce.imaging.tiling import Region, Tile, grown, tile_region, within

Array = np.ndarray[Any, Any]
Made = TypeVar("Made")


class CurveSource(Protocol):
    """A source of the curves of any tile of a plane."""

    halo: int
    work: int

    def prepare(self, crew: Crew) -> None:
        """Do the work that the plane needs once, before the first tile."""
        ...

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:
        """Return the curve parameters of a tile.

        Parameters
        ----------
        tile : Tile
        outer : Tensor, shape (1, C, H, W), values in [0, 1]
            The tile and its halo.

        Returns
        -------
        Tensor, shape (1, 8, C, h, w) or (1, 8, 1, 1, 1), values in [-1, 1]
        """
        ...


class CurveTile:
    """A tile of a plane whose curves are estimated at their first use.

    Parameters
    ----------
    tile : Tile
    block : ndarray, shape (C, H, W)
        The samples of the tile and its halo, as they are.
    plane : Plane
    estimator : CurveEstimator
    source : CurveSource
    """

    def __init__(
        self,
        tile: Tile,
        block: Array,
        *,
        plane: Plane,
        estimator: CurveEstimator,
        source: CurveSource,
    ) -> None:
        self.tile = tile
        self.inner = (tile.inner_rows, tile.inner_columns)
        self.samples: Array = block[(..., *self.inner)]
        self._block, self.plane = block, plane
        self._estimator, self._source = estimator, source
        # Not by functools.cached_property: before Python 3.12 it has one lock for all tiles, so
        # that only one thread at a time would run the network.
        self._outer: Tensor | None = None
        self._alphas: Tensor | None = None

    @property
    def steady(self) -> Array:
        """The samples with the exposure that is steady along time."""
        return self.plane.correction.apply(self.samples)

    @property
    def outer(self) -> Tensor:
        """Tile and halo on the device, shape (1, C, H, W), float32, values in [0, 1]."""
        if self._outer is None:
            self._outer = self._estimator.upload(self.plane.normalised(self._block))
        return self._outer

    @property
    def unit(self) -> Tensor:
        """The tile on the device, shape (1, C, h, w), float32, values in [0, 1]."""
        # Contiguous, like the alphas: curves on interleaved pixels take ten times longer.
        return self.outer[(..., *self.inner)].contiguous()

    @property
    def alphas(self) -> Tensor:
        """The curve parameters, shape (1, 8, C, h, w) or (1, 8, 1, 1, 1), values in [-1, 1]."""
        if self._alphas is None:
            self._alphas = self._source.alphas(self.tile, self.outer)
        return self._alphas


@dataclass(frozen=True)
class CurveMethod(Generic[Made]):
    """The method that estimates the curves of each tile and makes a result of them.

    Parameters
    ----------
    estimator : CurveEstimator
    finish : callable
        Turns a `CurveTile` into the result of the tile.
    halo : int
        Pixels around a tile that `finish` needs.
    scale_factor : int, optional
        Replaces that of the estimator.
    global_curve : tuple of float
        A_1 .. A_8 for all pixels; empty if each pixel has its own curves.
    """

    estimator: CurveEstimator
    finish: Callable[[CurveTile], Made]
    halo: int = 0
    scale_factor: int | None = None
    global_curve: tuple[float, ...] = ()

    def on_plane(
        self, plane: Plane, *, tile_size: int, region: Region, meter: PlaneMeter
    ) -> CurvesOfPlane[Made]:
        """Return the method for one plane.

        Parameters
        ----------
        plane : Plane
        tile_size : int
            Side of the tiles in pixels.
        region : tuple of slice
            Rows and columns of the plane that are processed.
        meter : PlaneMeter
        """
        return CurvesOfPlane(self, plane, self._source(plane, tile_size, region, meter))

    def _source(
        self, plane: Plane, tile_size: int, region: Region, meter: PlaneMeter
    ) -> CurveSource:
        if self.global_curve:
            return GlobalCurve(self.global_curve)
        if plane.shared_maps is not None:
            return SharedCurves(plane.shared_maps, plane.shape, tile_size, meter)
        scale_factor = self.scale_factor or self.estimator.scale_factor
        if scale_factor == 1:
            return LocalCurves(self.estimator, meter)
        return ThumbnailCurves(
            self.estimator,
            plane,
            scale_factor=scale_factor,
            tile_size=tile_size,
            region=region,
            meter=meter,
        )


class CurvesOfPlane(Generic[Made]):
    """A `CurveMethod` for one plane.

    Parameters
    ----------
    method : CurveMethod
    plane : Plane
    source : CurveSource
    """

    def __init__(self, method: CurveMethod[Made], plane: Plane, source: CurveSource) -> None:
        self._method, self._plane, self._source = method, plane, source
        self.halo = max(source.halo, method.halo)
        self.work = source.work

    def prepare(self, crew: Crew) -> None:
        """Estimate what the curves of all tiles share."""
        self._source.prepare(crew)

    def apply(self, tile: Tile, block: Array) -> Made:
        """Return the result of a tile.

        Parameters
        ----------
        tile : Tile
        block : ndarray, shape (C, H, W)
            The samples of the tile and its halo, as they are.
        """
        return self._method.finish(
            CurveTile(
                tile,
                block,
                plane=self._plane,
                estimator=self._method.estimator,
                source=self._source,
            )
        )


class LocalCurves:
    """Curves estimated at full resolution: the halo of a tile is that of the network.

    Parameters
    ----------
    estimator : CurveEstimator
    meter : PlaneMeter
        It says whether to stop.
    """

    halo = RECEPTIVE_RADIUS
    work = 0

    def __init__(self, estimator: CurveEstimator, meter: PlaneMeter) -> None:
        self._estimator, self._meter = estimator, meter

    def prepare(self, crew: Crew) -> None:
        """Do nothing."""

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:
        """Estimate the curves of the tile and its halo, and return those of the tile.

        Parameters
        ----------
        tile : Tile
        outer : Tensor, shape (1, C, H, W), values in [0, 1]
        """
        maps = self._estimator.estimate(outer, check=self._meter.check)
        return _repeated(maps[..., tile.inner_rows, tile.inner_columns])


class ThumbnailCurves:
    """Curves estimated once on the plane's thumbnail (Zero-DCE++) and enlarged for each tile.

    Of the thumbnail, only what the region needs is made.

    Parameters
    ----------
    estimator : CurveEstimator
    plane : Plane
    scale_factor : int
        How many times smaller the thumbnail is.
    tile_size : int
        Side of the tiles in pixels.
    region : tuple of slice
        Rows and columns of the plane.
    meter : PlaneMeter
    """

    halo = 0

    def __init__(
        self,
        estimator: CurveEstimator,
        plane: Plane,
        *,
        scale_factor: int,
        tile_size: int,
        region: Region,
        meter: PlaneMeter,
    ) -> None:
        self._estimator, self._plane, self._meter = estimator, plane, meter
        self._scale = scale = scale_factor
        height, width = (max(1, side // scale) for side in plane.shape)
        self._size = (height, width)
        rows, columns = region
        self._part = mapped_pixels(rows, height, scale), mapped_pixels(columns, width, scale)
        self._seen = seen_by_maps(region, plane.shape, scale)
        # Each pixel of the thumbnail depends on one block only, so parts of whole blocks suffice.
        # A plane smaller than a block is one part.
        blocks = blocks_of(self._seen, plane.shape, scale)
        # A thumbnail uses few pixels of a part, so parts may be larger than tiles.
        self._parts = tile_region(
            *blocks, plane.shape, size=max(4 * tile_size, scale), halo=0, multiple=scale
        )
        # The network needs far more memory for a pixel than the curves.
        side = max(1, tile_size // 3)
        self._tiles = tile_region(*self._part, self._size, size=side, halo=RECEPTIVE_RADIUS)
        self.work = GLANCE * len(self._parts) + TILE * len(self._tiles)
        self._maps = torch.empty(0)

    def prepare(self, crew: Crew) -> None:
        """Make the thumbnail of the plane and estimate its maps."""
        small = self._thumbnail(crew)
        self._maps = torch.empty(0)
        making = threading.Lock()

        def estimate(tile: Tile) -> None:
            with torch.inference_mode():
                outer = small[(..., *_inside(self._seen, tile.outer_rows, tile.outer_columns))]
                maps = self._estimator.estimate(outer, check=self._meter.check)
                with making:
                    if not self._maps.numel():
                        size = (side.stop - side.start for side in self._part)
                        self._maps = maps.new_empty((*maps.shape[:3], *size))
                inner = maps[..., tile.inner_rows, tile.inner_columns]
                self._maps[(..., *_inside(self._part, tile.rows, tile.columns))] = inner
            self._meter.visit(TILE)

        crew.each(estimate, self._tiles)

    @property
    def maps(self) -> Tensor:
        """The maps of the part of the thumbnail that the region needs, after `prepare`."""
        return self._maps

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:  # noqa: ARG002  (the maps are known)
        """Enlarge the part of the maps that lies under the tile.

        Parameters
        ----------
        tile : Tile
        outer : Tensor
            Not used.
        """
        rows, columns = ((part.start, part.stop) for part in (tile.rows, tile.columns))
        maps = enlarge_maps(
            self._maps.flatten(1, 2),
            self._scale,
            rows=rows,
            columns=columns,
            part=self._part,
            size=self._size,
        )
        return _repeated(maps.reshape(*self._maps.shape[:3], *maps.shape[-2:]))

    def _thumbnail(self, crew: Crew) -> Tensor:
        """Return the part of the thumbnail that is needed, shape (1, C, h, w), on the device."""
        size = (side.stop - side.start for side in self._seen)
        small = np.empty((self._plane.colours, *size), np.float32)
        top, left = (side.start for side in self._seen)

        def shrink(part: Tile) -> None:
            block = self._plane.thumbnail(part.rows, part.columns, self._scale)
            row, column = part.rows.start // self._scale, part.columns.start // self._scale
            place = slice(row - top, row - top + block.shape[1])
            small[:, place, column - left : column - left + block.shape[2]] = block
            self._meter.visit(GLANCE)

        crew.each(shrink, self._parts)
        return self._estimator.upload(small)


def seen_by_maps(region: Region, shape: tuple[int, int], scale_factor: int) -> Region:
    """Return the part of a plane's thumbnail that decides the maps of a region.

    Parameters
    ----------
    region : tuple of slice
        Rows and columns of the plane.
    shape : tuple of int
        Rows and columns of the whole plane.
    scale_factor : int

    Returns
    -------
    tuple of slice
        In pixels of the thumbnail.
    """
    height, width = (max(1, side // scale_factor) for side in shape)
    rows, columns = region
    mapped = mapped_pixels(rows, height, scale_factor), mapped_pixels(columns, width, scale_factor)
    return _grown(mapped, (height, width), RECEPTIVE_RADIUS)


def blocks_of(part: Region, shape: tuple[int, int], scale_factor: int) -> Region:
    """Return the pixels of a plane from which a part of its thumbnail is made.

    Parameters
    ----------
    part : tuple of slice
        In pixels of the thumbnail.
    shape : tuple of int
        Rows and columns of the plane.
    scale_factor : int
    """
    rows, columns = (
        slice(side.start * scale_factor, min(length, side.stop * scale_factor))
        for side, length in zip(part, shape, strict=True)
    )
    return rows, columns


def seen_region(region: Region, shape: tuple[int, int], scale_factor: int, *, halo: int) -> Region:
    """Return the pixels of a plane that decide the curves of a region, and its halo.

    Parameters
    ----------
    region : tuple of slice
        Rows and columns of the plane.
    shape : tuple of int
        Rows and columns of the whole plane.
    scale_factor : int
        1 if curves are estimated at full resolution.
    halo : int
        Pixels around the region that are needed apart from the curves.
    """
    own = _grown(region, shape, halo)
    if scale_factor == 1:
        return _grown(region, shape, max(halo, RECEPTIVE_RADIUS))
    blocks = blocks_of(seen_by_maps(region, shape, scale_factor), shape, scale_factor)
    rows, columns = (
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(own, blocks, strict=True)
    )
    return rows, columns


def _grown(region: Region, shape: tuple[int, int], halo: int) -> Region:
    rows, columns = (grown(side, size, halo) for side, size in zip(region, shape, strict=True))
    return rows, columns


def _inside(outer: Region, rows: slice, columns: slice) -> Region:
    return within(rows, outer[0]), within(columns, outer[1])


class GlobalCurve:
    """One curve for all pixels, which is already known.

    Parameters
    ----------
    values : tuple of float
        A_1 .. A_8.
    """

    halo = 0
    work = 0

    def __init__(self, values: tuple[float, ...]) -> None:
        self._values = values

    def prepare(self, crew: Crew) -> None:
        """Do nothing."""

    def alphas(self, tile: Tile, outer: Tensor) -> Tensor:  # noqa: ARG002  (the same everywhere)
        """Return the curve, shape (1, 8, 1, 1, 1).

        Parameters
        ----------
        tile : Tile
        outer : Tensor
            Only its device and dtype are used.
        """
        return outer.new_tensor(self._values).reshape(1, -1, 1, 1, 1)


def _repeated(maps: Tensor) -> Tensor:
    """Return alphas of shape (N, 8, C, H, W); one map that serves all iterations is not copied."""
    return maps.expand(-1, ITERATIONS, -1, -1, -1)
