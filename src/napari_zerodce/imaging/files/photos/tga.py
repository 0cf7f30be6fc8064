"""TGA: pixels of 8 bits, packed if those of the source are, and no facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL.TgaImagePlugin import TgaImageFile

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.photos.facts import facts_beyond
from napari_zerodce.imaging.files.photos.pixels import check_claim, image_of, pillow_images
from napari_zerodce.imaging.planes import layout_of

KIND: Final = FileKind("TGA", (".tga",))
"""It has none: the suffix must do."""


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a TGA."""
    with TgaImageFile(path) as photo:
        check_claim(photo, path)
        image = image_of(photo, path, with_pixels=with_pixels)
        packing = photo.info.get("compression")
    return replace(image, details=dict(image.details) | {"tga": {"compression": packing}})


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether a TGA can hold an image: a plane of 8 bits."""
    leading = layout_of(image.array, channels=image.channels).leading
    return image.array.dtype == np.uint8 and not leading


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold."""
    return facts_beyond(image, ())


def write(path: Path, image: ImageFile) -> None:
    """Write a TGA."""
    source = image.details.get("tga") or {}
    pillow_images(image)[0].save(path, "TGA", compression=source.get("compression"))
