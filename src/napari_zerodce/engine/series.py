"""What the planes of a series share: a steady exposure along time, and one set of curves.

Everything follows from the image and the settings alone, so that any plane can be computed first.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import Any, Final

import numpy as np

from napari_zerodce.core.arrays import Array, array_like, namespace
from napari_zerodce.core.thumbnails import WHOLE, Span
from napari_zerodce.engine.crew import Crew
from napari_zerodce.engine.estimators.estimator import Check, CurveEstimator, no_check
from napari_zerodce.engine.image_plane import ImagePlane
from napari_zerodce.engine.methods.thumbnail_curves import ThumbnailCurves
from napari_zerodce.engine.plane import Plane, Shared
from napari_zerodce.engine.progress import PlaneMeter
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.imaging.exposure import (
    UNCHANGED,
    Correction,
    Exposure,
    correction_in,
    frames_around,
    measure_exposure,
)
from napari_zerodce.imaging.planes import SelectedPlane, layout_of
from napari_zerodce.imaging.sampling import Sampler, spread
from napari_zerodce.imaging.windows import Window
from napari_zerodce.recent_results import RecentResults
from napari_zerodce.stopping import never

_SAMPLES: Final = 2**18
"""Of a frame, to measure its exposure: the mean then varies by a few thousandths at most."""

_MOST_READ: Final = 2**24
"""Samples that are read of a lazy frame for it: 32 MiB of 16-bit samples."""

_FRAMES_OF_CURVES: Final = 16
"""Frames whose curves are averaged for the series; more change its mean by less than 0.1 %."""

_SIDE: Final = 1024
"""Pixels of the thumbnail from which shared curves are estimated, unless the network has one."""

_CELLS: Final = 128
"""Cells along a side of shared maps: at most 512 KiB of a mono series."""

_MOST_MAPS: Final = 256


@dataclass(frozen=True)
class MapsOfSeries:
    """The `SharedMaps` of one plane of a series.

    Parameters
    ----------
    series : Series
    index : tuple of int
        Of the plane.
    spans : tuple of (float, float)
        The part of the maps' height and width that the plane shows.
    """

    series: Series
    index: tuple[int, ...]
    spans: tuple[Span, Span] = WHOLE

    def estimate(self, crew: Crew, tile_size: int, meter: PlaneMeter) -> Array:
        """Return the maps, shape (1, maps, C, h, w), as `Series.maps` does."""
        return self.series.maps(self.index, crew, tile_size, meter)


class Series:
    """The planes of an image that share something along its axes of time and of channels.

    It may be used by several threads. It remembers three numbers of each plane, and maps of at most
    `_MOST_MAPS` groups of planes.

    Parameters
    ----------
    request : EnhanceRequest
    windows : sequence of Window
        For all planes, or for each channel.
    estimator : CurveEstimator
    """

    def __init__(
        self, request: EnhanceRequest, windows: Sequence[Window], estimator: CurveEstimator
    ) -> None:
        self._image, self._layout = request.planes, request.layout
        self._settings, self._estimator = request.settings, estimator
        self._windows = windows
        self._time, self._channels = request.time_axis, request.channel_axis
        self._exposures: dict[tuple[int, ...], Exposure | None] = {}
        self._maps: RecentResults[Array] = RecentResults(_MOST_MAPS)
        self._reading = threading.Lock()  # not every library can be read in several threads

    def shared(
        self,
        index: tuple[int, ...],
        spans: tuple[Span, Span] = WHOLE,
        *,
        check: Check = no_check,
    ) -> Shared:
        """Return what a plane shares with others.

        Parameters
        ----------
        index : tuple of int
            Of the plane in the leading axes of the image.
        spans : tuple of (float, float), optional
            The part of its height and width that is shown.
        check : callable, optional
            Called before a frame is read; raises `Cancelled` to stop.
        """
        maps = MapsOfSeries(self, index, spans) if self._axes_of_curves else None
        return Shared(self.correction(index, check), maps)

    @property
    def _axes_of_curves(self) -> dict[int, list[int]]:
        """The axes along which curves are shared, and the places on them that decide the curves."""
        found: dict[int, list[int]] = {}
        leading = self._layout.leading
        if self._settings.time == "shared" and self._time is not None:
            found[self._time] = spread(leading[self._time], _FRAMES_OF_CURVES)
        if self._settings.channel_curves == "shared" and self._channels is not None:
            found[self._channels] = list(range(leading[self._channels]))
        return found

    # ---- exposures

    def correction(self, index: tuple[int, ...], check: Check = no_check) -> Correction:
        """Return what makes the exposure of a plane that of the frames around it.

        Parameters
        ----------
        index : tuple of int
        check : callable, optional
            Called before a frame is read; raises `Cancelled` to stop.

        Raises
        ------
        ImageError
            If one of these frames cannot be read.
        """
        axis, settings = self._time, self._settings
        if axis is None or settings.time == "frames":
            return UNCHANGED
        numbers = frames_around(index[axis], self._layout.leading[axis], settings.time_window)
        frames = {n: self._exposure((*index[:axis], n, *index[axis + 1 :]), check) for n in numbers}
        return correction_in(frames, index[axis])

    def _exposure(self, index: tuple[int, ...], check: Check) -> Exposure | None:
        with self._reading:
            if index not in self._exposures:
                check()
                self._exposures[index] = self._measured(index)
            return self._exposures[index]

    def _measured(self, index: tuple[int, ...]) -> Exposure | None:
        plane = SelectedPlane(self._image, index)
        if isinstance(self._image, np.ndarray):
            plane = self._image[index]
        layout = layout_of(plane, channels=self._layout.channels)
        samples = Sampler(plane, layout, never).spread_samples(most=_SAMPLES, most_read=_MOST_READ)
        return measure_exposure(np.concatenate([part for part, _ in samples]))

    # ---- curves

    def maps(self, index: tuple[int, ...], crew: Crew, tile_size: int, meter: PlaneMeter) -> Array:
        """Return the curves that a plane shares with others: the mean of their maps.

        Parameters
        ----------
        index : tuple of int
            Of the plane.
        crew : Crew
            Does parts of the work side by side.
        tile_size : int
            Side of tiles in pixels.
        meter : PlaneMeter
            It says whether to stop.

        Returns
        -------
        array, shape (1, maps, C, h, w), values in [-1, 1]
            On the device of the network.
        """
        axes = self._axes_of_curves
        group = tuple(None if axis in axes else place for axis, place in enumerate(index))

        def mean() -> Array:
            members = product(*(axes.get(axis, [place]) for axis, place in enumerate(index)))
            maps = [self._small_maps(each, crew, tile_size, meter.aside()) for each in members]
            return namespace(maps[0]).stack(maps).mean(0)

        return self._maps.get(group, mean)

    def _small_maps(
        self, index: tuple[int, ...], crew: Crew, tile_size: int, meter: PlaneMeter
    ) -> Array:
        """Return the maps of one plane, estimated on its thumbnail and averaged over cells.

        Each colour has its own, also in a grey plane: others of the series may have colours, and
        `SharedCurves` gives each plane what it needs.
        """
        plane = self._plane(index, meter.check)
        height, width = plane.shape
        scale = self._estimator.scale_factor
        curves = ThumbnailCurves(
            self._estimator,
            plane,
            scale_factor=ceil(max(plane.shape) / _SIDE) if scale == 1 else scale,
            tile_size=tile_size,
            region=(slice(0, height), slice(0, width)),
            meter=meter,
        )
        curves.prepare(crew)
        return _in_cells(curves.maps)

    def _plane(self, index: tuple[int, ...], check: Check) -> Plane:
        window = self._windows[0 if self._channels is None else index[self._channels]]
        shared = Shared(self.correction(index, check))
        with self._reading:
            return ImagePlane(self._image, index, layout=self._layout, window=window, shared=shared)


def _in_cells(maps: Array) -> Array:
    """Return the means of maps over cells, at most `_CELLS` along a side."""
    down, across = (array_like(_means_of_cells(side), maps) for side in maps.shape[-2:])
    return down @ maps @ across.T


def _means_of_cells(length: int) -> np.ndarray[Any, Any]:
    """Return the matrix that gives the means of the cells of an axis; if need be, they overlap."""
    cells = min(length, _CELLS)
    number = np.arange(cells)
    first, last = number * length // cells, -(-(number + 1) * length // cells)
    place = np.arange(length)
    inside = (first[:, None] <= place) & (place < last[:, None])
    return inside / (last - first)[:, None]


def series_of(
    request: EnhanceRequest, windows: Sequence[Window], estimator: CurveEstimator
) -> Series | None:
    """Return what the planes of a request share, None if they share nothing.

    Parameters
    ----------
    request, windows, estimator
        As in `Series`.
    """
    settings = request.settings
    shares = settings.time != "frames" or settings.channel_curves != "own"
    return Series(request, windows, estimator) if shares else None
