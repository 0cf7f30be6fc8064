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
from napari_zerodce.imaging.files.tiff.chain import meanings_of
from napari_zerodce.imaging.files.tiff.once import once_per_file
from napari_zerodce.imaging.planes import Array

Series = tifffile.TiffPageSeries

_SLIDES: Final = frozenset({"svs", "ndpi", "scn", "qpi", "bif", "philips"})
_PLAIN: Final = frozenset({"generic", "uniform"})
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
    every = [part for series in file.series for each in _levels(series) for part in _parts(each)]
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


@once_per_file
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


def _parts(series: Series) -> list[Series]:
    """Return a series, or its pages one by one if tifffile joins what is no stack.

    It compares their shapes and their codecs, but neither orientations, palettes nor profiles.
    """
    pages = [page for page in series.pages if page is not None]
    if series.kind not in _PLAIN or len(pages) < 2 or series.keyframe.is_subifd:
        return [series]
    meanings = meanings_of(series.keyframe.parent)
    alike = len({meanings[page.offset] for page in pages if page.offset in meanings}) < 2
    if alike and not _has_copies_between(series):
        return [series]
    own = [page.aspage() for page in pages]
    return [Series([page], page.shape, page.dtype, page.axes, kind=series.kind) for page in own]


def _has_copies_between(series: Series) -> bool:
    """Return whether a smaller copy stands before the last page."""
    copies = [page for level in reduced_levels(series) for page in pages_of(level)]
    return bool(copies) and min(copies) < max(pages_of(series))


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
    _check_end(series, path.stat().st_size)
    check_room(series.nbytes, path)
    array = np.asarray(series.asarray())
    return array.astype(bool) if page.dtype == bool else array  # decoders of faxes give 0 and 255


def _check_decoders(page: tifffile.TiffPage) -> None:
    """Refuse what the decoders read as noise."""
    if page.bitspersample == 24 and page.parent.byteorder == ">":
        raise ValueError("unsupported samples, of 24 bits and big-endian")


def _check_end(series: Series, size: int) -> None:
    """Refuse a series whose strips or tiles end behind the file: decoders fill up what lacks."""
    pages = [page for page in series.pages if page is not None]
    if any(_missing(page, size) > _surplus(page) for page in pages):
        raise ValueError("it ends before its last pixel")


def _missing(page: Any, size: int) -> int:
    places = zip(page.dataoffsets, page.databytecounts, strict=False)
    ends = (int(start) + int(count) for start, count in places if start and count)
    return sum(max(0, end - size) for end in ends)


def _surplus(page: Any) -> int:
    """Return how many bytes an uncompressed page has in its strips, but does not need."""
    first = page.keyframe
    if first.compression != tifffile.COMPRESSION.NONE:
        return 0
    bits = first.bitspersample if isinstance(first.bitspersample, int) else 8
    return max(0, sum(map(int, page.databytecounts)) - int(first.size) * bits // 8)
