"""QOI, which is read alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL.QoiImagePlugin import QoiImageFile

from napari_zerodce.imaging.files.file_kind import FileKind
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.photos.pixels import image_of

KIND: Final = FileKind("QOI", (".qoi",), is_written=False, result=".png")


def read(path: Path, *, with_pixels: bool = True) -> ImageFile:
    """Read a QOI."""
    with QoiImageFile(path) as photo:
        return image_of(photo, path, with_pixels=with_pixels)


def can_hold(_image: ImageFile, _suffix: str) -> bool:
    """Return False: QOI is not written."""
    return False


def not_held(_image: ImageFile, _suffix: str) -> list[str]:
    """Return nothing: QOI is not written."""
    return []


def write(path: Path, _image: ImageFile) -> None:
    """Refuse to write a QOI."""
    raise ValueError(f"{path.suffix} files are read alone")
