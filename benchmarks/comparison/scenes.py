"""Photos that no bundled checkpoint is trained on: dark ones with a reference, and others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comparison.frames import readable, spread
from napari_zerodce.imaging.files.images import read_image

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from panoramas import read_radiance, rectilinear_view
from simulated_photos import SensorNoise, meter, photograph
from train_bundled import HELD_OUT, read_openexr, read_photo

Array = NDArray[Any]
Photo = NDArray[np.uint8]

STOPS = (-4.0, -3.0, -2.0)
NOISE = SensorNoise(shot=1e-4, read=3e-4)
"""A full well of 10,000 electrons and 3 electrons of read noise: a small sensor."""

SIMULATED = "held-out scenes, 4, 3 and 2 stops too dark"
VIEW = (384, 512)
YAWS = (0.0, 120.0, 240.0)
_LONGEST = 768


@dataclass(frozen=True)
class Scene:
    """A dark photo and the well-exposed one of the same scene.

    Attributes
    ----------
    group, name : str
        The group is the table that it belongs to.
    dark : ndarray, shape (H, W, 3), uint8
    reference : ndarray, shape (H, W, 3), float32, values in [0, 1]
    """

    group: str
    name: str
    dark: Photo
    reference: NDArray[np.float32]


def held_out_scenes(data: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield held-out scenes in metered linear light, shape (H, W, 3)."""
    for stem in HELD_OUT:
        for number, linear in enumerate(_linear(data, stem)):
            yield f"{stem}-{number}", (linear * np.float32(meter(linear))).astype(np.float32)


def dark_scenes(data: Path, *, count: int | None = None) -> Iterator[Scene]:
    """Yield each held-out scene at each of `STOPS`, with noise."""
    scenes = list(held_out_scenes(data))[:count]
    for stops in STOPS:
        for number, (name, linear) in enumerate(scenes):
            generator = np.random.default_rng([number, int(-stops)])
            dark = photograph(linear, stops, noise=NOISE, generator=generator)
            yield Scene(SIMULATED, f"{name} {stops:g}", as_bytes(dark), _clean(linear))


def well_exposed(data: Path, *, count: int | None = None) -> Iterator[tuple[str, Photo]]:
    """Yield each held-out scene as a light meter exposes it, without noise."""
    for name, linear in list(held_out_scenes(data))[:count]:
        yield name, as_bytes(_clean(linear))


def pairs_of(folder: Path, *, count: int | None = None) -> Iterator[Scene]:
    """Yield the pairs of folder/low and folder/high, the layout of LOL."""
    for low in spread(readable(folder / "low"), count):
        reference = _photo(folder / "high" / low.name).astype(np.float32) / np.float32(255)
        yield Scene(folder.name, low.stem, _photo(low), reference)


def photos_of(folder: Path, *, count: int | None = None) -> Iterator[tuple[str, Photo]]:
    """Yield the photos of a folder; nothing if there is no such folder."""
    for path in spread(readable(folder), count) if folder.is_dir() else ():
        yield path.stem, _photo(path)


def as_bytes(picture: Array) -> Photo:
    """Return a picture in [0, 1] as 8 bits."""
    return np.round(picture * 255).astype(np.uint8)


def _clean(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    return photograph(linear, 0, noise=SensorNoise(), generator=np.random.default_rng(0))


def _photo(path: Path) -> Photo:
    file = read_image(path)
    array = np.asarray(file.array)
    if array.dtype != np.uint8 or array.ndim != (2 if file.channels == "mono" else 3):
        raise SystemExit(f"{path} is not an 8-bit photo.")
    return np.repeat(array[..., None], 3, axis=2) if file.channels == "mono" else array[..., :3]


def _linear(data: Path, stem: str) -> Iterator[NDArray[np.float32]]:
    if (path := data / f"photos/kodak/{stem}.png").exists():
        yield read_photo(path)
    if (path := data / f"hdr/polyhaven/{stem}.hdr").exists():
        panorama = read_radiance(path)
        for yaw in YAWS:
            yield rectilinear_view(panorama, yaw=yaw, pitch=0, field_of_view=80, size=VIEW)
    if (path := data / f"hdr/openexr/{stem}.exr").exists():
        try:
            picture = read_openexr(path)
        except ImportError:
            print(f"left out: {path.name} (needs pip install OpenEXR)", file=sys.stderr)
            return
        step = -(-max(picture.shape) // _LONGEST)
        yield picture[::step, ::step]
