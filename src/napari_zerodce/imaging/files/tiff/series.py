"""Which pages of a TIFF are its images, and where their pixels are."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import tifffile

from napari_zerodce.imaging.files.image_file import MAPPED_FROM, check_room, without_pixels
from napari_zerodce.imaging.files.tiff import libtiff
from napari_zerodce.imaging.planes import Array

Series = tifffile.TiffPageSeries

_SLIDES: Final = frozenset({"svs", "ndpi", "scn", "qpi", "bif", "philips"})
_IN_A_ROW: Final = frozenset({"imagej", "shaped"})
_BESIDE_A_SLIDE: Final = frozenset({"label", "macro", "map", "thumbnail"})


def images_of(file: tifffile.TiffFile) -> list[Series]:
    """Return the images of a file in the order of their pages, without reduced copies.

    Reduced are pages that the file marks so, pages below other pages, and the label, the macro and
    the thumbnail of a slide. If all are reduced, the largest is the image.

    Parameters
    ----------
    file : TiffFile

    Raises
    ------
    ValueError
        If there is no image.
    """
    every = [level for series in file.series for level in _levels(series)]
    if not every:
        raise ValueError("it holds no image")
    full = [series for series in every if not _is_reduced(series)]
    main = [series for series in full if not series.keyframe.is_subifd]
    images = main or full or [max(every, key=lambda series: series.size)]
    return sorted(images, key=lambda series: pages_of(series)[:1])


def series_of(file: tifffile.TiffFile) -> list[Series]:
    """Return the images that a file tells of; empty if what it tells is invalid.

    Parameters
    ----------
    file : TiffFile
    """
    # tifffile takes what XML and other descriptions say on trust.
    with suppress(KeyError, ValueError, TypeError, IndexError, AttributeError, ZeroDivisionError):
        return list(file.series)
    return []


def beside(file: tifffile.TiffFile) -> tuple[str, ...]:
    """Return what is in a file of a slide beside the slide, such as "label".

    Parameters
    ----------
    file : TiffFile
    """
    names = (each.name.lower() for each in series_of(file) if each.kind in _SLIDES)
    return tuple(dict.fromkeys(name for name in names if name in _BESIDE_A_SLIDE))


def holds_all_pages(file: tifffile.TiffFile) -> bool:
    """Return whether each page of the file belongs to a series, or is a reduced copy.

    A file of ImageJ or OME may hold pages beside those that its description tells of.

    Parameters
    ----------
    file : TiffFile
    """
    if file.series and file.series[0].kind in {*_SLIDES, "lsm", "stk", "generic", "uniform"}:
        return True
    series = [level for each in file.series for level in each.levels]
    told = {number for each in series for number in pages_of(each)}
    others = set(range(len(file.pages))) - told
    return all(file.pages[number].aspage().is_reduced for number in others)


def pages_of(series: Series) -> tuple[int, ...]:
    """Return the numbers of the pages of a series, without those that other pages contain.

    Parameters
    ----------
    series : TiffPageSeries
    """
    first = series.keyframe.index
    if series.kind in _IN_A_ROW and isinstance(first, int):  # to read each page takes long
        count = min(len(series), len(series.keyframe.parent.pages) - first)
        return tuple(range(first, first + count))
    indices = (page.index for page in series.pages if page is not None)
    return tuple(int(np.ravel(index)[0]) for index in indices)


def _levels(series: Series) -> list[Series]:
    """Return the levels that are images of their own: tifffile judges them by their sizes alone."""
    reduced = reduced_levels(series)
    return [series, *(each for each in series.levels[1:] if each not in reduced)]


def reduced_levels(series: Series) -> list[Series]:
    """Return the smaller copies of an image.

    Parameters
    ----------
    series : TiffPageSeries
    """
    if series.kind in _SLIDES:
        return list(series.levels[1:])
    return [each for each in series.levels[1:] if _is_reduced(each) or each.keyframe.is_subifd]


def _is_reduced(series: Series) -> bool:
    beside = series.kind in _SLIDES and series.name.lower() in _BESIDE_A_SLIDE
    return series.keyframe.is_reduced or beside


def outline_of(_path: Path, series: Series) -> Array:
    """Return the shape and the dtype of a series as an array without pixels.

    Parameters
    ----------
    _path : Path
    series : TiffPageSeries
    """
    return without_pixels(series.shape, bool if series.keyframe.dtype == bool else series.dtype)


def pixels(path: Path, series: Series) -> Array:
    """Return the pixels of a series; large ones without compression are mapped.

    Parameters
    ----------
    path : Path
    series : TiffPageSeries

    Raises
    ------
    ImageError
        If they do not fit in memory.
    ValueError
        If the file does not hold all of them, or its compression is unknown.
    """
    offset, page = series.dataoffset, series.keyframe
    _check_decoders(page)
    if libtiff.is_needed(page):
        return libtiff.pixels(path, series.shape, pages_of(series), page)
    if offset is not None and page.is_memmappable and series.nbytes >= MAPPED_FROM:
        if offset + series.nbytes > path.stat().st_size:
            raise ValueError("it ends before its last pixel")
        dtype: np.dtype[Any] = np.dtype(page.parent.byteorder + series.dtype.char)
        return np.memmap(path, dtype, "r", offset, series.shape)
    if page.compression not in tifffile.TIFF.DECOMPRESSORS:
        name = getattr(page.compression, "name", page.compression)
        raise ValueError(f"unsupported compression {name}")
    if len(page.dataoffsets) < math.prod(page.chunked):
        raise ValueError("it does not state the place of all its pixels")
    check_room(series.nbytes, path)
    array = np.asarray(series.asarray())
    return array.astype(bool) if page.dtype == bool else array  # decoders of faxes give 0 and 255


def _check_decoders(page: tifffile.TiffPage) -> None:
    """Refuse what the decoders read as noise."""
    if page.bitspersample == 24 and page.parent.byteorder == ">":
        raise ValueError("its samples have 24 bits and are big-endian; save it with 16 or 32 bits")
