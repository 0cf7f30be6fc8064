"""Saved images as OME-TIFF, page by page; a tag that others ignore holds what only we read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import tifffile

from napari_zerodce.imaging.files.image_file import MAPPED_FROM, check_room
from napari_zerodce.imaging.files.saved.image import (
    KEY,
    SAVED,
    Follow,
    SavedImage,
    is_mark,
    marked_image,
)
from napari_zerodce.imaging.planes import Array
from napari_zerodce.whole_file import whole_file

# Not .tif alone: napari chooses readers by the name, and would ask for every TIFF which one.
SUFFIXES: Final = (".zerodce.tif", ".zerodce.tiff")

_TAG = 65_123  # in the range from 65000 that TIFF leaves to everybody
_OME_DTYPES = frozenset(
    {"bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"}
    | {"complex64", "complex128"}
)
OME_UNITS = {
    "picometer": "pm", "nanometer": "nm", "micrometer": "µm", "micron": "µm", "millimeter": "mm",
    "centimeter": "cm", "meter": "m", "kilometer": "km", "angstrom": "Å", "inch": "in",
    "nanosecond": "ns", "microsecond": "µs", "millisecond": "ms", "second": "s", "minute": "min",
    "hour": "h", "day": "d",
}  # fmt: skip
_LARGEST_CLASSIC_TIFF = 2**32 - 2**25  # its offsets have 32 bits


def write(path: Path, image: SavedImage, follow: Follow) -> None:
    """Write an image page by page, without compression; of a pyramid, the finest level.

    OME has no int64 and no axes besides T, C and Z: such an image becomes a plain TIFF.

    Parameters
    ----------
    path : Path
    image : SavedImage
    follow : callable
    """
    colour = image.channels != "mono"
    ome = _is_ome(image)
    metadata = {"axes": image.axes + ("S" if colour else "")}
    with whole_file(path) as part:
        tifffile.imwrite(
            part,
            _pages(image, follow),
            shape=image.shape,
            dtype=_stored(image.dtype),
            byteorder=">" if image.dtype.byteorder == ">" else "<",
            bigtiff=image.size > _LARGEST_CLASSIC_TIFF,
            photometric="rgb" if colour else "minisblack",
            planarconfig="contig" if colour else None,
            extrasamples=["UNASSALPHA"] if image.channels == "rgba" else None,
            ome=ome,
            metadata=metadata | (_ome_facts(image) if ome else {}),
            extratags=[(_TAG, "s", 0, json.dumps({KEY: image.mark()}), True)],
        )


def _pages(image: SavedImage, follow: Follow) -> Iterator[Array]:
    pages = max(1, int(np.prod(image.leading)))
    for number, index in enumerate(np.ndindex(image.leading), start=1):
        yield image.plane(index).view(_stored(image.dtype))
        follow(number / pages)


def _stored(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype in the file: TIFF would pack eight booleans into a byte."""
    return np.dtype("u1") if dtype.kind == "b" else dtype


def _is_ome(image: SavedImage) -> bool:
    known = "Q" not in image.axes and not (image.channels != "mono" and "C" in image.axes)
    return known and image.dtype.name in _OME_DTYPES


def _ome_facts(image: SavedImage) -> dict[str, Any]:
    facts: dict[str, Any] = {"Name": image.name}
    for axis, scale, unit in zip(image.axes, image.scale, image.units, strict=True):
        short = OME_UNITS.get(unit)
        if short and scale > 0:
            key = {"T": "TimeIncrement", "C": ""}.get(axis, f"PhysicalSize{axis}")
            facts |= {key: float(scale), f"{key}Unit": short} if key else {}
    return facts


def mark_of(path: Path) -> Mapping[str, Any] | None:
    """Return the mark in a TIFF; only its first page is read.

    Parameters
    ----------
    path : Path
    """
    with tifffile.TiffFile(path) as file:
        return _mark_in(file)


def read(path: Path) -> SavedImage:
    """Read an image; a large one is mapped.

    Raises
    ------
    ValueError
        If this program did not save the file, or another one has changed it.
    """
    with tifffile.TiffFile(path) as file:
        mark = _mark_in(file)
        if mark is None:
            raise ValueError("it does not say how it was saved")
        array = _pixels(path, file.series[0])
    shape, dtype = tuple(mark[SAVED]["shape"]), mark[SAVED]["dtype"]
    if array.size == np.prod(shape):
        array = array.reshape(shape)  # tifffile drops axes of one pixel
    return marked_image(mark, (array.view(bool) if dtype == "bool" else array,))


def _pixels(path: Path, series: tifffile.TiffPageSeries) -> Array:
    if series.dataoffset is not None and series.nbytes >= MAPPED_FROM:
        return tifffile.memmap(path, mode="r")
    check_room(series.nbytes, path)
    return np.asarray(series.asarray())


def _mark_in(file: tifffile.TiffFile) -> Mapping[str, Any] | None:
    tag = file.pages.first.tags.get(_TAG)
    if tag is None:
        return None
    entry = json.loads(tag.value).get(KEY)
    return entry if is_mark(entry) else None
