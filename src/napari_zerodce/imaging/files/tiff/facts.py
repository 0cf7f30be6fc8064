"""What a TIFF says beside its pixels."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import tifffile

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.tiff import instruments, ome, resolution, tags
from napari_zerodce.imaging.files.tiff.chain import places_of
from napari_zerodce.imaging.files.tiff.companion import xml_about
from napari_zerodce.imaging.files.tiff.compression import COMPRESSIONS, compression_of
from napari_zerodce.imaging.files.tiff.directory import (
    ByteOrder,
    Directory,
    Layout,
    codes_of,
    read_directory,
)
from napari_zerodce.imaging.files.tiff.exif import block_of
from napari_zerodce.imaging.files.tiff.micro_manager import Stack, stack_of
from napari_zerodce.imaging.files.tiff.once import once_per_file
from napari_zerodce.imaging.files.tiff.own_pages import BEYOND, data_in
from napari_zerodce.imaging.files.tiff.series import (
    Series,
    beside,
    pages_of,
    reduced_levels,
    series_of,
)

__all__ = ["COMPRESSIONS", "TiffFacts", "details_of", "facts_of", "tag_of", "with_pages"]

_IMAGEJ_KEYS: Final = frozenset(
    {"unit", "yunit", "zunit", "spacing", "finterval", "fps", "tunit", "loop", "mode"}
    | {"xorigin", "yorigin", "zorigin", "Info", "Labels", "LUTs", "Properties"}
)
_PROGRAMS = ("ImageJ=", '{"shape":', "shape=(")
_SAME_ASPECT = 0.03


@dataclass(frozen=True)
class TiffFacts:
    """What only a TIFF can hold, in `details["tiff"]`.

    Parameters
    ----------
    byteorder : {"<", ">"}
    is_big : bool
        Whether the file is a BigTIFF.
    size : tuple of int
        Rows and columns of the image, upright.
    pages : tuple of Directory
        What is kept of each page; of one page if all are equal.
    layout : mapping
        Tiles or strips, as options of `tifffile.TiffWriter.write`.
    levels : tuple of tuple of int
        Rows and columns of the smaller copies, upright.
    levels_below : bool
        Whether they are below the page (SubIFDs), not behind it.
    lost : tuple of str
        Names of what cannot be kept.
    micro_manager : Stack, optional
        What Micro-Manager says outside of its tags.
    """

    byteorder: ByteOrder = "<"
    is_big: bool = False
    size: tuple[int, int] = (0, 0)
    pages: tuple[Directory, ...] = (Directory(),)
    layout: Mapping[str, Any] = field(default_factory=dict)
    levels: tuple[tuple[int, int], ...] = ()
    levels_below: bool = False
    lost: tuple[str, ...] = ()
    micro_manager: Stack | None = None


def details_of(file: tifffile.TiffFile, series: Series) -> dict[str, Any]:
    """Return the facts of an image, for `ImageFile.details`.

    Parameters
    ----------
    file : TiffFile
        What the file says. The pages of the image may be of the same file, opened again.
    series : TiffPageSeries
    """
    page = series.keyframe
    directories, lost = _directories(file, series)
    return {
        **compression_of(file, page),
        **_samples(page),
        **_resolution(page),
        **_shared(directories[0], file.byteorder),
        **({} if series.kind == BEYOND else _dialect(file, page, len(series.pages))),
        "tiff": _facts(file, page, directories, lost),
    }


def _samples(page: Any) -> dict[str, Any]:
    found = {}
    if page.extrasamples in {(0,), (1,), (2,)}:
        found["alpha"] = tifffile.EXTRASAMPLE(page.extrasamples[0]).name
    if profile := tag_of(page, "InterColorProfile"):
        found["icc_profile"] = profile
    return found


def _facts(
    file: tifffile.TiffFile, page: Any, directories: tuple[Directory, ...], lost: tuple[str, ...]
) -> TiffFacts:
    levels: list[tuple[int, int]] = []
    below = False
    with suppress(Exception):  # damaged copies are no reason to refuse the image
        levels, below = _levels(page.parent, page, is_alone=len(directories) == 1)
    return TiffFacts(
        byteorder=file.byteorder,
        is_big=file.is_bigtiff,
        size=_upright(page, (page.imagelength, page.imagewidth)),
        pages=directories,
        layout=_layout(page),
        levels=tuple(_upright(page, level) for level in levels),
        levels_below=below,
        lost=(*lost, *beside(file)),
        micro_manager=stack_of(file),
    )


def facts_of(image: ImageFile) -> TiffFacts:
    """Return what only a TIFF can hold.

    Parameters
    ----------
    image : ImageFile
        From a file of any kind.
    """
    facts = image.details.get("tiff")
    return facts if isinstance(facts, TiffFacts) else TiffFacts()


def tag_of(page: Any, name: str) -> Any:
    """Return the value of a tag, None if the page lacks it.

    Parameters
    ----------
    page : TiffPage
    name : str
    """
    return page.tags[name].value if name in page.tags else None


def _directories(
    file: tifffile.TiffFile, series: Series
) -> tuple[tuple[Directory, ...], tuple[str, ...]]:
    """Return what is kept of each page, or of one if all say the same, and names of the rest."""
    page = series.keyframe
    places = places_of(page.parent)
    numbers = () if page.is_subifd else pages_of(series)
    offsets = dict.fromkeys([page.offset, *(places[number] for number in numbers)])
    layout = Layout(file.byteorder, file.is_bigtiff)
    colormap = file.is_imagej
    read = [
        read_directory(file.filehandle, offset, layout, skip=tags.NOT_READ)  # type: ignore[arg-type]
        for offset in offsets
    ]
    size = file.filehandle.size
    kept = [
        tags.upright(
            tags.kept(each, file.byteorder, size, colormap=colormap), tag_of(page, "Orientation")
        )
        for each in read
    ]
    lost = (
        name
        for offset, each in zip(offsets, kept, strict=True)
        for name in tags.names_of_lost(
            codes_of(file.filehandle, offset, layout),  # type: ignore[arg-type]
            {*each.tags, *each.nested},
        )
    )
    names = tuple(dict.fromkeys(lost))
    kept = tags.without_what_all_share(kept)
    if series.kind == "svs":
        kept = [tags.of_no_slide(each) for each in kept]
    return tuple(kept[:1] if all(each == kept[0] for each in kept) else kept), names


def _resolution(page: Any) -> dict[str, Any]:
    values = tag_of(page, "XResolution"), tag_of(page, "YResolution")
    across, down = values[::-1] if _is_on_its_side(page) else values
    return resolution.details_of(across, down, int(page.resolutionunit))


def _is_on_its_side(page: Any) -> bool:
    return tag_of(page, "Orientation") in {5, 6, 7, 8}


def _upright(page: Any, size: tuple[int, int]) -> tuple[int, int]:
    return size[::-1] if _is_on_its_side(page) else size


def _shared(page: Directory, byteorder: ByteOrder) -> dict[str, Any]:
    """Return the facts that other formats can hold, too."""
    found: dict[str, Any] = {}
    for_people = {
        code: tag
        for code, tag in page.tags.items()
        if code != tags.DESCRIPTION or is_for_people(tag.value)
    }
    if block := block_of(Directory(for_people, page.nested), byteorder):
        found["exif"] = block
    if tags.XMP in page.tags:
        found["xmp"] = page.tags[tags.XMP].value
    if tags.IPTC in page.tags:
        iptc = page.tags[tags.IPTC]
        # Old programs store the bytes as integers, which readers swap together with the others.
        swapped = iptc.dtype == 4 and byteorder == ">" and iptc.value[:1] != b"\x1c"
        found["iptc"] = (iptc.swapped() if swapped else iptc).value
    return found


def with_pages(details: Mapping[str, Any], facts: TiffFacts) -> dict[str, Any]:
    """Return the details of some pages of an image.

    Parameters
    ----------
    details : mapping
        Of the image.
    facts : TiffFacts
        Of the pages.
    """
    page, byteorder = facts.pages[0], facts.byteorder
    gone = {"exif", "xmp", "iptc"}
    found = {key: value for key, value in details.items() if key not in gone}
    found |= {"tiff": facts, **_shared(page, byteorder)}
    if own := resolution.details_of_page(page, byteorder):
        found = {key: value for key, value in found.items() if key != "dpi"} | own
    # That of a page whose colours have become RGB is of other colours.
    if tags.PROFILE in page.tags and not getattr(details.get("stored"), "was", ""):
        found["icc_profile"] = page.tags[tags.PROFILE].value
    return found


def is_for_people(description: bytes) -> bool:
    """Return whether a description is neither XML nor the notes of a program.

    Parameters
    ----------
    description : bytes
    """
    text = description.decode("utf-8", "replace").strip("\0 \n")
    return bool(text) and not text.startswith(("<?xml", "<OME", *_PROGRAMS))


def _dialect(file: tifffile.TiffFile, page: Any, count: int) -> dict[str, Any]:
    # Files of Micro-Manager have both, and their OME-XML tells of all positions.
    if (about := xml_about(file)) is not None:
        return _ome(file, page, count, about)
    if (told := instruments.facts_of(file)) is not None:
        return {"dialect": "ome", "metadata": told}
    if file.is_imagej and file.imagej_metadata:
        known = {k: v for k, v in file.imagej_metadata.items() if k in _IMAGEJ_KEYS}
        return {"dialect": "imagej", "metadata": known}
    if file.is_shaped and file.shaped_metadata:
        facts = dict(file.shaped_metadata[0])
        gone = {"shape", "axes", "truncated"}
        return {"dialect": "shaped", "metadata": {k: v for k, v in facts.items() if k not in gone}}
    return {}


def _ome(file: tifffile.TiffFile, page: Any, count: int, about: str) -> dict[str, Any]:
    files = ome.files_of(about) | ome.files_of(str(ome.xml_of(file)))
    facts: dict[str, Any] = {"xml": ome.xml_of(file), "about": about, "number": 0}
    facts |= {"files": files, "name": file.filename, "pages": count}
    if files <= {file.filename}:
        facts["number"] = _number(file, page)
    elif own := data_in(file):
        facts["number"] = own[0][0]
        facts["channels"] = tuple(sorted({int(data.get("FirstC") or 0) for _, data in own}))
    return {"dialect": "ome", "metadata": ome.facts_of(about, facts["number"]), "ome": facts}


def _number(file: tifffile.TiffFile, page: Any) -> int:
    """Return the number of the image in the OME-XML."""
    return _numbers(file).get(page.offset, 0)


@once_per_file
def _numbers(file: tifffile.TiffFile) -> dict[int, int]:
    every = list(enumerate(series_of(file)))
    return {series.keyframe.offset: number for number, series in reversed(every)}


def _layout(page: Any) -> dict[str, Any]:
    if page.is_tiled:
        tile = page.tilelength, page.tilewidth
        return {} if any(side % 16 or side < 1 for side in tile) else {"tile": tile}
    rows = page.rowsperstrip
    return {"rowsperstrip": int(rows)} if rows and rows < page.imagelength else {}


def _levels(
    file: tifffile.TiffFile, page: Any, *, is_alone: bool
) -> tuple[list[tuple[int, int]], bool]:
    """Return the sizes of the smaller copies of an image, and whether they are below its page."""
    if page.subifds:
        below = [(other.imagelength, other.imagewidth) for other in page.pages or ()]
        return [size for size in below if _is_smaller(size, page)], True
    for series in series_of(file):
        levels = reduced_levels(series)
        if series.keyframe.offset == page.offset and levels:
            sizes = [(o.keyframe.imagelength, o.keyframe.imagewidth) for o in levels]
            return [size for size in sizes if _is_smaller(size, page)], False
    # An LSM has a thumbnail behind each plane.
    return (_behind(file, page) if is_alone and not file.is_lsm else []), False


def _behind(file: tifffile.TiffFile, page: Any) -> list[tuple[int, int]]:
    """Return the sizes of the reduced pages that follow a page, between masks of any size."""
    sizes: list[tuple[int, int]] = []
    start = page.index + 1 if isinstance(page.index, int) else len(file.pages)
    for number in range(start, len(file.pages)):
        other = file.pages[number].aspage()
        size = other.imagelength, other.imagewidth
        if not other.is_mask and not (other.is_reduced and _is_smaller(size, page)):
            break
        sizes += [] if other.is_mask else [size]
    return sizes


def _is_smaller(size: tuple[int, int], page: Any) -> bool:
    """Return whether a size is that of a smaller copy: labels of slides have other shapes."""
    rows, columns = page.imagelength / size[0], page.imagewidth / size[1]
    uneven = max(_SAME_ASPECT, 1 / min(size))
    return bool(rows > 1 and columns > 1 and abs(rows / columns - 1) <= uneven)
