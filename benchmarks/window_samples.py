"""Measure how few samples of a lazy image keep its automatic window.

Usage: python benchmarks/window_samples.py [FOLDER]
Images of 8192x8192 in chunks of 512x512: simulated cells, spread and in colonies, and, if FOLDER
has images, a mosaic of them. Each number is the largest error of an end of the window, in percent
of the window from all samples, for evenly spaced regions ("alone") and for regions that a coarser
level has led to ("pyramid").
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from napari_zerodce.imaging import sampling
from napari_zerodce.imaging.window_search import find_window, resolve_window
from napari_zerodce.imaging.windows import WindowChoice

SIDE, CHUNK, TILE, COARSE = 8192, 512, 256, 32
COUNTS = (2**22, 2**23, 2**24, 2**25)
_RADIUS = 9


class Lazy:
    """An array in memory that is read as if it were not."""

    def __init__(self, array: Any) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.chunks = (CHUNK, CHUNK)

    def __getitem__(self, key: Any) -> Any:
        """Return a region."""
        return self.array[key]


def cells(share: float, *, colonies: bool) -> np.ndarray:
    """Return noise with cells on a share of the area."""
    rng = np.random.default_rng(1)
    count = int(share * SIDE**2 / (np.pi * _RADIUS**2))
    places = rng.uniform(0, SIDE, (count, 2))
    if colonies:
        centres = rng.uniform(0, SIDE, (max(3, count // 400), 2))
        places = centres[rng.integers(0, len(centres), count)] + rng.normal(
            0, SIDE / 40, (count, 2)
        )
    image = rng.normal(100, 3, (SIDE, SIDE)).astype(np.float32)
    y, x = np.mgrid[-18:19, -18:19]
    spot = np.exp(-(y**2 + x**2) / 72).astype(np.float32)
    corners, peaks = places.astype(int) % (SIDE - 37), rng.lognormal(6, 0.7, count)
    for (row, column), peak in zip(corners, peaks, strict=True):
        image[row : row + 37, column : column + 37] += peak * spot
    return image.clip(0, 65535).astype(np.uint16)


def mosaic(folder: Path) -> np.ndarray:
    """Return a mosaic of the images of a folder, with noise, in 16 bits."""
    from skimage.io import imread

    rng = np.random.default_rng(1)
    images = [imread(path) for path in sorted(folder.glob("*.png"))]
    greys = [each if each.ndim == 2 else each[..., :3].mean(-1) for each in images]
    tiles = [each[:TILE, :TILE] for each in greys if min(each.shape) >= TILE]
    side = SIDE // TILE
    chosen = [[tiles[rng.integers(len(tiles))] for _ in range(side)] for _ in range(side)]
    image = np.block(chosen) * 200.0 + rng.normal(300, 40, (SIDE, SIDE))
    return image.clip(0, 65535).astype(np.uint16)


def images(folder: Path | None) -> Iterator[tuple[str, np.ndarray]]:
    """Yield images with their names."""
    for share in (0.05, 0.01, 0.002, 0.0005):
        yield f"cells on {100 * share:g} %", cells(share, colonies=False)
    for share in (0.01, 0.002):
        yield f"colonies on {100 * share:g} %", cells(share, colonies=True)
    if folder is not None:
        yield folder.name, mosaic(folder)


def error(image: Any, coarser: list[Any], count: int, exact: Any) -> float:
    """Return the error of the window from some samples, in percent."""
    sampling.MOST_SAMPLES_OF_LAZY_IMAGE = sampling.MOST_SAMPLES_OF_PYRAMID = count
    sampling.SAMPLES_PER_REGION, sampling._LEAST_REGIONS = CHUNK**2, 1
    found = find_window(Lazy(image), WindowChoice(), channels="mono", coarser=coarser).window
    worst = max(abs(found.low - exact.low), abs(found.high - exact.high))
    return 100 * worst / (exact.high - exact.low)


def main(folder: str | None = None) -> None:
    """Print the table."""
    heads = [f"{kind} 2^{count.bit_length() - 1}" for kind in ("alone", "pyr.") for count in COUNTS]
    print(f"{'':<22}" + "".join(f"{head:>12}" for head in heads))
    for name, image in images(None if folder is None else Path(folder)):
        exact = resolve_window(image, WindowChoice(), channels="mono")
        side = SIDE // COARSE
        coarse = image.reshape(side, COARSE, side, COARSE).mean((1, 3))
        row = [
            error(image, coarser, count, exact) for coarser in ([], [coarse]) for count in COUNTS
        ]
        print(f"{name:<22}" + "".join(f"{each:>12.1f}" for each in row), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
