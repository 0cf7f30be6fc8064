"""Measure how much a time series flickers: each frame alone, without flicker, with shared curves.

    python benchmarks/flicker.py [--data ../shared/data] [--seeds 3] [--time-window 11]

Flicker is the standard deviation of the change of mean brightness from frame to frame, in percent
of the mean. Exposures vary by up to 20 % in both directions ("jitter") or not ("steady"). The
options were chosen with the first series; the other ones were made to check them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_zerodce.checkpoints.registry import BUNDLED
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.files.images import read_image

Array = NDArray[Any]

JITTER = 0.2
OFFSET, READ_NOISE = 100.0, 3.0
ELECTRONS = 400.0  # at the percentile 99.9
BLEACHING = 60.0  # frames until 1/e is left
FRAMES = 30
FIRST_SIMULATED = 4  # of the files of a folder


def jitter_of(count: int, seed: int | None) -> Array:
    """Return the relative exposure of each frame; all are equal without a seed."""
    if seed is None:
        return np.ones(count)
    return np.random.default_rng(seed).uniform(1 - JITTER, 1 + JITTER, count)


def grey(path: Path) -> Array:
    """Return an image file as floats without colour."""
    image = read_image(path)
    return image.array.astype(float) if image.channels == "mono" else image.array[..., 1] * 1.0


def real(data: Path, seed: int | None) -> Array:
    """Return the time-lapse with 16 bits, so that jitter is not lost in rounding."""
    frames = np.stack([grey(path) for path in sorted((data / "timelapse").glob("*.tif"))])
    return np.rint(frames * 100 * jitter_of(len(frames), seed)[:, None, None]).astype(np.uint16)


def simulated(paths: list[Path], seed: int | None) -> Array:
    """Return a series of bleaching cells: one image of cells drifts over another one."""
    random = np.random.default_rng(7)
    first, second = (_in_electrons(grey(path)) for path in paths)
    first, second = (each[:256, :256] for each in (first, second))
    rows, columns = (min(a, b) for a, b in zip(first.shape, second.shape, strict=True))
    frames = []
    for number, exposure in enumerate(jitter_of(FRAMES, seed)):
        moving = np.roll(second, (number, -2 * number), (0, 1))[:rows, :columns]
        light = np.maximum(first[:rows, :columns], moving) * np.exp(-number / BLEACHING) * exposure
        frames.append(OFFSET + random.poisson(light) + random.normal(0, READ_NOISE, light.shape))
    return np.rint(frames).clip(0, 65_535).astype(np.uint16)


def _in_electrons(image: Array) -> Array:
    level = np.percentile(image, 1)
    top: float = np.percentile(image, 99.9)
    return np.asarray((image - level).clip(0) * (ELECTRONS / (top - level)))


def series_of(data: Path, seed: int | None) -> Iterator[tuple[str, Array]]:
    """Yield the series by name."""
    yield "time-lapse", real(data, seed)
    for folder in ("human", "dsb2018"):
        files = sorted(path for path in (data / folder).iterdir() if path.is_file())
        start = FIRST_SIMULATED if len(files) > FIRST_SIMULATED + 1 else 0
        yield folder, simulated(files[start : start + 2], seed)


def enhanced(series: Array, weights: str, **settings: Any) -> Array:
    """Return the mean brightness of each enhanced frame."""
    chosen = EnhanceSettings(weights, look=DEFAULT_LOOK, **settings)
    image = enhance(EnhanceRequest(series, "mono", chosen, time_axis=0)).image
    return np.asarray(image.mean((1, 2), dtype=np.float64))


def flicker(means: Array) -> float:
    """Return the standard deviation of the change from frame to frame, in percent."""
    return float(100 * np.diff(means).std() / means.mean())


def trend(means: Array) -> float:
    """Return how many times brighter the last third is than the first third."""
    third = len(means) // 3
    return float(means[-third:].mean() / means[:third].mean())


def measure(data: Path, seeds: list[int | None], window: int) -> None:
    """Print a row for each series and checkpoint: means over the seeds."""
    modes: dict[str, dict[str, Any]] = {
        "smoothed": {"time": "smoothed", "time_window": window},
        "shared": {"time": "shared", "time_window": window},
    }
    kind = "steady" if seeds == [None] else "jitter"
    found: dict[tuple[str, str], list[list[float]]] = {}
    for seed in seeds:
        for name, series in series_of(data, seed):
            for entry in BUNDLED:
                alone = enhanced(series, entry.name)
                row = [flicker(alone)]
                for settings in modes.values():
                    means = enhanced(series, entry.name, **settings)
                    row += [
                        flicker(means),
                        100 * (means.mean() / alone.mean() - 1),
                        100 * (trend(means) / trend(alone) - 1),
                    ]
                found.setdefault((name, entry.name), []).append(row)
    for (name, weights), rows in found.items():
        alone_, *others = np.mean(rows, 0)
        cells = [f"{alone_:.2f}"]
        for start in range(0, len(others), 3):
            value, mean, kept = others[start : start + 3]
            worst = min(row[0] / row[1 + start] for row in rows)
            cells.append(f"{value:.2f} ({alone_ / value:.1f}, least {worst:.1f})")
            cells.append(f"{mean:+.1f}")
            cells.append(f"{kept:+.1f}")
        print(f"| {name} | {kind} | {weights} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time-window", type=int, default=11)
    options = parser.parse_args()
    names = [f"{m}, % (times less) | mean, % | trend, %" for m in ("smoothed", "shared")]
    print(f"| series | exposure | weights | alone, % | {' | '.join(names)} |")
    print(f"|{'---|' * 10}")
    data = options.data / "microscopy"
    measure(data, [None], options.time_window)
    measure(data, list(range(options.seeds)), options.time_window)


if __name__ == "__main__":
    main()
