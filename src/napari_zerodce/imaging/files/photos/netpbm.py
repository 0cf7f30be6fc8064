"""PGM and PPM: samples of any depth, and a comment."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL.PpmImagePlugin import PpmImageFile

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.photos.facts import facts_beyond, text_of
from napari_zerodce.imaging.files.photos.pixels import channels_of, check_claim, image_of
from napari_zerodce.imaging.planes import layout_of

KIND: Final = FileKind("PGM and PPM", (".ppm", ".pgm", ".pnm"))

_HELD: Final = {"comment"}
_COMMENT: Final = re.compile(rb"# ?([^\r\n]*)")

_DEEP: Final = {b"P5": 1, b"P6": 3}
"""Kinds with binary samples, and their number for each pixel."""


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a PGM or PPM."""
    with PpmImageFile(path) as photo:
        check_claim(photo, path)
        _, _, offset, args = photo.tile[0]
        with path.open("rb") as file:
            header = file.read(offset)
        most = _largest_sample(args)
        if (samples := _DEEP.get(header[:2])) and most > 255:
            image = _deep(path, (photo.height, photo.width, samples), offset, most)
        else:
            image = _shallow(image_of(photo, path, with_pixels=with_pixels))
    comment = "\n".join(text_of(each) for each in _COMMENT.findall(header))
    return replace(image, details={**image.details, "comment": comment}) if comment else image


def _shallow(image: ImageFile) -> ImageFile:
    is_deep = image.array.dtype == np.int32  # written as text; Pillow has scaled it to 16
    return replace(image, array=image.array.astype(np.uint16)) if is_deep else image


def _largest_sample(args: Any) -> int:
    """Return what white is, from what Pillow tells its decoder."""
    if args == "I;16B" or (isinstance(args, tuple) and args[:1] == ("I;16B",)):
        return 65535
    found = args[1] if isinstance(args, tuple) and len(args) == 2 else 255
    return found if isinstance(found, int) else 255


def _deep(path: Path, shape: tuple[int, int, int], offset: int, most: int) -> ImageFile:
    """Read samples of two bytes, which Pillow would make smaller or larger."""
    count = shape[0] * shape[1] * shape[2]
    check_room(4 * count, path)
    array = np.fromfile(path, ">u2", count, offset=offset).astype(np.uint16).reshape(shape)
    bits = most.bit_length()
    if most != 2**bits - 1:
        array = (array.astype(np.uint32) * 65535 // most).astype(np.uint16)
        bits = 16
    array = array[..., 0] if shape[2] == 1 else array
    return ImageFile(array, channels_of(array), bits=None if bits == 16 else bits)


def can_hold(image: ImageFile, suffix: str) -> bool:
    """Return whether a file can hold an image: an opaque plane of 8 or 16 bits, grey in a .pgm."""
    leading = layout_of(image.array, channels=image.channels).leading
    known = image.array.dtype.newbyteorder("=") in {np.dtype("u1"), np.dtype("u2")}
    fits = image.channels == "mono" or (image.channels == "rgb" and suffix != ".pgm")
    return not leading and known and fits


def not_held(image: ImageFile, _suffix: str) -> list[str]:
    """Return names of the facts of an image that such a file cannot hold."""
    return facts_beyond(image, _HELD)


def write(path: Path, image: ImageFile) -> None:
    """Write a PGM if the image is grey, otherwise a PPM."""
    array = image.array
    deep = array.dtype.itemsize == 2
    most = 255 if not deep else 2 ** (image.bits or 16) - 1
    kind = "P5" if image.channels == "mono" else "P6"
    height, width = array.shape[:2]
    with path.open("wb") as file:
        file.write(f"{kind}\n{_commented(image)}{width} {height}\n{most}\n".encode())
        file.write(np.ascontiguousarray(array, ">u2" if deep else np.uint8).tobytes())


def _commented(image: ImageFile) -> str:
    lines = image.details.get("comment", "").splitlines()
    return "".join(f"# {line}\n" for line in lines)
