"""Which pages of a TIFF are its images, and where their pixels are."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path
from typing import Final

import numpy as np
import tifffile

from napari_zerodce.errors import ImageError
from napari_zerodce.imaging.files.image_file import MAPPED_FROM, check_room
from napari_zerodce.imaging.planes import Array

_PREVIEW: Final = 5  # an image with less than a fifth of the pixels is a preview of the other


def only_image(file: tifffile.TiffFile, path: Path) -> tifffile.TiffPageSeries:
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


def check_last_page(file: tifffile.TiffFile) -> None:
    """Refuse a file that is cut off between two pages, because tifffile would read the others."""
    tiff, handle = file.tiff, file.filehandle
    handle.seek(file.pages[len(file.pages) - 1].offset)
    (tags,) = struct.unpack(tiff.tagnoformat, handle.read(tiff.tagnosize))
    handle.seek(tags * tiff.tagsize, os.SEEK_CUR)
    (following,) = struct.unpack(tiff.offsetformat, handle.read(tiff.offsetsize))
    if following >= handle.size:
        raise ValueError("it ends before its last page")


def pixels(path: Path, series: tifffile.TiffPageSeries, number: int) -> Array:
    """Return the pixels of a series; large ones without compression are mapped.

    Parameters
    ----------
    path : Path
    series : TiffPageSeries
    number : int
        Of the series in the file.

    Raises
    ------
    ImageError
        If they do not fit in memory.
    ValueError
        If the file does not hold all of them.
    """
    offset, page = series.dataoffset, series.keyframe
    if offset is not None and page.is_memmappable and series.nbytes >= MAPPED_FROM:
        if offset + series.nbytes > path.stat().st_size:
            raise ValueError("it ends before its last pixel")
        return tifffile.memmap(path, series=number, mode="r")
    if len(page.dataoffsets) < math.prod(page.chunked):
        raise ValueError("it does not state the place of all its pixels")
    check_room(series.nbytes, path)
    return np.asarray(series.asarray())
