"""The pages that a file itself holds, if it is one file of a set, or says less than it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import permutations
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import numpy as np
import tifffile

from napari_zerodce.imaging.files.tiff import ome
from napari_zerodce.imaging.files.tiff.chain import check_chain
from napari_zerodce.imaging.files.tiff.companion import xml_about
from napari_zerodce.imaging.files.tiff.ome import xml_of
from napari_zerodce.imaging.files.tiff.once import once_per_file
from napari_zerodce.imaging.files.tiff.series import (
    Series,
    holds_all_pages,
    images_of,
    pages_of,
    series_of,
)

# tifffile opens the other files of Micro-Manager.
_UNTRUSTED: Final[dict[str, Any]] = {f"is_{kind}": False for kind in ("mmstack", "ndtiff")}
_DIALECTS: Final[dict[str, Any]] = {
    f"is_{kind}": False for kind in ("ome", "imagej", "shaped", "mdgel", "nih")
}
_LEADING: Final = "TZC"
BEYOND: Final = "beyond"
"""The kind of a page that another program has appended to a file that does not tell of it."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[tifffile.TiffFile, tifffile.TiffFile]]:
    """Open a TIFF twice if necessary: for what it says, and for the pages that it holds.

    Each file of a multi-file OME-TIFF tells of the planes in all files, and other programs append
    pages to files that tell of the first ones only.

    Parameters
    ----------
    path : Path

    Yields
    ------
    said, held : TiffFile
        The same file in most cases.
    """
    with tifffile.TiffFile(path, **_UNTRUSTED) as said:
        check_chain(said)
        if xml := _without_old_name(said):
            with tifffile.TiffFile(path, omexml=xml, **_UNTRUSTED) as renamed:
                check_chain(renamed)
                yield renamed, renamed
        elif not is_one_of_a_set(said) and series_of(said) and holds_all_pages(said):
            yield said, said
        else:
            with tifffile.TiffFile(path, **_UNTRUSTED, **_DIALECTS) as held:
                check_chain(held)
                yield said, held


def images_in(said: tifffile.TiffFile, held: tifffile.TiffFile) -> list[Series]:
    """Return the images that a file tells of, and the pages beyond them; each is an image.

    Parameters
    ----------
    said, held : TiffFile
        As `opened` yields them.

    Returns
    -------
    list of TiffPageSeries
        In the order of their pages; pages beyond are of the kind "beyond".
    """
    if said is held or is_one_of_a_set(said) or not _tells_true(said):
        return images_of(held)
    told = {page for series in said.series for each in series.levels for page in pages_of(each)}
    pages = [held.pages[number].aspage() for number in range(len(held.pages))]
    others = [page for page in pages if page.index not in told and not page.is_reduced]
    return [*images_of(said), *map(_alone, others)]


def _tells_true(file: tifffile.TiffFile) -> bool:
    """Return whether a file begins with all pages that its OME-XML or ImageJ's notes tell of."""
    series = series_of(file)
    every = sorted({page for image in series for page in pages_of(image)})
    whole = all(page is not None for image in series for page in image.pages)
    return bool(series) and (file.is_ome or file.is_imagej) and whole and every[0] == 0


def _alone(page: tifffile.TiffPage) -> Series:
    dtype = np.dtype(page.dtype)
    return Series([page], page.shape, dtype, page.axes, kind=BEYOND)


@once_per_file
def is_one_of_a_set(file: tifffile.TiffFile) -> bool:
    """Return whether the OME-XML of a file names other files.

    Parameters
    ----------
    file : TiffFile
    """
    root = _root(file)
    identifier = _identifier(file)
    own = {identifier} if identifier else ome.named_as(root, file.filename)
    return any((uuid.text or "").strip() not in own for uuid in root.iter("UUID"))


@once_per_file
def _root(file: tifffile.TiffFile) -> ET.Element:
    root = ome.known(xml_about(file) or "")
    return ET.Element("OME") if root is None else root


@once_per_file
def _identifier(file: tifffile.TiffFile) -> str | None:
    root = ome.known(xml_of(file) or "")
    return None if root is None else root.get("UUID")


def _without_old_name(file: tifffile.TiffFile) -> str | None:
    """Return OME-XML that names no file, if a renamed file is alone in it, and else None."""
    root = deepcopy(_root(file))
    uuids = list(root.iter("UUID"))
    alone = len({uuid.text for uuid in uuids}) == 1 and is_one_of_a_set(file)
    if not alone:
        return None
    data = [each for each in root.iter("TiffData") if each.findall("UUID")]
    if len(data) < len(uuids) or max(int(each.get("IFD", 0)) for each in data) >= len(file.pages):
        return None
    for each in data:
        for uuid in each.findall("UUID"):
            each.remove(uuid)
    return ome.as_text(root)


def leading_axes(file: tifffile.TiffFile, count: int) -> tuple[str, tuple[int, ...]] | None:
    """Return the axes along which a file of a set has its pages, None if the file does not say so.

    Parameters
    ----------
    file : TiffFile
    count : int
        Number of pages.

    Returns
    -------
    letters : str
        Some of "TZC", the first one outermost.
    lengths : tuple of int
    """
    places = _places(file)
    if sorted(places) != list(range(count)):
        return None
    found = np.array([places[page] for page in range(count)])
    values = [list(np.unique(column)) for column in found.T]
    varying = [axis for axis in range(len(_LEADING)) if len(values[axis]) > 1]
    for order in permutations(varying):
        lengths = tuple(len(values[axis]) for axis in order)
        grid = np.stack(np.meshgrid(*(values[axis] for axis in order), indexing="ij"), axis=-1)
        if np.array_equal(grid.reshape(-1, len(order)), found[:, list(order)]):
            return "".join(_LEADING[axis] for axis in order), lengths
    return None


def _places(file: tifffile.TiffFile) -> dict[int, tuple[int, ...]]:
    """Return the places in time, depth and channels of the pages that a file of a set holds."""
    return {
        int(data.get("IFD", 0)): tuple(int(data.get(f"First{letter}", 0)) for letter in _LEADING)
        for _, data in data_in(file)
    }


@once_per_file
def data_in(file: tifffile.TiffFile) -> list[tuple[int, ET.Element]]:
    """Return what OME-XML says of the pages that a file of a set holds.

    Parameters
    ----------
    file : TiffFile

    Returns
    -------
    list of tuple
        The number of the image, and the element.
    """
    return list(ome.data_of(_root(file), file.filename, _identifier(file)))
