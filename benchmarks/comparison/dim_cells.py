"""A simulated frame with cells at 2, 5, 20 and 100 % of full intensity, and their visibility."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from comparison.fluorescence import unit, window_of

LEVELS = (0.02, 0.05, 0.2, 1.0)
SIDE = 512
CELLS = 8
"""Cells in a row and in a column."""

RADIUS = 11.0
NEARER = 12.0
"""The two cells of a pair are nearer to each other than in a regular grid, by twice this."""

_BLUR = 1.2
_LOCAL = (16.0, 25.0)
"""The local background lies between these distances from a cell's centre."""

OFFSET = 200
COUNTS_PER_ELECTRON = 2.0
READ_NOISE = 2.0
BACKGROUND_ELECTRONS = 10.0


@dataclass(frozen=True)
class DimCells:
    """A frame with cells of known brightness.

    Attributes
    ----------
    image : ndarray, shape (512, 512), uint16
    clean : ndarray, shape (512, 512), float64
        Electrons without noise, above the camera's offset.
    centres : ndarray, shape (cells, 2), pixels
    levels : ndarray, shape (cells,)
        Index into `LEVELS` of each cell.
    """

    image: NDArray[np.uint16]
    clean: NDArray[np.float64]
    centres: NDArray[np.float64]
    levels: NDArray[np.int_]


@dataclass(frozen=True)
class Visibility:
    """How cells of one level look in a result.

    Attributes
    ----------
    level : float
        Share of full intensity.
    visibility : float
        (mean of a cell - mean of its local background) / (standard deviation of the latter),
        averaged over the cells.
    brightness : float
        Mean of the cells, in the unit of `comparison.fluorescence`.
    """

    level: float
    visibility: float
    brightness: float


def make_dim_cells(*, seed: int = 0, full: float = 1000.0) -> DimCells:
    """Return the frame, in which cells stand in pairs of different brightness.

    Parameters
    ----------
    seed : int
        Of the places and the noise.
    full : float
        Electrons of a cell at full intensity. The background has 10, the camera an offset of 200
        counts, 2 counts per electron and 2 electrons of read noise.
    """
    generator = np.random.default_rng(seed)
    spacing = SIDE / CELLS
    rows, columns = np.divmod(np.arange(CELLS**2), CELLS)
    towards = np.where(columns % 2 == 0, NEARER, -NEARER)
    places = np.stack([rows * spacing, columns * spacing + towards], axis=1) + spacing / 2
    centres = places + generator.uniform(-1, 1, places.shape)
    # Each row and each column of four cells has each level once.
    levels = (columns + 2 * rows + rows // 2) % len(LEVELS)
    clean = np.zeros((SIDE, SIDE))
    for centre, level in zip(centres, levels, strict=True):
        clean[_distance(centre) <= RADIUS] = LEVELS[level] * full
    clean = gaussian_filter(clean, _BLUR) + BACKGROUND_ELECTRONS
    return DimCells(
        expose_frame(clean, generator=generator), clean, centres, np.asarray(levels, np.int_)
    )


def expose_frame(
    electrons: NDArray[np.float64], *, generator: np.random.Generator
) -> NDArray[np.uint16]:
    """Return what a camera makes of electrons: shot noise, read noise, offset, 16 bits."""
    light = generator.poisson(electrons) + generator.normal(0, READ_NOISE, electrons.shape)
    counts = np.round(OFFSET + COUNTS_PER_ELECTRON * light)
    return counts.clip(0, 65535).astype(np.uint16)


def visibility(out: NDArray[Any], cells: DimCells) -> tuple[Visibility, ...]:
    """Return how visible the cells of each level are in a result of the frame.

    Parameters
    ----------
    out : ndarray, shape (512, 512), in the unit of ``cells.image``
    cells : DimCells
    """
    result = unit(out, window_of(cells.image))
    measured = np.array([_of_one(result, centre) for centre in cells.centres])
    return tuple(
        Visibility(level, *(float(number) for number in measured[cells.levels == index].mean(0)))
        for index, level in enumerate(LEVELS)
    )


def _of_one(result: NDArray[np.float64], centre: NDArray[np.float64]) -> tuple[float, float]:
    distance = _distance(centre)
    cell = result[distance <= RADIUS - 2]
    around = result[(distance >= _LOCAL[0]) & (distance <= _LOCAL[1])]
    with np.errstate(all="ignore"):
        return float((cell.mean() - around.mean()) / around.std()), float(cell.mean())


def _distance(centre: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.asarray(np.hypot(rows - centre[0], columns - centre[1]))
