"""Make the two sample images of the package: a night photo and dim fluorescent cells.

    python scripts/make_samples.py --data DATA

DATA holds ``hdr/openexr/GoldenGate.exr`` and ``microscopy/human/d2.tif``;
src/napari_zerodce/samples/README.md lists the images' licences and changes.
Needs ``pip install OpenEXR pillow tifffile`` besides the package.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from simulated_photos import SensorNoise, meter, photograph
from train_bundled import read_openexr

from napari_zerodce.training.exposures import expose

SAMPLES = Path(__file__).parents[1] / "src/napari_zerodce/samples"
SIZE = (640, 480)

STOPS = -4.5
NIGHT_NOISE = SensorNoise(shot=1e-5, read=1e-4)
"""A large sensor: more noise would hide the city's lights after enhancement."""

PHOTONS = 500
OFFSET = 100
READ_NOISE = 3.0
"""A scientific camera: grey values are photo-electrons above an offset of 100."""


def night_photo(data: Path) -> NDArray[np.uint8]:
    """Return the Golden Gate, 4.5 stops underexposed: shape (480, 640, 3)."""
    scene = read_openexr(data / "hdr/openexr/GoldenGate.exr")
    height, width = scene.shape[0], scene.shape[0] * SIZE[0] // SIZE[1]
    scene = expose(scene[:height, :width], float(np.log2(meter(scene))))
    # Clipped before it is shrunk: otherwise a lamp far brighter than white spreads over pixels.
    small = shrink(np.minimum(scene, 2.0**-STOPS))
    shot = photograph(small, STOPS, noise=NIGHT_NOISE, generator=np.random.default_rng(0))
    return np.round(shot * 255).astype(np.uint8)


def shrink(scene: NDArray[np.float32]) -> NDArray[np.float32]:
    """Resize linear light to the sample's size.

    It takes averages, as the pixels of a camera do: sharper kernels have negative lobes, which give
    every lamp a black ring that only enhancement shows.
    """
    channels = [Image.fromarray(np.ascontiguousarray(scene[..., index])) for index in range(3)]
    smaller = [np.asarray(channel.resize(SIZE, Image.Resampling.BOX)) for channel in channels]
    return np.stack(smaller, axis=-1).clip(0, None)


def dim_cells(data: Path) -> NDArray[np.uint16]:
    """Return cells from a 16-bit camera in too little light: shape (512, 512)."""
    cells = tifffile.imread(data / "microscopy/human/d2.tif").astype(np.float64)
    signal = (cells - cells.min()) / (cells.max() - cells.min()) * PHOTONS
    generator = np.random.default_rng(0)
    counts = generator.poisson(signal) + OFFSET + generator.normal(0, READ_NOISE, signal.shape)
    grey_values: NDArray[np.uint16] = np.round(counts).clip(0, 65535).astype(np.uint16)
    return grey_values


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with hdr/ and microscopy/")
    data = parser.parse_args().data
    Image.fromarray(night_photo(data)).save(SAMPLES / "night.png", optimize=True)
    tifffile.imwrite(SAMPLES / "cells.tif", dim_cells(data), compression="zlib")


if __name__ == "__main__":
    main()
