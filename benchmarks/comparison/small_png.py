"""A montage as a PNG with as many colours as 300 kB allow."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from PIL import Image

MOST_BYTES: Final = 300_000


def write_small_png(sheet: Image.Image, output: Path) -> None:
    """Write a picture with at most 256 colours, without dithering, and say its size."""
    for colours in (256, 192, 128, 96, 64, 48):
        buffer = io.BytesIO()
        # Without dithering, which would be noise of its own; the method keeps rare dark colours.
        few = sheet.quantize(colours, Image.Quantize.MAXCOVERAGE, 2, dither=Image.Dither.NONE)
        few.save(buffer, "PNG", optimize=True)
        if buffer.tell() <= MOST_BYTES:
            break
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(buffer.getvalue())
    print(f"{output}: {buffer.tell() / 1000:.0f} kB, {colours} colours")
