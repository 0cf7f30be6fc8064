"""The images for training the fluorescence weights, packed in one file.

    python scripts/training_data.py --data DATA --output images.npz

DATA holds ``microscopy/dsb2018/*.png`` (BBBC038, CC0). ``scripts/training_images.txt`` lists the
files and their hashes; other files are refused, because they would give other weights.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from fluorescence_batches import clean_nuclei
from numpy.typing import NDArray
from simulated_frames import Signal

LIST = Path(__file__).with_name("training_images.txt")

HELD_OUT = 30
"""The last images of the folder, by name, are not used for training."""

LARGEST_SIDE = 256


def load(packed: Path) -> list[Signal]:
    """Read clean nuclei on black from a packed file."""
    with np.load(packed) as content:
        names = [name for name in content.files if name.startswith("nuclei")]
        return [content[name].astype(np.float32) for name in names]


def pack(data: Path, output: Path) -> None:
    """Read all training images, check them against the list, and write the middles of them."""
    files = training_files(data)
    check(files, data)
    packed: dict[str, Any] = {
        f"nuclei-{number:03}": half(cut_from_middle(clean_nuclei(read_grey(path)), LARGEST_SIDE))
        for number, path in enumerate(files)
    }
    np.savez_compressed(output, **packed)


def half(light: Signal) -> NDArray[np.float16]:
    """Return float16 with steps of 1.6 %, which compress well; simulated noise is far larger."""
    return (light.astype(np.float16).view(np.uint16) & np.uint16(0xFFF0)).view(np.float16)


def cut_from_middle(picture: Signal, side: int) -> Signal:
    """Return the middle of a picture, at most `side` pixels high and wide."""
    row, column = (max(0, (length - side) // 2) for length in picture.shape)
    return picture[row : row + side, column : column + side]


def training_files(data: Path) -> list[Path]:
    """Return the paths of the training images, in the order of the list."""
    files = sorted((data / "microscopy/dsb2018").glob("*.png"))[:-HELD_OUT]
    if not files:
        raise SystemExit(f"There are no images in {data / 'microscopy/dsb2018'}.")
    return files


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


def read_grey(path: Path) -> NDArray[np.uint8]:
    """Read an 8-bit picture whose colours are equal, shape (H, W)."""
    from PIL import Image

    return np.asarray(Image.open(path).convert("L"))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with microscopy/")
    parser.add_argument("--output", type=Path, required=True, help="file to write, .npz")
    arguments = parser.parse_args()
    pack(arguments.data, arguments.output)


if __name__ == "__main__":
    main()
