"""Image files in and out: PNG, JPEG, BMP, TIFF and .npy, each by a library that knows it."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import psutil
import tifffile
from PIL import Image, ImageOps, UnidentifiedImageError

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.planes import Array, Channels, layout_of

_TIFF = (".tif", ".tiff")
_PHOTO = (".png", ".jpg", ".jpeg", ".bmp")
READABLE_SUFFIXES = (*_PHOTO, *_TIFF, ".npy")

_JPEG_QUALITY = 95


@dataclass(frozen=True)
class ImageFile:
    """An image and what its file said besides.

    Parameters
    ----------
    array : ndarray
        Shape (..., H, W), (..., H, W, 3) or (..., H, W, 4); maybe a read-only memory map.
    channels : {"mono", "rgb", "rgba"}
        Grey with alpha is read as rgba.
    details : mapping
        Keyword arguments for the library that writes the same kind of file: colour profile and
        dots per inch for photos, axes, resolution and compression for TIFF.
    """

    array: Array
    channels: Channels
    details: Mapping[str, Any] = field(default_factory=dict)


def read_image(path: str | Path) -> ImageFile:
    """Read an image file.

    Parameters
    ----------
    path : str or Path
        PNG, JPEG (turned as its EXIF orientation says), BMP, TIFF or .npy, told by the suffix.

    Raises
    ------
    ImageError
        If there is no such file, its kind is not known, it is damaged, or it does not fit in memory.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if path.is_dir():
        raise ImageError(f"{path} is a folder, and an image file was expected; choose a file in it.")
    if suffix not in READABLE_SUFFIXES:
        raise ImageError(f"{path.name} has the suffix {suffix!r}; images are {', '.join(READABLE_SUFFIXES)}.")
    read = _read_npy if suffix == ".npy" else _read_tiff if suffix in _TIFF else _read_photo
    with _failures_as_image_errors(path, "cannot be read"), _quiet_libraries():
        image = read(path)
    layout_of(image.array, channels=image.channels)  # a mask, or no pixels: said here, with the others
    return image


def write_image(path: str | Path, image: ImageFile, *, overwrite: bool = False) -> Path:
    """Write an image file; the suffix decides which kind.

    The file appears under its name only when it is whole: it is written beside it and renamed.

    Raises
    ------
    ImageError
        If the file exists and `overwrite` is false, the kind of file cannot hold the image, or the
        folder cannot be written to.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if path.exists() and not overwrite:
        raise ImageError(f"{path} exists already; choose another output, or overwrite it.")
    write = _writer_for(suffix, image, path)
    with _failures_as_image_errors(path, "cannot be written"), _quiet_libraries():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=f".part{suffix}", prefix=f".{path.stem}.", dir=path.parent)
        os.close(handle)
        part = Path(name)
        try:
            write(part, image)
            part.chmod(0o666 & ~_umask())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


# ---- reading


def _read_npy(path: Path) -> ImageFile:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return ImageFile(array, layout_of(array).channels)


def _read_tiff(path: Path) -> ImageFile:
    with tifffile.TiffFile(path) as file:
        if not file.series:
            raise ValueError("there is no image in it")
        series, page = file.series[0], file.pages.first
        _check_room(series.nbytes, path)
        array, axes = series.asarray(), series.axes
        details = _tiff_details(file, axes)
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE and array.ndim == len(axes):
            colours = np.asarray(page.colormap)
            return ImageFile(np.moveaxis(colours[:, array], 0, -1), "rgb", {})
    if "S" not in axes:
        return ImageFile(array, "mono", details)
    array = np.moveaxis(array, axes.index("S"), -1)
    details["metadata"]["axes"] = axes.replace("S", "") + "S"
    return _with_colours(array, details)


def _tiff_details(file: tifffile.TiffFile, axes: str) -> dict[str, Any]:
    page = file.pages.first
    details: dict[str, Any] = {"metadata": {"axes": axes}}
    if page.compression in (tifffile.COMPRESSION.ADOBE_DEFLATE, tifffile.COMPRESSION.LZW):
        details["compression"] = page.compression
    if "XResolution" in page.tags and "YResolution" in page.tags:
        details["resolution"] = page.get_resolution()
        details["resolutionunit"] = page.resolutionunit
    if file.is_imagej and file.imagej_metadata:
        known = ("unit", "spacing", "finterval", "fps", "loop", "mode")
        details["imagej"] = True
        details["metadata"] |= {k: v for k, v in file.imagej_metadata.items() if k in known}
    return details


def _with_colours(array: Array, details: dict[str, Any]) -> ImageFile:
    if array.shape[-1] == 2:  # grey and alpha
        array = array[..., [0, 0, 0, 1]]
    kinds: dict[int, Channels] = {1: "mono", 3: "rgb", 4: "rgba"}
    if array.shape[-1] not in kinds:
        raise ValueError(f"it has {array.shape[-1]} samples for each pixel, and 1 to 4 are understood")
    return ImageFile(array[..., 0] if array.shape[-1] == 1 else array, kinds[array.shape[-1]], details)


def _read_photo(path: Path) -> ImageFile:
    with Image.open(path) as photo:
        _check_room(photo.width * photo.height * 4, path)
        details = {key: photo.info[key] for key in ("icc_profile", "dpi") if key in photo.info}
        if photo.format == "PNG" and _is_deep_colour(path):
            return _with_colours(imagecodecs.png_decode(path.read_bytes()), details)
        mode = photo.mode
        if mode == "1":
            array = np.asarray(photo)  # bool: refused as a mask
        elif mode in ("L", "I;16", "I;16B", "I"):
            array = np.asarray(ImageOps.exif_transpose(photo))
            array = array.astype(np.uint16) if mode == "I" and photo.format == "PNG" else array
        else:
            transparent = mode in ("RGBA", "LA", "PA") or "transparency" in photo.info
            turned = ImageOps.exif_transpose(photo)
            array = np.asarray(turned.convert("RGBA" if transparent else "RGB"))
    return ImageFile(array, {2: "mono", 3: "rgb"}[array.ndim], details) if array.shape[-1] != 4 or array.ndim == 2 \
        else ImageFile(array, "rgba", details)


def _is_deep_colour(path: Path) -> bool:
    """Whether a PNG has colour or alpha at 16 bits, which Pillow would cut down to 8."""
    with path.open("rb") as file:
        header = file.read(26)
    depth, colour_type = header[24], header[25]
    return depth == 16 and colour_type != 0


def _check_room(size: int, path: Path) -> None:
    free = psutil.virtual_memory().available
    if size > free:
        raise ImageError(
            f"{path.name} needs {size / 2**30:.1f} GiB of memory and {free / 2**30:.1f} GiB are free; "
            "split it, or use a machine with more."
        )


# ---- writing


def _writer_for(suffix: str, image: ImageFile, path: Path) -> Callable[[Path, ImageFile], None]:
    dtype, flat = image.array.dtype, image.array.ndim == (2 if image.channels == "mono" else 3)
    eight, sixteen = dtype == np.uint8, dtype == np.uint16
    if suffix == ".npy":
        return _write_npy
    if suffix in _TIFF:
        return _write_tiff
    if suffix == ".png" and flat and (eight or sixteen):
        return _write_png
    if suffix in (".jpg", ".jpeg", ".bmp") and flat and eight and image.channels != "rgba":
        return _write_photo
    if suffix not in READABLE_SUFFIXES:
        raise ImageError(f"{path.name} has the suffix {suffix!r}; choose one of {', '.join(READABLE_SUFFIXES)}.")
    what = f"{'an image' if flat else 'a stack'} of {image.channels} {dtype.name}"
    raise ImageError(f"A {suffix} file cannot hold {what}; write {path.stem}.tif instead.")


def _write_npy(path: Path, image: ImageFile) -> None:
    np.save(path, image.array, allow_pickle=False)


def _write_tiff(path: Path, image: ImageFile) -> None:
    details = dict(image.details)
    tiff = {k: details[k] for k in ("compression", "resolution", "resolutionunit") if k in details}
    metadata = dict(details.get("metadata", {}))
    if len(metadata.get("axes", "")) != image.array.ndim:
        metadata.pop("axes", None)
    imagej = bool(details.get("imagej")) and image.array.dtype.name in ("uint8", "uint16", "float32")
    if imagej:
        tiff.pop("compression", None)
        tiff.pop("resolutionunit", None)
    if image.channels == "rgba":
        tiff["extrasamples"] = ["unassalpha"]
    photometric = "minisblack" if image.channels == "mono" else "rgb"
    tifffile.imwrite(
        path, image.array, photometric=photometric, imagej=imagej, metadata=metadata, **tiff
    )


def _write_png(path: Path, image: ImageFile) -> None:
    if image.array.dtype == np.uint16:
        path.write_bytes(imagecodecs.png_encode(np.ascontiguousarray(image.array)))
    else:
        _write_photo(path, image)


def _write_photo(path: Path, image: ImageFile) -> None:
    details = {k: v for k, v in image.details.items() if k in ("icc_profile", "dpi")}
    if path.suffix.lower() in (".jpg", ".jpeg"):
        details |= {"quality": _JPEG_QUALITY, "subsampling": 0}
    Image.fromarray(np.ascontiguousarray(image.array)).save(path, **details)


# ---- what goes wrong


@contextmanager
def _failures_as_image_errors(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as err:
        raise ImageError(f"There is no file {path}; check the path.") from err
    except PermissionError as err:
        raise ImageError(f"{path} {what}: permission denied; check its rights and its folder's.") from err
    except MemoryError as err:
        raise ImageError(f"{path.name} {what}: it does not fit in memory; split it.") from err
    except UnidentifiedImageError as err:
        raise ImageError(
            f"{path.name} {what}: its content is no {path.suffix[1:].upper()} image; open it in a viewer to check."
        ) from err
    except (OSError, ValueError, TypeError, KeyError, IndexError, EOFError, SyntaxError, RuntimeError,
            tifffile.TiffFileError) as err:  # fmt: skip
        # Damaged files make decoders fail in every way there is.
        reason = (str(err).strip() or type(err).__name__).splitlines()[0]
        raise ImageError(f"{path.name} {what}: {reason}; the file may be damaged or of another kind.") from err


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Let damaged and large files be told by our sentences alone."""
    logger, largest = logging.getLogger("tifffile"), Image.MAX_IMAGE_PIXELS
    was_disabled = logger.disabled
    logger.disabled, Image.MAX_IMAGE_PIXELS = True, None  # _check_room knows the real limit
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled, Image.MAX_IMAGE_PIXELS = was_disabled, largest
