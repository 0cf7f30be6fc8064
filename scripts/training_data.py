"""The images for training the bundled checkpoints, packed in one file.

    python scripts/training_data.py --data DATA --output images.npz

DATA holds ``hdr/polyhaven/*.hdr`` (CC0), ``hdr/openexr/*.exr`` (BSD-3-Clause),
``photos/kodak/*.png`` (released for unrestricted use) and ``microscopy/dsb2018/*.png`` (CC0);
photos from scikit-image are added. Needs ``pip install OpenEXR scikit-image`` besides the package;
a machine that only trains needs neither. ``scripts/training_images.txt`` lists the files and their
hashes; other files are refused, because they would give other weights.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fluorescence_batches import clean_nuclei
from photo_batches import Picture
from simulated_frames import Signal
from simulated_photos import meter

from napari_zerodce.training.exposures import decode_srgb

LIST = Path(__file__).with_name("training_images.txt")

HELD_OUT = (
    "kodim19", "kodim23", "venice_sunset_1k", "st_fagans_interior_1k", "MtTamWest", "GoldenGate"
)  # fmt: skip
"""Kept for validation and, in the case of the Golden Gate, for the sample image."""

HELD_OUT_NUCLEI = 30
"""The last images of the folder, by name, are not used for training."""

DEEP_OR_SUBSAMPLED = ("Leaves", "Trunks", "CrissyField", "Flowers", "MtTamNorth")
"""Deep pixels, or chroma at half size: five pictures do not justify a reader for them."""

LAT_LONG = ("KernerEnvLatLong", "StageEnvLatLong")
CLEAN_SKIMAGE = ("astronaut", "coffee", "chelsea", "rocket")
VIEWS_PER_PANORAMA = 8
SMALLEST_SIDE = 128
LARGEST_SIDE = 400
NUCLEI_SIDE = 256
"""Larger pictures are halved before they are packed: they are scenes with a lot of one texture."""


@dataclass(frozen=True)
class TrainingData:
    """Everything that training reads.

    Attributes
    ----------
    pictures : list of list of ndarray, shape (H, W, 3), float32
        Metered linear light; each picture is followed by its halves.
    nuclei : list of ndarray, shape (H, W), float32
        Clean nuclei on black.
    """

    pictures: list[list[Picture]]
    nuclei: list[Signal]


def load(packed: Path) -> TrainingData:
    """Read a packed file, and make the smaller sizes of the pictures."""
    with np.load(packed) as content:
        arrays = {name: content[name].astype(np.float32) for name in content.files}
    return TrainingData(
        [sizes_of(array) for name, array in arrays.items() if name.startswith("picture")],
        [array for name, array in arrays.items() if name.startswith("nuclei")],
    )


def pack(data: Path, output: Path) -> None:
    """Read all training images, check them against the list, and write them as float16."""
    files = training_files(data)
    check(files, data)
    arrays = {
        f"picture-{number:03}": shrunk(picture) for number, picture in enumerate(pictures(files))
    }
    for number, path in enumerate(_named(files, "dsb2018")):
        middle = cut_from_middle(clean_nuclei(read_grey(path)), NUCLEI_SIDE)
        arrays[f"nuclei-{number:03}"] = middle
    packed: dict[str, Any] = {name: half(array) for name, array in arrays.items()}
    np.savez_compressed(output, **packed)


def half(array: Picture) -> np.ndarray:
    """Return float16 with steps of 1.6 %, which compress well; simulated noise is far larger."""
    rounded = array.clip(0, np.finfo(np.float16).max).astype(np.float16)
    return (rounded.view(np.uint16) & np.uint16(0xFFF0)).view(np.float16)


def cut_from_middle(picture: Signal, side: int) -> Signal:
    """Return the middle of a picture, at most `side` pixels high and wide."""
    row, column = (max(0, (length - side) // 2) for length in picture.shape)
    return picture[row : row + side, column : column + side]


def training_files(data: Path) -> list[Path]:
    """Return the paths of all training images, in the order of the list."""
    unused = (*HELD_OUT, *DEEP_OR_SUBSAMPLED)
    found = []
    for pattern in ("hdr/polyhaven/*.hdr", "hdr/openexr/*.exr", "photos/kodak/*.png"):
        paths = sorted(path for path in data.glob(pattern) if path.stem not in unused)
        if not paths:
            raise SystemExit(f"There are no {pattern} files in {data}.")
        found += paths
    nuclei = sorted((data / "microscopy/dsb2018").glob("*.png"))
    return found + nuclei[:-HELD_OUT_NUCLEI]


def check(files: list[Path], data: Path) -> None:
    """Compare files with the list of training images, which is written if there is none."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(data).as_posix()}\n"
        for path in files
    ]
    if not LIST.exists():
        LIST.write_text("".join(lines), encoding="utf-8")
    expected = LIST.read_text(encoding="utf-8").splitlines(keepends=True)
    if different := sorted(set(lines) ^ set(expected)):
        raise SystemExit(
            f"{len(different)} training images are not those of {LIST.name}, such as "
            f"{different[0].split()[1]}; use the listed files, or remove the list for a new one."
        )


def pictures(files: list[Path]) -> Iterator[Picture]:
    """Yield metered pictures in linear light."""
    # Imported here: a machine that only trains has no reader of Radiance files.
    import skimage.data
    from panoramas import read_radiance

    for path in files:
        if path.suffix == ".hdr":
            yield from map(metered, _views(read_radiance(path)))
        elif path.suffix == ".exr":
            picture = read_openexr(path)
            views = _views(picture) if path.stem in LAT_LONG else [picture]
            yield from map(metered, views)
        elif path.parent.name == "kodak":
            yield metered(read_photo(path))
    for name in CLEAN_SKIMAGE:
        photo = getattr(skimage.data, name)()[..., :3].astype(np.float32)
        yield metered(decode_srgb(photo / np.float32(255)))


def metered(picture: Picture) -> Picture:
    """Return a picture whose geometric mean is middle grey."""
    return (picture * np.float32(meter(picture))).astype(np.float32)


def sizes_of(picture: Picture) -> list[Picture]:
    """Return a picture and its halves: crops see detail and whole scenes."""
    sizes = [picture]
    while min(sizes[-1].shape[:2]) >= SMALLEST_SIDE:
        sizes.append(halved(sizes[-1]))
    return sizes


def shrunk(picture: Picture) -> Picture:
    """Return a picture whose shorter side is at most `LARGEST_SIDE`."""
    while min(picture.shape[:2]) > LARGEST_SIDE:
        picture = halved(picture)
    return picture


def halved(picture: Picture) -> Picture:
    """Return a picture of half the size: means of 2x2 pixels."""
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    blocks = picture[:height, :width].reshape(height // 2, 2, width // 2, 2, 3)
    half_size: Picture = blocks.mean(axis=(1, 3), dtype=np.float32)
    return half_size


def read_openexr(path: Path) -> Picture:
    """Read a flat OpenEXR picture, colour or grey, as linear light of shape (H, W, 3)."""
    import OpenEXR

    with OpenEXR.File(str(path)) as file:
        channels = file.channels()
        name = next(name for name in ("RGB", "RGBA", "Y") if name in channels)
        pixels = np.asarray(channels[name].pixels, dtype=np.float32)
    pixels = pixels[..., :3] if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    return np.nan_to_num(pixels, posinf=65504.0).clip(0, None)


def read_photo(path: Path) -> Picture:
    """Read an 8-bit photo as linear light of shape (H, W, 3)."""
    from PIL import Image

    photo = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32)
    return decode_srgb(photo / np.float32(255))


def read_grey(path: Path) -> np.ndarray:
    """Read an 8-bit picture whose colours are equal, shape (H, W)."""
    from PIL import Image

    return np.asarray(Image.open(path).convert("L"))


def _views(panorama: Picture) -> Iterator[Picture]:
    from panoramas import rectilinear_view

    generator = np.random.default_rng(0)
    for index in range(VIEWS_PER_PANORAMA):
        yield rectilinear_view(
            panorama,
            yaw=360 * index / VIEWS_PER_PANORAMA + generator.uniform(0, 40),
            pitch=generator.uniform(-25, 25),
            field_of_view=generator.uniform(60, 100),
            size=(256, 256),
        )


def _named(files: list[Path], folder: str) -> list[Path]:
    return [path for path in files if path.parent.name == folder]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with hdr/, photos/, ...")
    parser.add_argument("--output", type=Path, required=True, help="file to write, .npz")
    arguments = parser.parse_args()
    pack(arguments.data, arguments.output)


if __name__ == "__main__":
    main()
