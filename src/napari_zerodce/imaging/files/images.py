"""How image files are read and written, by their suffix, with one sentence for each failure."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files import photos, raw, tiff, video
from napari_zerodce.imaging.files.content import content_of
from napari_zerodce.imaging.files.failures import quiet_libraries, reading_told, writing_told
from napari_zerodce.imaging.files.formats import (
    BY_SUFFIX,
    LISTED,
    READABLE_SUFFIXES,
    WRITABLE_SUFFIXES,
    check_installed,
    format_of,
    kind_of,
    only_in_others,
)
from napari_zerodce.imaging.files.frame_times import uneven
from napari_zerodce.imaging.files.image_file import ImageFile, count_of
from napari_zerodce.imaging.files.image_format import ImageFormat
from napari_zerodce.imaging.files.ome_zarr import is_ome_zarr, ome_zarr_above
from napari_zerodce.imaging.files.photos import gif
from napari_zerodce.imaging.planes import layout_of
from napari_zerodce.signatures import Content
from napari_zerodce.whole_file import whole_file

__all__ = [
    "READABLE_SUFFIXES",
    "WRITABLE_SUFFIXES",
    "ImageFile",
    "kind_of",
    "outline_images",
    "read_image",
    "read_images",
    "write_image",
    "write_images",
]


def read_image(path: str | Path) -> ImageFile:
    """Read a file of one image, as `read_images` does.

    Raises
    ------
    ImageError
        As `read_images`; also if the file holds images of different sizes or kinds.
    """
    first, *others = read_images(path)
    if others:
        sizes = ", ".join("x".join(map(str, each.array.shape)) for each in (first, *others[:2]))
        raise ImageError(
            f"{Path(path).name} holds {count_of((first, *others))} images of different kinds "
            f"({sizes}{', ...' if len(others) > 2 else ''}); 'napari-zerodce enhance' takes all of "
            "them, and one with --series N."
        )
    return first


def read_images(path: str | Path) -> tuple[ImageFile, ...]:
    """Read all images of a file.

    Parameters
    ----------
    path : str or Path
        A photo is turned as its EXIF orientation says. The suffix decides the format.

    Returns
    -------
    tuple of ImageFile
        Pages and series of one shape, dtype and kind are one image.

    Raises
    ------
    ImageError
        If the file does not exist, has an unknown suffix, needs a package that is not installed, is
        damaged, holds a mask or no pixels, or does not fit in memory.
    """
    path = Path(path)
    return _read(path, lambda form: form.read)


def outline_images(path: str | Path) -> tuple[ImageFile, ...]:
    """Return the images of a file as `read_images` does, but without reading pixels if possible.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    tuple of ImageFile
        Their shapes, dtypes, channels, axes and bits are true. The values of their samples mean
        nothing, and damage after the header is not seen.

    Raises
    ------
    ImageError
        As `read_images` does.
    """
    return _read(Path(path), lambda form: getattr(form, "outline", form.read))


_Read = Callable[[Path], tuple[ImageFile, ...]]


def _read(path: Path, reader_in: Callable[[ImageFormat], _Read]) -> tuple[ImageFile, ...]:
    _refuse_what_is_no_file(path)
    _refuse_other_kinds(path)
    form, _ = format_of(path)
    check_installed(path)
    with reading_told(path), quiet_libraries():
        images = _read_or_say_what_it_is(form, path, reader_in(form))
        for image in images:  # refuses masks and images without pixels
            layout_of(image.array, channels=image.channels)
    return images


def _refuse_other_kinds(path: Path) -> None:
    """Say what a file without one of our suffixes is."""
    if path.suffix.lower() in BY_SUFFIX or not path.is_file():
        return
    if whole := ome_zarr_above(path):
        raise ImageError(
            f"{path.name} is a part of the OME-Zarr {whole.name}; give the whole image, "
            f"{str(whole)!r}."
        )
    with reading_told(path):
        content = content_of(path)
    if content:
        raise ImageError(_said(path, content))


def _read_or_say_what_it_is(form: ImageFormat, path: Path, read: _Read) -> tuple[ImageFile, ...]:
    try:
        return read(path)
    except MemoryError:
        raise
    except Exception as err:
        content = content_of(path)
        if content and not _is_of(content, form, path.suffix.lower()):
            raise ImageError(_said(path, content)) from err
        raise


def _is_of(content: Content, form: ImageFormat, suffix: str) -> bool:
    """Return whether a file of a format may have a content; RAW photos begin as TIFF does."""
    found = BY_SUFFIX[content.suffix][0] if content.suffix in BY_SUFFIX else None
    return found is form or suffix in content.also or (form is raw and found is tiff)


def _said(path: Path, content: Content) -> str:
    suffix = path.suffix.lower()
    if content.suffix in BY_SUFFIX:
        return (
            f"{path.name} is {content.title}, but its suffix is {path.suffix!r}; rename it to "
            f"{path.stem}{content.suffix}."
        )
    if suffix in BY_SUFFIX:
        what = "video" if suffix in video.SUFFIXES else "image"
        return (
            f"{path.name} is {content.title}, and no {suffix} {what}; give one of a kind that "
            f"{LISTED}."
        )
    return (
        f"{path.name} is valid, but not supported: it is {content.title}; convert it to a kind "
        f"that {LISTED}."
    )


def write_image(path: str | Path, image: ImageFile, *, overwrite: bool = False) -> Path:
    """Write a file of one image, as `write_images` does."""
    return write_images(path, (image,), overwrite=overwrite)


def write_images(path: str | Path, images: Sequence[ImageFile], *, overwrite: bool = False) -> Path:
    """Write images into one file; the suffix decides the format.

    The function writes a temporary file in the same folder and renames it, so the image file
    appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        Missing folders are created.
    images : sequence of ImageFile
    overwrite : bool
        Whether an existing file is replaced.

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    ImageError
        If the file exists and `overwrite` is False, the format cannot hold the images, or writing
        fails. An existing file then stays unchanged.
    """
    path = Path(path)
    _refuse_what_is_no_file(path)
    if os.path.lexists(path) and not overwrite:
        raise ImageError(f"{path} exists already; choose another output, or overwrite it.")
    form = _writer_for(path, images)
    # The file is written under another name, but those of a set tell the names of each other.
    images = [replace(each, details={**each.details, "file_name": path.name}) for each in images]
    with writing_told(path), quiet_libraries():
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            form.write(part, images)
    return path


def _refuse_what_is_no_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # missing, forbidden or an invalid name: opening it says so
        return
    if stat.S_ISDIR(mode) and is_ome_zarr(path):
        raise ImageError(
            f"{path} is the folder of an OME-Zarr, but a file is expected here; save the image as "
            "a TIFF, and give that."
        )
    if stat.S_ISDIR(mode):
        raise ImageError(f"{path} is a folder, but a file is expected; give the path of a file.")
    if not stat.S_ISREG(mode):
        raise ImageError(
            f"{path} is a device or a pipe, but a file is expected; save the image to a file first."
        )


def check_writable(path: str | Path, images: Sequence[ImageFile]) -> None:
    """Raise an `ImageError` if the format of a file cannot hold images.

    Parameters
    ----------
    path : str or Path
        The suffix decides the format. The file need not exist.
    images : sequence of ImageFile
    """
    _writer_for(Path(path), images)


def left_out(path: str | Path, images: Sequence[ImageFile]) -> tuple[str, ...]:
    """Return names of the facts that a file cannot hold, such as "IPTC".

    Parameters
    ----------
    path : str or Path
        The suffix decides the format, which can hold the images. The file need not exist.
    images : sequence of ImageFile
    """
    form, suffix = format_of(Path(path))[0], Path(path).suffix.lower()
    names = [*form.left_out(images, suffix)]
    if form not in {photos, video}:
        names += uneven(images)
    return (*names, *only_in_others(images, suffix))


def has_fewer_colours(path: str | Path, images: Sequence[ImageFile]) -> bool:
    """Return whether a file may have fewer colours than its images, as a GIF has.

    Parameters
    ----------
    path : str or Path
        The suffix decides the format. The file need not exist.
    images : sequence of ImageFile
        From files of any kind. Those of a GIF have few colours already.
    """
    return Path(path).suffix.lower() in gif.KIND.suffixes and any(
        map(gif.has_fewer_colours, images)
    )


def lost(images: Sequence[ImageFile]) -> tuple[str, ...]:
    """Return names of what reading could not keep for any output, such as "CMYK".

    Parameters
    ----------
    images : sequence of ImageFile
    """
    names = (name for image in images for name in image.details.get("lost", ()))
    return tuple(dict.fromkeys(names))


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
        form, kind = BY_SUFFIX[suffix]
        if kind.is_written and not kind.is_lossy and form.can_hold((image,), suffix):
            return suffix
    return ".tif"


def _writer_for(path: Path, images: Sequence[ImageFile]) -> ImageFormat:
    form, kind = format_of(path)
    for image in images:  # refuses masks and images without pixels
        layout_of(image.array, channels=image.channels)
    suffix = path.suffix.lower()
    if not kind.is_written:
        raise ImageError(f"{kind.title} is read, but not written; write {path.stem}.tif instead.")
    check_installed(path)
    if form.can_hold(images, suffix):
        return form
    raise ImageError(
        f"A {suffix} file cannot hold {_described(images)}; write {path.stem}.tif instead."
    )


def _described(images: Sequence[ImageFile]) -> str:
    if len(images) > 1:
        return f"{count_of(images)} images"
    (image,) = images
    size = "x".join(map(str, image.array.shape))
    return f"a {size} {image.channels} image of {image.array.dtype.name}"
