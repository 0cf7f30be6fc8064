"""Make docs/images/fluorescence.png: a frame before, with gamma, with CLAHE, and enhanced.

    python benchmarks/fluorescence_picture.py d2.tif docs/images/fluorescence.png

d2.tif is the third channel of the human cells (CC0). The gamma gives the cells the same mean
brightness as the enhanced frame. All four are shown in the window of the source: its percentiles
0.1 and 99.9.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from comparison.fluorescence import matching_gamma, unit, window_of, with_gamma
from comparison.masks import masks_of
from PIL import Image, ImageDraw
from skimage.exposure import equalize_adapthist

from napari_zerodce import enhance
from napari_zerodce.imaging.files.images import read_image

CROP = np.s_[90:390, 70:370]
TITLE = 18
GAP = 4


def panels(frame: np.ndarray) -> dict[str, np.ndarray]:
    """Return the pictures by their titles, values in [0, 1]."""
    window = window_of(frame)
    source, enhanced = (unit(image, window).clip(0, 1) for image in (frame, enhance(frame)))
    cells = masks_of(frame).foreground
    gamma = matching_gamma(source, cells, float(enhanced[cells].mean()))
    return {
        "source": source,
        f"gamma {gamma:.2f}": with_gamma(source, gamma),
        "CLAHE": np.asarray(equalize_adapthist(source)),
        "napari-zerodce": enhanced,
    }


def main() -> None:
    """Run from the command line."""
    source, output = map(Path, sys.argv[1:])
    cut = {title: picture[CROP] for title, picture in panels(read_image(source).array).items()}
    height, width = next(iter(cut.values())).shape
    sheet = Image.new("L", (len(cut) * (width + GAP) - GAP, height + TITLE), 255)
    for number, (title, picture) in enumerate(cut.items()):
        left = number * (width + GAP)
        sheet.paste(Image.fromarray(np.round(picture * 255).astype(np.uint8)), (left, TITLE))
        ImageDraw.Draw(sheet).text((left + 2, 3), title, fill=0)
    sheet.save(output, optimize=True)


if __name__ == "__main__":
    main()
