"""What a TIFF says of a part of an image: the facts of its own pages, channels and pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from napari_zerodce.imaging.files.tiff import imagej_block, tags
from napari_zerodce.imaging.files.tiff.directory import Directory
from napari_zerodce.imaging.files.tiff.facts import TiffFacts, with_pages
from napari_zerodce.imaging.files.tiff.geotiff import moved
from napari_zerodce.imaging.files.tiff.stored import Stored
from napari_zerodce.imaging.levels import shapes_for_part
from napari_zerodce.imaging.scope import Range


def facts_of_part(
    details: Mapping[str, Any], shape: Sequence[int], ranges: Sequence[Range]
) -> dict[str, Any]:
    """Return the details of a part of an image.

    Parameters
    ----------
    details : mapping
        Of the image; from a file of any kind.
    shape : sequence of int
        Of the image.
    ranges : sequence of (int, int)
        Of each axis, without that of colours.
    """
    facts, axes = details.get("tiff"), str(details.get("axes", ""))
    if len(axes) != len(shape):
        return dict(details)
    found, part = dict(details), dict(zip(axes, ranges, strict=False))
    if "ome" in found:
        found["ome"] = {**found["ome"], "part": part}
    stored = details.get("stored")
    if isinstance(stored, Stored) and stored.further is not None:
        found["stored"] = replace(stored, further=stored.further[tuple(slice(*r) for r in ranges)])
    if not isinstance(facts, TiffFacts):
        return found
    kept = _pages_in(shape, ranges, max(len(facts.pages), len(details.get("pages", ()))))
    if kept and len(details.get("pages", ())) > max(kept):
        found["pages"] = tuple(details["pages"][page] for page in kept)
    if details.get("dialect") == "imagej":
        found["metadata"] = _cut_notes(details["metadata"], kept, part)
    return with_pages(found, _cut(facts, kept, part, dict(zip(axes, shape, strict=True))))


def _pages_in(shape: Sequence[int], ranges: Sequence[Range], count: int) -> list[int]:
    """Return the numbers of the pages of a part, none if not each page is a place of some axes."""
    for axes in range(1, len(shape)):
        if prod(shape[:axes]) == count:
            numbers = np.arange(count).reshape(shape[:axes])
            return [int(page) for page in numbers[tuple(slice(*r) for r in ranges[:axes])].flat]
    return []


def _cut(
    facts: TiffFacts, kept: Sequence[int], part: Mapping[str, Range], sizes: Mapping[str, int]
) -> TiffFacts:
    own = part["Y"][1] - part["Y"][0], part["X"][1] - part["X"][0]
    is_crop = own != (sizes["Y"], sizes["X"])
    pages = list(facts.pages)
    if len(pages) > 1 and kept:
        pages = [facts.pages[page] for page in kept]
        pages[0] = _with_imagej(pages[0], facts, kept, part.get("C"))
    if is_crop:
        offset = part["Y"][0], part["X"][0]
        pages = [moved(page, offset, facts.byteorder) for page in pages]
    lost = facts.lost
    if facts.micro_manager and len(kept) != len(facts.micro_manager.places):
        lost = (*lost, "Micro-Manager's summary")
    levels = facts.levels
    if is_crop and levels:
        levels = tuple((each[0], each[1]) for each in shapes_for_part(own, [facts.size, *levels]))
    return replace(facts, pages=tuple(pages), size=own, levels=levels, lost=lost)


def _with_imagej(
    page: Directory, facts: TiffFacts, kept: Sequence[int], channels: Range | None
) -> Directory:
    """Return what the first page of a part says, with what ImageJ says in that of the whole."""
    told, counts, block = facts.pages[0].tags, *tags.IMAGEJ
    found = dict(page.tags)
    if block in told and counts in told:
        cut = imagej_block.of_part(told[counts], told[block], facts.byteorder, kept, channels)
        found |= dict(zip(tags.IMAGEJ, cut, strict=True)) if cut else {}
    if tags.DESCRIPTION in told and told[tags.DESCRIPTION].value.startswith(b"ImageJ="):
        found[tags.DESCRIPTION] = told[tags.DESCRIPTION]
    return replace(page, tags=found)


def _cut_notes(
    notes: Mapping[str, Any], kept: Sequence[int], part: Mapping[str, Range]
) -> dict[str, Any]:
    found = dict(notes)
    labels = found.get("Labels")
    if isinstance(labels, list) and kept and len(labels) > max(kept):
        found["Labels"] = [labels[page] for page in kept]
    if "C" in part and "LUTs" in found:
        found["LUTs"] = list(found["LUTs"])[slice(*part["C"])]
    return found
