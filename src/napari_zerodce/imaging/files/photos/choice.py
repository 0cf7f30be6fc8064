"""Which module reads a photo, by its first bytes, and which one writes it, by its suffix."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.photos import (
    avif,
    bmp,
    gif,
    heif,
    jpeg,
    jpeg2000,
    jpegxl,
    netpbm,
    png,
    qoi,
    tga,
    webp,
)
from napari_zerodce.imaging.files.photos.facts import with_true_sizes
from napari_zerodce.imaging.files.photos.only_here import only_in_other_photos
from napari_zerodce.imaging.files.sample_depth import limited, spread
from napari_zerodce.signatures import LENGTH, content_at_start


class _PhotoFormat(Protocol):
    """A module that reads and writes photos of one kind."""

    @property
    def KIND(self) -> FileKind:  # noqa: N802  a constant of the module
        """The kind of its files."""
        ...

    def read(self, path: Path, *, with_pixels: bool = True) -> ImageFile: ...

    def can_hold(self, image: ImageFile, suffix: str, /) -> bool: ...

    def not_held(self, image: ImageFile, suffix: str, /) -> list[str]: ...

    def write(self, path: Path, image: ImageFile, /) -> None: ...


_PHOTOS: Final[tuple[_PhotoFormat, ...]] = (
    png,
    jpeg,
    bmp,
    webp,
    avif,
    gif,
    heif,
    jpeg2000,
    jpegxl,
    netpbm,
    tga,
    qoi,
)

KINDS: Final = tuple(each.KIND for each in _PHOTOS)

_BY_SUFFIX: Final = {suffix: each for each in _PHOTOS for suffix in each.KIND.suffixes}


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read a photo, turned as its facts say, or an animation as a stack over time.

    Parameters
    ----------
    path : Path
        Its first bytes decide the format, if they are those of a photo.

    Raises
    ------
    ImageError
        If the file needs a package that is not installed, or does not fit in memory.
    Exception
        Any, if the file is damaged or of another kind.
    """
    return _read(path, with_pixels=True)


def outline(path: Path) -> tuple[ImageFile, ...]:
    """Return what `read` does, without the pixels if the header tells all the rest.

    Parameters
    ----------
    path, raises
        As for `read`.
    """
    return _read(path, with_pixels=False)


def _read(path: Path, *, with_pixels: bool) -> tuple[ImageFile, ...]:
    with path.open("rb") as file:
        start = file.read(LENGTH)
    photo = _recognised(start, path)
    photo.KIND.check_installed(path.name)
    try:
        return (photo.read(path, with_pixels=with_pixels),)
    except (struct.error, IndexError) as err:
        raise ValueError("it ends in the middle of a fact") from err


def _recognised(start: bytes, path: Path) -> _PhotoFormat:
    content = content_at_start(start)
    if content and content.suffix in _BY_SUFFIX:
        return _BY_SUFFIX[content.suffix]
    named = _BY_SUFFIX[path.suffix.lower()]
    if named is tga:  # nothing can be recognised
        return named
    raise ValueError(f"it does not begin like {named.KIND.title} or another photo")


def can_hold(images: Sequence[ImageFile], suffix: str) -> bool:
    """Return whether a file can hold images: one plane, or one animation.

    Parameters
    ----------
    images : sequence of ImageFile
    suffix : str
    """
    return len(images) == 1 and _BY_SUFFIX[suffix].can_hold(images[0], suffix)


def left_out(images: Sequence[ImageFile], suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that a file cannot hold.

    Parameters
    ----------
    images : sequence of ImageFile
        One image that `can_hold` accepts.
    suffix : str
    """
    photo, (image,) = _BY_SUFFIX[suffix], images
    others = only_in_other_photos(image.details, photo.KIND.title)
    return tuple(dict.fromkeys((*photo.not_held(image, suffix), *others)))


def write(path: Path, images: Sequence[ImageFile]) -> None:
    """Write a plane or an animation.

    Parameters
    ----------
    path : Path
        The suffix decides the format.
    images : sequence of ImageFile
        One image that `can_hold` accepts.
    """
    _BY_SUFFIX[path.suffix.lower()].write(path, _in_range(with_true_sizes(images[0])))


def _in_range(image: ImageFile) -> ImageFile:
    """Return an image whose white is that of its bits, or 255: no photo has fewer than 8 bits."""
    if image.bits is None or image.array.dtype.kind != "u":
        return image
    if image.array.dtype.itemsize == 1:
        return replace(image, array=spread(image.array, image.bits), bits=None)
    return replace(image, array=limited(image.array, image.bits))
