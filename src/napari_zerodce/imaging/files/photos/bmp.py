"""BMP: opaque pixels of 8 bits, and their resolution."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL.BmpImagePlugin import BmpImageFile

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.photos.facts import facts_beyond, fitted, shared_facts
from napari_zerodce.imaging.files.photos.pixels import check_claim, image_of, pillow_images
from napari_zerodce.imaging.files.photos.signatures import Signature
from napari_zerodce.imaging.planes import layout_of

KIND: Final = FileKind("BMP", (".bmp",))
STARTS: Final = (Signature(0, b"BM"),)

_HELD: Final = {"dpi"}


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a BMP."""
    with BmpImageFile(path) as photo:
        check_claim(photo, path)
        image = image_of(photo, path, with_pixels=with_pixels)
        details = dict(image.details) | shared_facts(photo)
    return fitted(replace(image, details=details))


def can_hold(image: ImageFile, _suffix: str) -> bool:
    """Return whether a BMP can hold an image: an opaque plane of 8 bits."""
    leading = layout_of(image.array, channels=image.channels).leading
    return image.array.dtype == np.uint8 and not leading and image.channels != "rgba"


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold."""
    return facts_beyond(image, _HELD)


def write(path: Path, image: ImageFile) -> None:
    """Write a BMP."""
    known: dict[str, Any] = {key: image.details[key] for key in _HELD & {*image.details}}
    pillow_images(image)[0].save(path, "BMP", **known)
