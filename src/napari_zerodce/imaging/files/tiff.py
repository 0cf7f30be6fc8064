"""TIFF and its dialects: planes and colours in our order, and the facts for an equal file."""

from __future__ import annotations

import math
import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import tifffile

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.image_file import MAPPED_FROM, ImageFile, check_room, upright
from napari_zerodce.imaging.planes import Array, Channels, layout_of

SUFFIXES: Final = (".tif", ".tiff")
LOSSY: Final = ()

_COMPRESSIONS = {
    tifffile.COMPRESSION.LZW: "lzw",
    tifffile.COMPRESSION.ADOBE_DEFLATE: "zlib",
    tifffile.COMPRESSION.DEFLATE: "zlib",
    tifffile.COMPRESSION.ZSTD: "zstd",
    tifffile.COMPRESSION.PACKBITS: "packbits",
    tifffile.COMPRESSION.LZMA: "lzma",
}
_GREY = (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE)
_COLOURS = (tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.PALETTE)
_DTYPES = {
    "imagej": ("uint8", "uint16", "int16", "float32"),
    "ome": ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"),
}
_IMAGEJ_KEYS = frozenset(
    {"unit", "yunit", "zunit", "spacing", "finterval", "fps", "tunit", "loop", "mode"}
    | {"xorigin", "yorigin", "zorigin", "Info", "Labels", "LUTs", "Properties"}
)
_PREVIEW = 5  # an image with less than a fifth of the pixels is a preview of the other
_LARGEST_IMAGEJ = 2**32 - 2**25  # its offsets have 32 bits
_OME_KEYS = (
    *(f"PhysicalSize{axis}{unit}" for axis in "XYZ" for unit in ("", "Unit")),
    "TimeIncrement",
    "TimeIncrementUnit",
)


def read(path: Path) -> ImageFile:
    """Read the image of a TIFF: all pages of the same kind, without their previews.

    Raises
    ------
    ImageError
        If the file does not fit in memory, or holds several images of different kinds.
    Exception
        Any, if the file is damaged or its colours are neither grey nor RGB.
    """
    with tifffile.TiffFile(path) as file:
        series = _only_image(file, path)
        _check_last_page(file)
        page = series.keyframe
        number = [other is series for other in file.series].index(True)
        array, axes = _planes_last(_pixels(path, series, number), series.axes)
        details = _details(file, page)
    array = upright(array, _tag(page, "Orientation"), rows=array.ndim - 2 - ("S" in axes))
    # Not page.photometric, which has the same value for a file without this tag.
    white = _tag(page, "PhotometricInterpretation") == tifffile.PHOTOMETRIC.MINISWHITE
    if white and array.dtype.kind == "u":
        array = array.dtype.type(2**page.bitspersample - 1) - array
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and not file.is_imagej:
        array, axes = np.moveaxis(np.asarray(page.colormap)[:, array], 0, -1), axes + "S"
    array, axes, channels = _coloured(array, axes, page)
    return ImageFile(array, channels, details | {"axes": axes})


def _only_image(file: tifffile.TiffFile, path: Path) -> tifffile.TiffPageSeries:
    """Return the largest series, if the others are only previews, labels or masks of it."""
    if not file.series:
        raise ValueError("it holds no image")
    largest: tifffile.TiffPageSeries = max(file.series, key=lambda series: series.size)
    images = [
        series
        for series in file.series
        if series is largest
        or (series.size * _PREVIEW > largest.size and not series.keyframe.is_reduced)
    ]
    if len(images) > 1:
        shapes = ", ".join("x".join(map(str, series.shape)) for series in images[:3])
        raise ImageError(
            f"{path.name} holds {len(images)} images of different kinds ({shapes}"
            f"{', ...' if len(images) > 3 else ''}); save one of them as a separate file."
        )
    return largest


def _check_last_page(file: tifffile.TiffFile) -> None:
    """Refuse a file that is cut off between two pages, because tifffile would read the others."""
    tiff, handle = file.tiff, file.filehandle
    handle.seek(file.pages[len(file.pages) - 1].offset)
    (tags,) = struct.unpack(tiff.tagnoformat, handle.read(tiff.tagnosize))
    handle.seek(tags * tiff.tagsize, os.SEEK_CUR)
    (following,) = struct.unpack(tiff.offsetformat, handle.read(tiff.offsetsize))
    if following >= handle.size:
        raise ValueError("it ends before its last page")


def _pixels(path: Path, series: tifffile.TiffPageSeries, number: int) -> Array:
    offset, page = series.dataoffset, series.keyframe
    if offset is not None and page.is_memmappable and series.nbytes >= MAPPED_FROM:
        if offset + series.nbytes > path.stat().st_size:
            raise ValueError("it ends before its last pixel")
        return tifffile.memmap(path, series=number, mode="r")
    if len(page.dataoffsets) < math.prod(page.chunked):
        raise ValueError("it does not state the place of all its pixels")
    check_room(series.nbytes, path)
    return np.asarray(series.asarray())


def _planes_last(array: Array, axes: str) -> tuple[Array, str]:
    """Move rows, columns and samples to the end, because files may have them at any axis."""
    if not {"Y", "X"} <= set(axes):
        return array, axes
    last = "YXS" if "S" in axes else "YX"
    order = [axis for axis, name in enumerate(axes) if name not in last]
    order += [axes.index(name) for name in last]
    return array.transpose(order), "".join(axes[axis] for axis in order)


def _coloured(array: Array, axes: str, page: Any) -> tuple[Array, str, Channels]:
    """Return the image, with samples as colour if the file says so, and otherwise as channels."""
    if "S" not in axes:
        # The writer may not have known about colour: the shape then decides, as in napari.
        guessed = layout_of(array).channels if "Q" in axes and array.ndim == len(axes) else "mono"
        return array, axes if guessed == "mono" else axes[:-3] + "YXS", guessed
    plain = page.compression in {tifffile.COMPRESSION.NONE, *_COMPRESSIONS}
    photos = () if plain else (tifffile.PHOTOMETRIC.YCBCR,)  # JPEG and others decode it to RGB
    if page.photometric not in (*_GREY, *_COLOURS, *photos):
        name = getattr(page.photometric, "name", page.photometric)
        raise ValueError(f"its colours are {name}; convert it to RGB")
    if page.photometric in _GREY and array.shape[-1] == 2 and any(page.extrasamples):
        array = array[..., [0, 0, 0, 1]]  # grey and alpha
    elif page.photometric in _GREY or array.shape[-1] not in {3, 4}:
        return np.moveaxis(array, -1, -3), axes.replace("YXS", "SYX"), "mono"
    return array, axes, "rgb" if array.shape[-1] == 3 else "rgba"


# ---- the other facts in a file


def _details(file: tifffile.TiffFile, page: Any) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if page.extrasamples in {(0,), (1,), (2,)}:
        details["alpha"] = tifffile.EXTRASAMPLE(page.extrasamples[0]).name
    if page.compression in _COMPRESSIONS:
        details["compression"] = _COMPRESSIONS[page.compression]
        details["predictor"] = page.predictor if page.predictor in {2, 3} else None
    resolution = _tag(page, "XResolution"), _tag(page, "YResolution")
    if all(isinstance(value, tuple) and all(value) for value in resolution):
        details["resolution"] = resolution
        details["resolutionunit"] = page.resolutionunit
    if profile := _tag(page, "InterColorProfile"):
        details["icc_profile"] = profile
    if file.is_imagej and file.imagej_metadata:
        known = {k: v for k, v in file.imagej_metadata.items() if k in _IMAGEJ_KEYS}
        details |= {"dialect": "imagej", "metadata": known}
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
            details["colormap"] = page.colormap
    elif file.is_ome and file.ome_metadata:
        # Invalid or unusual XML is no reason to refuse the image.
        with suppress(KeyError, TypeError, AttributeError, ValueError, SyntaxError):
            details |= {"dialect": "ome", "metadata": _ome_sizes(file.ome_metadata)}
    return details


def _tag(page: Any, name: str) -> Any:
    return page.tags[name].value if name in page.tags else None


def _ome_sizes(xml: str) -> dict[str, Any]:
    """Return the pixel sizes and channel names of the first image."""
    image = tifffile.xml2dict(xml)["OME"]["Image"]
    pixels = (image[0] if isinstance(image, list) else image)["Pixels"]
    sizes = {key: pixels[key] for key in _OME_KEYS if key in pixels}
    channels = pixels.get("Channel", [])
    names = [
        channel.get("Name") for channel in (channels if isinstance(channels, list) else [channels])
    ]
    if names and all(names):
        sizes["Channel"] = {"Name": names}
    return sizes


# ---- writing


def can_hold(_image: ImageFile, _suffix: str) -> bool:
    """Return True: a file can hold any image.

    Parameters
    ----------
    _image : ImageFile
    _suffix : str
    """
    return True


def write(path: Path, image: ImageFile) -> None:
    """Write an image, if possible in the dialect of the file that it comes from.

    Parameters
    ----------
    path : Path
    image : ImageFile
        Of any shape and dtype.
    """
    details, array = image.details, image.array
    keys = ("compression", "predictor", "resolution", "resolutionunit")
    options = {key: details[key] for key in keys if key in details}
    if "dpi" in details:
        options |= {"resolution": details["dpi"], "resolutionunit": "INCH"}
    axes = details.get("axes", "")
    metadata = {"axes": axes} if len(axes) == array.ndim else {}
    dialect = _possible_dialect(image)
    if dialect:
        metadata |= details["metadata"]
    if dialect == "imagej":  # ImageJ reads neither
        options = {k: v for k, v in options.items() if k not in {"compression", "predictor"}}
        options["colormap"] = details.get("colormap")
    if image.channels != "mono":
        options["planarconfig"] = "contig"
    if image.channels == "rgba":
        options["extrasamples"] = [details.get("alpha", "UNASSALPHA")]
    tifffile.imwrite(
        path,
        array,
        photometric="minisblack" if image.channels == "mono" else "rgb",
        imagej=dialect == "imagej",
        ome=dialect == "ome",
        metadata=metadata,
        iccprofile=details.get("icc_profile"),
        **options,
    )


def _possible_dialect(image: ImageFile) -> str | None:
    """Return the dialect of the image's original file, or None if it cannot hold this array."""
    array, axes = image.array, image.details.get("axes", "")
    dialect: str | None = image.details.get("dialect")
    if len(axes) != array.ndim or len(set(axes)) != len(axes) or not set(axes) <= set("TZCYXS"):
        return None
    if image.channels == "mono" and array.shape[-1] == 1:
        return None  # tifffile would take the columns for the samples of a pixel
    if array.dtype.name not in _DTYPES.get(dialect or "", ()):
        return None
    if dialect == "ome":
        return dialect
    ordered = "".join(axis for axis in "TZCYXS" if axis in axes) == axes
    plain = image.channels == "mono" or array.dtype == np.uint8
    return dialect if ordered and plain and array.nbytes < _LARGEST_IMAGEJ else None
