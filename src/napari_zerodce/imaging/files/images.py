"""How image files are read and written, by their suffix, with one sentence for each failure."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import npy, photos, tiff
from napari_zerodce.imaging.files.failures import quiet_libraries, reading_told, writing_told
from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.image_format import ImageFormat
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.whole_file import whole_file

__all__ = ["READABLE_SUFFIXES", "ImageFile", "read_image", "write_image"]

FORMATS: Final[tuple[ImageFormat, ...]] = (photos, tiff, npy)
"""All formats. To add one, write one module and add it here."""

READABLE_SUFFIXES: Final = tuple(suffix for form in FORMATS for suffix in form.SUFFIXES)


def read_image(path: str | Path) -> ImageFile:
    """Read an image file.

    Parameters
    ----------
    path : str or Path
        PNG, JPEG (turned as its EXIF orientation says), BMP, TIFF or .npy; the suffix decides the
        format.

    Raises
    ------
    ImageError
        If the file does not exist, has an unknown suffix, is damaged, holds a mask or no pixels, or
        does not fit in memory.
    """
    path = Path(path)
    _refuse_what_is_no_file(path)
    form = _format_of(path)
    with reading_told(path), quiet_libraries():
        image = form.read(path)
        layout_of(image.array, channels=image.channels)  # refuses masks and images without pixels
    return image


def write_image(path: str | Path, image: ImageFile, *, overwrite: bool = False) -> Path:
    """Write an image file; the suffix decides the format.

    The function writes a temporary file in the same folder and renames it, so the image file
    appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        Missing folders are created.
    image : ImageFile
    overwrite : bool
        Whether an existing file is replaced.

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    ImageError
        If the file exists and `overwrite` is False, the format cannot hold the image, or writing
        fails. An existing file then stays unchanged.
    """
    path = Path(path)
    _refuse_what_is_no_file(path)
    if os.path.lexists(path) and not overwrite:
        raise ImageError(f"{path} exists already; choose another output, or overwrite it.")
    form = _writer_for(path, image)
    with writing_told(path), quiet_libraries():
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            form.write(part, image)
    return path


def _refuse_what_is_no_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # missing, forbidden or an invalid name: opening it says so
        return
    if stat.S_ISDIR(mode):
        raise ImageError(f"{path} is a folder, but a file is expected; give the path of a file.")
    if not stat.S_ISREG(mode):
        raise ImageError(
            f"{path} is a device or a pipe, but a file is expected; save the image to a file first."
        )


def _format_of(path: Path) -> ImageFormat:
    suffix = path.suffix.lower()
    for form in FORMATS:
        if suffix in form.SUFFIXES:
            return form
    raise ImageError(
        f"{path.name} has the suffix {path.suffix!r}; "
        f"choose a file with one of {', '.join(READABLE_SUFFIXES)}."
    )


def check_writable(path: str | Path, image: ImageFile) -> None:
    """Raise an `ImageError` if the format of a file cannot hold an image.

    Parameters
    ----------
    path : str or Path
        The suffix decides the format. The file need not exist.
    image : ImageFile
    """
    _writer_for(Path(path), image)


def lossless_suffix(path: Path, image: ImageFile) -> str:
    """Return the suffix of a format that keeps each sample: the file's own, or .png, or .tif.

    Parameters
    ----------
    path : Path
        A file that `read_image` reads.
    image : ImageFile
        What is to be written.
    """
    for suffix in (path.suffix.lower(), ".png"):
        form = _format_of(Path(f"image{suffix}"))
        if suffix not in form.LOSSY and form.can_hold(image, suffix):
            return suffix
    return ".tif"


def _writer_for(path: Path, image: ImageFile) -> ImageFormat:
    form = _format_of(path)
    layout_of(image.array, channels=image.channels)  # refuses masks and images without pixels
    suffix = path.suffix.lower()
    if form.can_hold(image, suffix):
        return form
    size = "x".join(map(str, image.array.shape))
    raise ImageError(
        f"A {suffix} file cannot hold a {size} {image.channels} image of {image.array.dtype.name}; "
        f"write {path.stem}.tif instead."
    )
