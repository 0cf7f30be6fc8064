"""Measure how far half precision is from float32 in enhanced photos, in the range [0, 1].

    python benchmarks/precision.py PHOTO_OR_FOLDER... [--checkpoint NAME_OR_FILE]... [--device cpu]

`device.LARGEST_DEVIATION` states the largest of these numbers, rounded up.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from napari_zerodce.checkpoints.load import Checkpoint, load_checkpoint
from napari_zerodce.device import LARGEST_DEVIATION, Precision
from napari_zerodce.engine.enhance import enhance
from napari_zerodce.engine.requests import EnhanceRequest
from napari_zerodce.engine.settings import EnhanceSettings
from napari_zerodce.errors import ZeroDCEError
from napari_zerodce.imaging.files.images import READABLE_SUFFIXES, read_image
from napari_zerodce.imaging.intensity import WindowChoice

HALVES: tuple[Precision, ...] = ("bfloat16", "float16")


def photos(paths: list[Path]) -> Iterator[tuple[Path, np.ndarray]]:
    """Yield 8-bit RGB photos as float32 in [0, 1]."""
    for path in paths:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            if file.suffix.lower() not in READABLE_SUFFIXES:
                continue
            image = read_image(file)
            if image.channels == "rgb" and image.array.dtype == np.uint8:
                yield file, image.array / np.float32(255)


def deviations(
    photo: np.ndarray, checkpoint: Checkpoint, device: str, crop: int | None
) -> dict[Precision, tuple[float, float]]:
    """Return the largest and the mean deviation for each half precision."""
    if crop is not None:
        top, left = (max(0, (side - crop) // 2) for side in photo.shape[:2])
        photo = photo[top : top + crop, left : left + crop]

    def enhanced(precision: Precision) -> np.ndarray:
        request = EnhanceRequest(
            image=photo,
            channels="rgb",
            settings=EnhanceSettings(
                checkpoint=checkpoint,
                window=WindowChoice("range", 0, 1),
                device=device,
                precision=precision,
            ),
        )
        return enhance(request).image

    exact = enhanced("float32")
    found = {precision: np.abs(enhanced(precision) - exact) for precision in HALVES}
    return {name: (float(off.max()), float(off.mean())) for name, off in found.items()}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path, help="photos, or folders of photos")
    parser.add_argument("--checkpoint", action="append", help="default: the two bundled ones")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--crop", type=int, metavar="PIXELS", help="use the middle only")
    options = parser.parse_args()

    pictures = list(photos(options.paths))
    print(f"{len(pictures)} photos, {options.device}\n")
    print("| checkpoint | precision | largest | where | mean | stated |\n|---|---|---|---|---|---|")
    for source in options.checkpoint or ["zero-dce", "zero-dce-pp"]:
        try:
            checkpoint = load_checkpoint(source)
        except ZeroDCEError as error:
            print(f"| {source} | {error} |")
            continue
        measured = [
            (file, deviations(photo, checkpoint, options.device, options.crop))
            for file, photo in pictures
        ]
        for half in HALVES:
            if not measured:
                continue
            largest, where = max((found[half][0], file.name) for file, found in measured)
            mean = np.mean([found[half][1] for _, found in measured])
            print(
                f"| {checkpoint.info.name} | {half} | {largest:.5f} | {where} | {mean:.6f} "
                f"| {LARGEST_DEVIATION[half]} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
