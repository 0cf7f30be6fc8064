"""Which tags of a page are kept as they are, and which cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from napari_zerodce.imaging.files.photos import xmp
from napari_zerodce.imaging.files.tiff.directory import EXIF, ByteOrder, Directory, Tag
from napari_zerodce.imaging.files.tiff.geotiff import PLACE_ON_EARTH

DESCRIPTION, SOFTWARE, XMP, IPTC, COLORMAP, PROFILE = 270, 305, 700, 33723, 320, 34675
ACROSS, DOWN, UNIT = 282, 283, 296  # resolution
MICRO_MANAGER, IMAGEJ = 51123, (50838, 50839)
GEOTIFF: Final = PLACE_ON_EARTH | {33550, 34735, 34736, 34737, 42112, 42113}
_EXIF_SIZES: Final = {40962: 40963, 40963: 40962}  # width and height

_STRUCTURE: Final = (
    # what the writer says of the new pixels: sizes, samples, strips and tiles, compression
    frozenset({254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 338, 339})
    | frozenset({*range(322, 326), 330, 347, *range(512, 522), *range(529, 533), 559})
    | frozenset({*range(32995, 32999), 34675, 50674, 50675})
    # what is no longer true: orientation, codes of colours that are RGB now, old fax and print
    | frozenset({263, 264, 265, 274, 288, 289, 290, 291, 292, 293, 321, *range(326, 329)})
    | frozenset({332, 333, 334, 336, 337, 342, 400, 33421, 33422})
    # resolution, which is written from numbers of its own
    | frozenset({ACROSS, DOWN, UNIT})
)
_OTHERS: Final = {
    37724: "Photoshop layers",
    **dict.fromkeys((*range(33628, 33632),), "MetaMorph tags"),
    **dict.fromkeys((33471, 33560), "SIS tags"),
    **dict.fromkeys((*range(33445, 33453),), "MD Gel tags"),
    **dict.fromkeys((34361, 34362, 34386), "FluoView tags"),
    34412: "LSM information",
    **dict.fromkeys(range(50706, 50838), "DNG tags"),
    **dict.fromkeys(range(50840, 51123), "DNG tags"),
    **dict.fromkeys(range(51124, 51190), "DNG tags"),
    **dict.fromkeys(range(65420, 65460), "Hamamatsu tags"),
}
_MAY_BE_PLACES: Final = {4: "u4", 13: "u4", 16: "u8", 18: "u8"}
_INTEGERS_OF_STANDARDS: Final = frozenset(
    {280, 281, 297, 301, 318, 319, 340, 341, IPTC, *IMAGEJ, *GEOTIFF, 18246, 18249, 34377}
)

WRITTEN_APART: Final = frozenset({ACROSS, DOWN, UNIT, PROFILE})
"""Tags that the writer takes as options; a page has them if others have other ones."""

NOT_READ: Final = (_STRUCTURE | frozenset(_OTHERS)) - {274} - WRITTEN_APART


def kept(page: Directory, byteorder: ByteOrder, size: int, *, colormap: bool) -> Directory:
    """Return a page's directory without the tags that only its own pixels and file make true.

    Parameters
    ----------
    page : Directory
    byteorder : {"<", ">"}
    size : int
        Of the file, in bytes: a private tag may hold a place in it.
    colormap : bool
        Whether the colours of samples stay those of the palette.
    """
    gone = (_STRUCTURE - WRITTEN_APART) | frozenset(_OTHERS)
    gone |= frozenset() if colormap else {COLORMAP}
    tags = {
        code: tag
        for code, tag in page.tags.items()
        if code not in gone and not _may_be_place(code, tag, byteorder, size)
    }
    return Directory(tags, page.nested)


def upright(page: Directory, orientation: object) -> Directory:
    """Return a page's directory that is true of the upright image.

    Parameters
    ----------
    page : Directory
    orientation : object
        The number that TIFF gives to an orientation; any other value counts as 1.
    """
    if orientation not in range(2, 9):
        return page
    turned, found, nested = orientation in range(5, 9), dict(page.tags), dict(page.nested)
    if turned:
        other = {ACROSS: DOWN, DOWN: ACROSS}
        found |= {code: page.tags[other[code]] for code in other if other[code] in page.tags}
    if XMP in found:
        found[XMP] = replace(found[XMP], value=xmp.fitted(found[XMP].value, turned=turned))
    if turned and EXIF in nested:
        inside = dict(nested[EXIF].tags)
        exchanged = {_EXIF_SIZES[code]: inside.pop(code) for code in _EXIF_SIZES if code in inside}
        nested[EXIF] = replace(nested[EXIF], tags=inside | exchanged)
    return Directory(found, nested)


def without_what_all_share(pages: Sequence[Directory]) -> list[Directory]:
    """Return pages without the profile and the resolution, if these are those of all.

    Parameters
    ----------
    pages : sequence of Directory
    """
    groups = {PROFILE}, {ACROSS, DOWN, UNIT}
    gone = {code for codes in groups if _is_shared(pages, codes) for code in codes}
    return [
        replace(page, tags={code: tag for code, tag in page.tags.items() if code not in gone})
        for page in pages
    ]


def _is_shared(pages: Sequence[Directory], codes: set[int]) -> bool:
    return len({tuple(page.tags.get(code) for code in sorted(codes)) for page in pages}) < 2


def of_no_slide(page: Directory) -> Directory:
    """Return a page's directory whose description does not begin like that of an Aperio slide.

    Readers of slides take the second page of such a file for a thumbnail.

    Parameters
    ----------
    page : Directory
    """
    found = dict(page.tags)
    if DESCRIPTION in found and found[DESCRIPTION].value.startswith(b"Aperio"):
        found[DESCRIPTION] = replace(found[DESCRIPTION], value=b"From " + found[DESCRIPTION].value)
    return replace(page, tags=found)


def without_place(page: Directory) -> Directory:
    """Return a page's directory that does not say where on earth the first pixel is.

    Parameters
    ----------
    page : Directory
    """
    tags = {code: tag for code, tag in page.tags.items() if code not in PLACE_ON_EARTH}
    return Directory(tags, page.nested)


def _may_be_place(code: int, tag: Tag, byteorder: ByteOrder, size: int) -> bool:
    if tag.dtype not in _MAY_BE_PLACES or code in _INTEGERS_OF_STANDARDS:
        return False
    values = np.frombuffer(tag.value, np.dtype(_MAY_BE_PLACES[tag.dtype]).newbyteorder(byteorder))
    return bool(((values >= 8) & (values < size)).any())


def names_of_lost(codes: set[int], kept_codes: set[int]) -> tuple[str, ...]:
    """Return names of the tags that the result cannot have, for users.

    Parameters
    ----------
    codes : set of int
        All tags of the page.
    kept_codes : set of int
        Those that are kept.
    """
    lost = codes - kept_codes - _STRUCTURE - {COLORMAP}
    return tuple(dict.fromkeys(_OTHERS.get(code, f"tag {code}") for code in sorted(lost)))
