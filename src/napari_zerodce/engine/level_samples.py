"""Some cells of an image at full resolution, from which coarser levels get their brightness."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod
from typing import Any, Final

import numpy as np

from napari_zerodce.core.architectures import ITERATIONS
from napari_zerodce.engine.brightness import Brightness, fit_brightness
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.engine.resolved import ResolvedRequest
from napari_zerodce.engine.view import View, estimate_view
from napari_zerodce.engine.viewport import Viewport
from napari_zerodce.imaging.keys import whole_key
from napari_zerodce.imaging.levels import coarser_levels
from napari_zerodce.imaging.planes import Array, SelectedPlane
from napari_zerodce.imaging.sampling import spread, spread_by_brightness
from napari_zerodce.imaging.tiling import Region
from napari_zerodce.stopping import ShouldStop

_SIDE: Final = 128
"""Pixels of a cell: more of them would hold more halo than cell."""

_MOST_PIXELS: Final = 2**19
"""Of all cells of a channel: 0.7 s for Zero-DCE on two cores, 0.1 s for Zero-DCE++."""

_MOST_PLANES: Final = 8
_LARGEST_OVERVIEW: Final = 2**22
"""Pixels. Of a larger coarsest level, cells are chosen by their place and not their brightness."""


@dataclass(frozen=True)
class Cell:
    """A rectangle of a plane of the finest level.

    Parameters
    ----------
    index : tuple of int
        Of the plane in the leading axes.
    region : tuple of slice
        Rows and columns.
    weight : float
        How many cells of the plane it stands for.
    """

    index: tuple[int, ...]
    region: Region
    weight: float


@dataclass(frozen=True)
class LevelFit:
    """The cells of an image at full resolution and at a coarser level, with their curves.

    Parameters
    ----------
    fine, coarse : tuple of View
        Each cell at both levels.
    weights : tuple of float
        How many cells of the plane each of them stands for.
    """

    fine: tuple[View, ...]
    coarse: tuple[View, ...]
    weights: tuple[float, ...]
    _found: dict[Look, Brightness] = field(default_factory=dict, compare=False)

    def brightness(self, look: Look) -> Brightness:
        """Return what enhanced pixels of the level become; no network runs.

        Parameters
        ----------
        look : Look
        """
        if look not in self._found:
            self._found[look] = _fit(self.fine, self.coarse, self.weights, look)
        return self._found[look]

    def made_ready(self) -> LevelFit:
        """Return this fit after the work that its first look would have to do."""
        self.brightness(DEFAULT_LOOK)
        return self


class LevelSamples:
    """Cells of an image with their curves, at full resolution and at each coarser level.

    They are estimated when a level needs them, and serve any look.

    Parameters
    ----------
    resolved : ResolvedRequest
        For the finest level.
    coarser : sequence of array-like
        The other levels of the source.
    most_pixels : int, optional
        Of all cells of a channel.
    """

    def __init__(
        self,
        resolved: ResolvedRequest,
        coarser: Sequence[Any],
        *,
        most_pixels: int = _MOST_PIXELS,
    ) -> None:
        self._resolved, self._coarser, self._most_pixels = resolved, coarser, most_pixels
        self._lock = threading.RLock()
        self._cells: dict[int | None, tuple[Cell, ...]] = {}
        self._views: dict[tuple[int | None, int], tuple[View, ...]] = {}
        self._fits: dict[tuple[int | None, int], LevelFit] = {}

    def brightness(
        self,
        level: ResolvedRequest,
        number: int,
        channel: int | None,
        should_stop: ShouldStop,
    ) -> Brightness:
        """Return what enhanced pixels of a level become, for the look of its settings.

        Parameters
        ----------
        level, number, channel, should_stop
            As in `fit`.
        """
        return self.fit(level, number, channel, should_stop).brightness(level.settings.look)

    def fit(
        self,
        level: ResolvedRequest,
        number: int,
        channel: int | None,
        should_stop: ShouldStop,
    ) -> LevelFit:
        """Return what gives the brightness of a level for any look; found once.

        Parameters
        ----------
        level : ResolvedRequest
            For that level.
        number : int
            Of the level; 0 is the finest.
        channel : int, optional
            Of the plane, if each channel has a window of its own.
        should_stop : callable

        Raises
        ------
        Cancelled, DeviceError, ImageError
            As `enhance` does.
        """
        key = channel, number
        with self._lock:
            if key not in self._fits:
                fine = self._views_of(self._resolved, 0, channel, should_stop)
                coarse = self._views_of(level, number, channel, should_stop)
                weights = tuple(cell.weight for cell in self._cells[channel])
                self._fits[key] = LevelFit(fine, coarse, weights)
            return self._fits[key]

    def _views_of(
        self, level: ResolvedRequest, number: int, channel: int | None, should_stop: ShouldStop
    ) -> tuple[View, ...]:
        if (channel, number) not in self._views:
            if channel not in self._cells:
                self._cells[channel] = tuple(self._chosen_cells(channel))
            cells = self._cells[channel]
            self._views[channel, number] = tuple(
                self._view_of(level, cell, should_stop) for cell in cells
            )
        return self._views[channel, number]

    def _view_of(self, level: ResolvedRequest, cell: Cell, should_stop: ShouldStop) -> View:
        finest, own = self._resolved.layout, level.layout
        index = _scaled_index(cell.index, finest.leading, own.leading)
        rows, columns = (
            _scaled(side, length, other)
            for side, length, other in zip(
                cell.region, (finest.height, finest.width), (own.height, own.width), strict=True
            )
        )
        view = estimate_view(level.at(index), Viewport(rows, columns), should_stop=should_stop)
        if not self._resolved.global_curve:
            return view
        curve = np.asarray(self._resolved.global_curve, np.float32).reshape(1, ITERATIONS, 1, 1, 1)
        return replace(view, alphas=curve)

    def _chosen_cells(self, channel: int | None) -> Iterator[Cell]:
        """Yield cells of all brightnesses, more of the bright ones, which are few."""
        layout, axis = self._resolved.layout, self._resolved.channel_axis
        overview = self._coarser[-1]
        side = max(_SIDE, -(-layout.height // overview.shape[len(layout.leading)]))
        rows, columns = (max(1, length // side) for length in (layout.height, layout.width))
        ranges = [
            range(length) if place != axis else range(channel or 0, (channel or 0) + 1)
            for place, length in enumerate(layout.leading)
        ]
        planes = list(product(*ranges)) if np.prod([len(r) for r in ranges]) < 2**16 else []
        planes = [planes[number] for number in spread(len(planes), _MOST_PLANES)]
        count = max(1, self._most_pixels // side**2 // len(planes))
        for index in planes:
            for number, weight in self._spread_cells(index, (rows, columns), count):
                row, column = divmod(number, columns)
                region = _part(layout.height, rows, row), _part(layout.width, columns, column)
                yield Cell(index, region, weight)

    def _spread_cells(
        self, index: tuple[int, ...], grid: tuple[int, int], count: int
    ) -> list[tuple[int, float]]:
        """Return the numbers of some cells of a plane with their weights."""
        overview, layout = self._coarser[-1], self._resolved.layout
        place = _scaled_index(index, layout.leading, overview.shape[: len(index)])
        plane = SelectedPlane(overview, place)
        cells = prod(grid)
        if prod(plane.shape[:2]) > _LARGEST_OVERVIEW or min(plane.shape[:2]) < max(grid):
            return [(number, 1.0) for number in spread(cells, count)]
        samples = np.asarray(plane[whole_key(plane.shape)]).astype(np.float32)
        means = coarser_levels(samples, [(*grid, *samples.shape[2:])])[0]
        means = means.reshape(cells, -1)[:, :3].mean(1)
        return [(number, float(weight)) for number, weight in spread_by_brightness(means, count)]


def _fit(
    fine: Sequence[View], coarse: Sequence[View], weights: Sequence[float], look: Look
) -> Brightness:
    pairs = [_pairs(*both, look) for both in zip(fine, coarse, strict=True)]
    own, means = (np.concatenate(side) for side in zip(*pairs, strict=True))
    counts = [len(each) for each, _ in pairs]
    return fit_brightness(own, means, np.repeat(np.asarray(weights), counts))


def _pairs(fine: View, coarse: View, look: Look) -> tuple[Array, Array]:
    """Return the enhanced pixels of a coarser level, and the means of those that they cover."""
    own = _unit(coarse, look)
    means = coarser_levels(_unit(fine, look), [own.shape])[0]
    known = np.isfinite(own) & np.isfinite(means)
    return own[known], means[known]


def _unit(view: View, look: Look) -> Array:
    """Return the enhanced colours, mapped so that the window is [0, 1]; others are outside."""
    colours = view.render(look)
    if view.channels == "rgba":
        colours = colours[..., :3]
    low, high = float(view.window.low), float(view.window.high)
    unit: Array = ((colours.astype(np.float64) - low) / (high - low)).astype(np.float32)
    return unit


def _part(length: int, count: int, number: int) -> slice:
    return slice(length * number // count, length * (number + 1) // count)


def _scaled(side: slice, length: int, other: int) -> slice:
    """Return the part of a level's axis that lies where a part of the finest one lies."""
    start = min(other - 1, round(side.start * other / length))
    return slice(start, max(start + 1, round(side.stop * other / length)))


def _scaled_index(
    index: Sequence[int], lengths: Sequence[int], others: Sequence[int]
) -> tuple[int, ...]:
    return tuple(
        place * other // length for place, length, other in zip(index, lengths, others, strict=True)
    )
