"""The method that estimates curves: a tile gets exactly the curves of the whole plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from napari_zerodce.core.arrays import Array, array_like, packed
from napari_zerodce.core.thumbnails import RECEPTIVE_RADIUS
from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.estimators.estimator import CurveEstimator
from napari_zerodce.engine.estimators.grey import GreyEstimator
from napari_zerodce.engine.methods.enlarged import repeated
from napari_zerodce.engine.methods.samples_on_device import SamplesOnDevice
from napari_zerodce.engine.methods.shared_curves import SharedCurves
from napari_zerodce.engine.methods.thumbnail_curves import ThumbnailCurves
from napari_zerodce.engine.plane import Plane
from napari_zerodce.engine.progress import PlaneMeter
from napari_zerodce.imaging.grey import has_no_colour
from napari_zerodce.imaging.tiling import Region, Tile

Samples = np.ndarray[Any, Any]
Made = TypeVar("Made")


class CurveSource(Protocol):
    """A source of the curves of any tile of a plane."""

    halo: int
    work: int

    keeps_order: bool
    """Whether the curves have the order in memory of the tile, and not that of their axes."""

    def prepare(self, crew: Crew) -> None:
        """Do the work that the plane needs once, before the first tile."""
        ...

    def alphas(self, tile: Tile, outer: Array) -> Array:
        """Return the curve parameters of a tile.

        Parameters
        ----------
        tile : Tile
        outer : array, shape (1, C, H, W), values in [0, 1]
            The tile and its halo.

        Returns
        -------
        array, shape (1, 8, C, h, w) or (1, 8, 1, 1, 1), values in [-1, 1]
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
        block: Samples,
        *,
        plane: Plane,
        estimator: CurveEstimator,
        source: CurveSource,
    ) -> None:
        goes_as_it_is = SamplesOnDevice.possible(block, plane, estimator)
        # 8-bit samples are moved sooner than floats; a GPU picks colours apart in no time.
        if not (source.keeps_order or goes_as_it_is):
            block = np.ascontiguousarray(block)
        self.tile = tile
        self.inner = (tile.inner_rows, tile.inner_columns)
        self.samples: Samples = block[(..., *self.inner)]
        self._block, self.plane = block, plane
        self._estimator, self._source = estimator, source
        # Not by functools.cached_property: before Python 3.12 it has one lock for all tiles, so
        # that only one thread at a time would run the network.
        self._outer: Array | None = None
        self._alphas: Array | None = None
        self._on_device: SamplesOnDevice | None = None
        if goes_as_it_is:
            self._on_device = SamplesOnDevice(block, plane, estimator)

    @property
    def steady(self) -> Samples:
        """The samples with the exposure that is steady along time."""
        return self.plane.correction.apply(self.samples)

    @property
    def outer(self) -> Array:
        """Tile and halo on the device, shape (1, C, H, W), float32, values in [0, 1]."""
        if self._outer is None:
            self._outer = self._normalised()
        return self._outer

    def _normalised(self) -> Array:
        if self._on_device is not None:
            return self._on_device.normalised()
        return self._estimator.upload(self.plane.normalised(self._block))

    @property
    def unit(self) -> Array:
        """The tile on the device, shape (1, C, h, w), float32, values in [0, 1]."""
        # Like the alphas: curves on pixels in another order take ten times longer.
        return packed(self.outer[(..., *self.inner)])

    @property
    def alphas(self) -> Array:
        """The curve parameters, shape (1, 8, C, h, w) or (1, 8, 1, 1, 1), values in [-1, 1]."""
        if self._alphas is None:
            found = self._source.alphas(self.tile, self.outer)
            colours = self.samples.shape[-3]
            self._alphas = found[:, :, :colours]  # one of three equal ones, if grey
        return self._alphas

    def restored(self, unit: Array) -> Samples:
        """Return enhanced values as samples, with the shape of `samples`.

        Parameters
        ----------
        unit : array, shape (1, C, h, w), values in [0, 1]
        """
        if self._on_device is not None:
            return self._on_device.restored(unit, self.inner)
        values = self._estimator.download(unit)
        return self.plane.restored(values.reshape(self.samples.shape), self.samples)


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
        grey = plane.is_grey
        own = replace(self, estimator=GreyEstimator(self.estimator)) if grey else self
        return CurvesOfPlane(own, plane, own._source(plane, tile_size, region, meter))

    def _source(
        self, plane: Plane, tile_size: int, region: Region, meter: PlaneMeter
    ) -> CurveSource:
        if self.global_curve:
            return GlobalCurve(self.global_curve)
        if plane.shared_maps is not None:
            return SharedCurves(
                plane.shared_maps, plane.shape, tile_size, meter, is_grey=plane.is_grey
            )
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
        # Without the network, memory is the limit, and whole rows are read and written sooner.
        self.has_flat_tiles = source.keeps_order

    def prepare(self, crew: Crew) -> None:
        """Estimate what the curves of all tiles share."""
        self._source.prepare(crew)

    def apply(self, tile: Tile, block: Samples) -> Made:
        """Return the result of a tile.

        Parameters
        ----------
        tile : Tile
        block : ndarray, shape (C, H, W)
            The samples of the tile and its halo, as they are. Of equal colours, only the first is
            used, and the result has one channel, too.
        """
        if self._plane.is_grey and has_no_colour(block):
            block = block[:1]
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
    keeps_order = False

    def __init__(self, estimator: CurveEstimator, meter: PlaneMeter) -> None:
        self._estimator, self._meter = estimator, meter

    def prepare(self, crew: Crew) -> None:
        """Do nothing."""

    def alphas(self, tile: Tile, outer: Array) -> Array:
        """Estimate the curves of the tile and its halo, and return those of the tile.

        Parameters
        ----------
        tile : Tile
        outer : array, shape (1, C, H, W), values in [0, 1]
        """
        maps = self._estimator.estimate(outer, check=self._meter.check)
        return repeated(maps[..., tile.inner_rows, tile.inner_columns])


class GlobalCurve:
    """One curve for all pixels, which is already known.

    Parameters
    ----------
    values : tuple of float
        A_1 .. A_8.
    """

    halo = 0
    work = 0
    keeps_order = True

    def __init__(self, values: tuple[float, ...]) -> None:
        self._values = values

    def prepare(self, crew: Crew) -> None:
        """Do nothing."""

    def alphas(self, tile: Tile, outer: Array) -> Array:  # noqa: ARG002  (the same everywhere)
        """Return the curve, shape (1, 8, 1, 1, 1).

        Parameters
        ----------
        tile : Tile
        outer : array
            Only its kind, device and dtype are used.
        """
        return array_like(self._values, outer).reshape(1, -1, 1, 1, 1)
