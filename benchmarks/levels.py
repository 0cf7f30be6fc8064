"""The brightness of a pyramid's coarser levels against that of the finest.

A coarser level is enhanced from the source's own level. Each row says how far its mean is from that
of the finest level, in percent of the intensity window: without the correction of
`engine/brightness.py`, and with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from skimage import data
from skimage.filters import gaussian

from napari_zerodce.engine.lazy import LazyEnhancement
from napari_zerodce.engine.look import DEFAULT_LOOK
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.resolve import resolve
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.imaging.levels import coarser_levels
from napari_zerodce.imaging.planes import Channels

FACTORS = (2, 4, 8, 16)


@dataclass(frozen=True)
class Scene:
    """A dark image, and the weights that are tried on it."""

    title: str
    image: np.ndarray[Any, Any]
    channels: Channels
    checkpoints: tuple[str, ...]


def scenes() -> list[Scene]:
    """Return dark photos with noise, and fluorescence frames with few and with many photons."""
    rng = np.random.default_rng(0)
    all_weights = ("zero-dce", "zero-dce-pp", "zero-dce-fluo", "zero-dce-pp-fluo")
    blobs = data.binary_blobs(1536, blob_size_fraction=0.02, volume_fraction=0.06, rng=0)
    cells = gaussian(blobs.astype(np.float64), 3)
    found = []
    for photons in (30, 500):
        frame = rng.poisson(cells * photons) * 60 + 500 + rng.normal(0, 20, cells.shape)
        scene = frame.clip(0, 65535).astype(np.uint16)
        found.append(Scene(f"cells, {photons} photons", scene, "mono", all_weights))
    for name in ("astronaut", "coffee"):
        light = (getattr(data, name)() / 255.0) ** 2.2 * 0.06
        noisy = rng.poisson(light * 2000) / 2000 + rng.normal(0, 0.002, light.shape)
        photo = (noisy.clip(0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
        found.append(Scene(f"{name}, 4 stops darker", photo, "rgb", all_weights[:2]))
    return found


def errors(scene: Scene, checkpoint: str) -> list[tuple[float, float]]:
    """Return the errors of each coarser level in percent, without and with the correction."""
    settings = EnhanceSettings(checkpoint=checkpoint, look=DEFAULT_LOOK)
    resolved = resolve(EnhanceRequest(scene.image, scene.channels, settings))
    height, width, *colours = scene.image.shape
    shapes = [(height // factor, width // factor, *colours) for factor in FACTORS]
    finest, *coarser = LazyEnhancement(resolved, coarser_levels(scene.image, shapes)).levels
    mean = np.asarray(finest).mean()
    percent = 100 / (float(resolved.window.high) - float(resolved.window.low))
    found = []
    for level in coarser:
        rows, columns = (slice(0, length) for length in level.shape[:2])
        means = (level.block((), rows, columns, exact=exact).mean() for exact in (False, True))
        without, corrected = ((each - mean) * percent for each in means)
        found.append((float(without), float(corrected)))
    return found


def main() -> None:
    """Print the table."""
    print(f"{'image':26}{'weights':18}" + "".join(f"{f'1/{each}':>16}" for each in FACTORS))
    for scene in scenes():
        for checkpoint in scene.checkpoints:
            cells = (f"{raw:+.2f} -> {new:+.2f}" for raw, new in errors(scene, checkpoint))
            print(f"{scene.title:26}{checkpoint:18}" + "".join(f"{each:>16}" for each in cells))


if __name__ == "__main__":
    main()
