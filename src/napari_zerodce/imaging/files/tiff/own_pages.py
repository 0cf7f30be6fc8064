"""The pages that a file itself holds, if it is one file of a set, or says less than it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import numpy as np
import tifffile

from napari_zerodce.imaging.files.tiff.chain import check_chain
from napari_zerodce.imaging.files.tiff.ome import xml_of
from napari_zerodce.imaging.files.tiff.once import once_per_file
from napari_zerodce.imaging.files.tiff.series import holds_all_pages, series_of

# tifffile opens the other files of Micro-Manager.
_UNTRUSTED: Final[dict[str, Any]] = {f"is_{kind}": False for kind in ("mmstack", "ndtiff")}
_DIALECTS: Final[dict[str, Any]] = {
    f"is_{kind}": False for kind in ("ome", "imagej", "shaped", "mdgel", "nih")
}
_LEADING: Final = "TZC"


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


def is_one_of_a_set(file: tifffile.TiffFile) -> bool:
    """Return whether the OME-XML of a file names other files.

    Parameters
    ----------
    file : TiffFile
    """
    root = _ome_root(file)
    own = {root.get("UUID")} if root.get("UUID") else _named(root, file.filename)
    return any(_text(uuid) not in own for uuid in _every(root, "UUID"))


def _without_old_name(file: tifffile.TiffFile) -> str | None:
    """Return OME-XML that names no file, if a renamed file is alone in it, and else None."""
    root = _ome_root(file)
    uuids = list(_every(root, "UUID"))
    alone = len({_text(uuid) for uuid in uuids}) == 1 and is_one_of_a_set(file)
    if not alone:
        return None
    data = [each for each in _every(root, "TiffData") if list(_every(each, "UUID"))]
    if len(data) < len(uuids) or max(int(each.get("IFD", 0)) for each in data) >= len(file.pages):
        return None
    for each in data:
        for uuid in list(_every(each, "UUID")):
            each.remove(uuid)
    return ET.tostring(root, encoding="unicode")


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
    root = _ome_root(file)
    own = _own_identifiers(root, file.filename)
    places: dict[int, tuple[int, ...]] = {}
    for data in _every(root, "TiffData"):
        if all(_text(uuid) in own for uuid in _every(data, "UUID")):
            place = tuple(int(data.get(f"First{letter}", 0)) for letter in _LEADING)
            places[int(data.get("IFD", 0))] = place
    return places


@once_per_file
def _ome_root(file: tifffile.TiffFile) -> ET.Element:
    try:
        return ET.fromstring(xml_of(file) or "<OME/>")  # noqa: S314  expat limits entities since 2.4
    except ET.ParseError:  # no reason to refuse the pixels
        return ET.Element("OME")


def _own_identifiers(root: ET.Element, name: str) -> set[str]:
    every = {_text(uuid) for uuid in _every(root, "UUID")}
    return {root.get("UUID", "")} & every or _named(root, name)


def _named(root: ET.Element, name: str) -> set[str]:
    uuids = _every(root, "UUID")
    return {_text(uuid) for uuid in uuids if uuid.get("FileName", name).lower() == name.lower()}


def _every(root: ET.Element, name: str) -> Iterator[Any]:
    return (element for element in root.iter() if element.tag.rpartition("}")[2] == name)


def _text(element: Any) -> str:
    return (element.text or "").strip()
