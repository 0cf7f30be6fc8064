"""The crops of the study in one picture: a column for each arm."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from comparison.small_png import write_small_png
from PIL import Image, ImageDraw

from smoothness.arms import NETWORKS, Unit
from smoothness.measuring import CROP, SHOWN, crop_file

COLUMNS: Final = (
    "clean",
    "none",
    "order-1",
    "order-1-ten-times",
    "order-2-noise",
    "order-2-period",
    "order-3-period",
    "constant-maps",
    "detail-limit-2",
    "non-local-means",
)
_ENLARGED = 2
_GAP = 4
_HEAD = 14


def montage(work: Path) -> Image.Image:
    """Return the montage; what is not measured stays white."""
    cell = _ENLARGED * CROP + _GAP
    rows = [(network, number) for network in NETWORKS for number in SHOWN]
    size = (len(COLUMNS) * cell + _GAP, len(rows) * cell + _GAP + _HEAD)
    sheet = Image.new("RGB", size, "white")
    write = ImageDraw.Draw(sheet).text
    for column, arm in enumerate(COLUMNS):
        write((_GAP + column * cell, 1), arm, fill="black")
        for row, (network, number) in enumerate(rows):
            path = crop_file(work, Unit(arm, network, 0), number)
            if path.exists():
                crop = Image.open(path).resize((cell - _GAP,) * 2, Image.Resampling.NEAREST)
                sheet.paste(crop, (_GAP + column * cell, _HEAD + _GAP + row * cell))
    return sheet


def write_montage(work: Path, output: Path) -> None:
    """Write the montage with as many colours as 300 kB allow."""
    write_small_png(montage(work), output)
