"""The pictures of the study: packed into one file, and photographed again at each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from simulated_photos import meter

from napari_zerodce.core.architectures import ZERO_DCE, ZERO_DCE_PP
from napari_zerodce.training.batches import Batch
from napari_zerodce.training.exposures import encode_srgb

Light = NDArray[np.float16] | NDArray[np.float32]

SIZE: Final = (336, 504)
"""Of a held-out picture: whole blocks of 12 pixels."""

STOPS: Final = (-4.5, 1.0)
SHOT: Final = (-4.5, -2.5)
READ: Final = (-4.0, -2.7)
"""Powers of ten of the noise: from a large sensor in daylight to a phone at ISO 3200."""

WHOLE_SHARES: Final[Mapping[str, float]] = {ZERO_DCE: 0.2, ZERO_DCE_PP: 0.6}
"""Share of crops from a picture's smallest size; in use, Zero-DCE++ gets thumbnails."""

_TRAINING_SIDE = 256
_VIEWS = 7
_EACH_VIEW = 2
"""Every second view of a panorama is used for training: the file stays small."""

_BITS = 7
"""Of the mantissa: steps of 0.8 %, as fine as those of 8-bit sRGB, and they compress."""

_LEVELS = 65535
_ENCODED = encode_srgb(np.arange(_LEVELS + 1, dtype=np.float32) / np.float32(_LEVELS))


@dataclass(frozen=True)
class Packed:
    """Linear metered pictures: for each training picture its sizes, and the held-out ones."""

    training: list[list[Light]]
    held_out: list[Light]


@dataclass(frozen=True)
class Photographs:
    """Noisy photographs of random crops: a `BatchSource`.

    Noise is added at the resolution of the crop, as a Gaussian with the variance of shot and read
    noise; a table replaces the powers of sRGB. 3 ms per step instead of 15.
    """

    pictures: list[list[Light]]
    whole_share: float

    def __call__(self, generator: np.random.Generator, *, count: int, side: int) -> Batch:
        """Return `count` square photographs of random exposure."""
        light = np.stack([self._crop(generator, side) for _ in range(count)])
        column = (count, 1, 1, 1)
        stops = generator.uniform(*STOPS, column)
        shot = 10 ** generator.uniform(*SHOT, column)
        read = 10 ** generator.uniform(*READ, column)
        light *= (2.0**stops).astype(np.float32)
        np.minimum(light, 1, out=light)
        deviation = np.sqrt(shot.astype(np.float32) * light + (read**2).astype(np.float32))
        light += deviation * generator.standard_normal(light.shape, np.float32)
        return Batch(encoded(light))

    def _crop(self, generator: np.random.Generator, side: int) -> NDArray[np.float32]:
        sizes = self.pictures[generator.integers(len(self.pictures))]
        whole, number = generator.random() < self.whole_share, generator.integers(len(sizes))
        picture = sizes[-1] if whole else sizes[number]
        row = generator.integers(picture.shape[0] - side + 1)
        column = generator.integers(picture.shape[1] - side + 1)
        crop = picture[row : row + side, column : column + side]
        crop = crop[:, ::-1] if generator.random() < 0.5 else crop
        return crop.transpose(2, 0, 1).astype(np.float32)


def encoded(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return linear light as sRGB values in [0, 1], by a table of 65,536 levels."""
    return _ENCODED[(np.clip(light, 0, 1) * np.float32(_LEVELS) + np.float32(0.5)).astype(np.int32)]


def pack(images: Path, output: Path) -> None:
    """Write the pictures of a folder with hdr/ and photos/ into one file."""
    from train_bundled import load_pictures

    names: dict[str, NDArray[np.uint8]] = {}
    for number, sizes in enumerate(load_pictures(images)):
        is_view = sizes[0].shape[:2] == (_TRAINING_SIDE, _TRAINING_SIDE)
        if is_view and number % _EACH_VIEW:
            continue
        side = (_TRAINING_SIDE, _TRAINING_SIDE)
        kept = [sizes[0]] if is_view else [cut_from_middle(sizes[0], side), _smallest(sizes)]
        for place, picture in enumerate(kept):
            names[f"training-{number:03d}-{place}"] = _planes(picture)
    for number, picture in enumerate(_held_out(images)):
        names[f"held-out-{number:03d}"] = _planes(picture)
    with output.open("wb") as file:
        np.savez_compressed(file, **names)  # type: ignore[arg-type]


def _held_out(images: Path) -> list[NDArray[np.float32]]:
    from panoramas import read_radiance, rectilinear_view
    from train_bundled import HELD_OUT, read_openexr, read_photo

    found = []
    for name in HELD_OUT:
        panorama = images / f"hdr/polyhaven/{name}.hdr"
        if panorama.exists():
            whole = read_radiance(panorama)
            found += [
                rectilinear_view(
                    whole,
                    yaw=360 * view / _VIEWS,
                    pitch=(-10, 0, 10)[view % 3],
                    field_of_view=80,
                    size=SIZE,
                )
                for view in range(_VIEWS)
            ]
        elif name.startswith("kodim"):
            found.append(cut_from_middle(read_photo(images / f"photos/kodak/{name}.png"), SIZE))
        else:
            picture = halved(read_openexr(images / f"hdr/openexr/{name}.exr"))
            found.append(cut_from_middle(picture, SIZE))
    return [picture * np.float32(meter(picture)) for picture in found]


def unpack(path: Path) -> Packed:
    """Read a file that `pack` wrote; training pictures of 256x256 get their halves."""
    training: dict[str, list[Light]] = {}
    held_out: list[Light] = []
    with np.load(path) as file:
        for name in sorted(file.files):
            picture = _from_planes(file[name])
            if name.startswith("held-out"):
                held_out.append(picture)
                continue
            sizes = training.setdefault(name.rpartition("-")[0], [])
            sizes.append(picture)
            if picture.shape[:2] == (_TRAINING_SIDE, _TRAINING_SIDE):
                sizes.append(halved(picture.astype(np.float32)).astype(np.float16))
    for sizes in training.values():
        sizes.sort(key=lambda picture: -picture.size)
    return Packed([*training.values()], held_out)


def halved(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a picture at half its size, by averages of 2x2 pixels."""
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    blocks = picture[:height, :width].reshape(height // 2, 2, width // 2, 2, 3)
    result: NDArray[np.float32] = blocks.mean(axis=(1, 3))
    return result


def cut_from_middle(picture: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the middle of a picture that is large enough."""
    top, left = ((all_ - part) // 2 for all_, part in zip(picture.shape, size, strict=False))
    return picture[top : top + size[0], left : left + size[1]]


def _smallest(sizes: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the smallest size with at least 96 pixels to each side."""
    return [size for size in sizes if min(size.shape[:2]) >= 96][-1]


def rounded(picture: NDArray[np.float32]) -> NDArray[np.float16]:
    """Return a picture in half precision with a mantissa of 7 bits, rounded to nearest."""
    drop = 10 - _BITS
    bits = picture.clip(0, 60_000).astype(np.float16).view(np.uint16)
    half = np.uint16(1 << (drop - 1))
    return ((bits + half) >> drop << drop).view(np.float16)


def _planes(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return low and high bytes apart, in which a compressor finds more to save."""
    parts = np.ascontiguousarray(rounded(picture)).view(np.uint8)
    return np.ascontiguousarray(parts.reshape(*picture.shape, 2).transpose(3, 2, 0, 1))


def _from_planes(planes: NDArray[np.uint8]) -> NDArray[np.float16]:
    parts = np.ascontiguousarray(planes.transpose(2, 3, 1, 0))
    result: NDArray[np.float16] = parts.view(np.float16)[..., 0]
    return result
