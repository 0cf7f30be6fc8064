"""What the first page of each image says for programs: OME-XML, the notes of ImageJ, or axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.tiff import imagej, ome, tags
from napari_zerodce.imaging.files.tiff.facts import facts_of, is_for_people
from napari_zerodce.imaging.files.tiff.stored import Form, outline_of
from napari_zerodce.imaging.planes import layout_of

_IMAGEJ_DTYPES: Final = ("uint8", "uint16", "int16", "float32")
_LARGEST_IMAGEJ: Final = 2**32 - 2**25  # its offsets have 32 bits


@dataclass(frozen=True)
class Description:
    """The description of an image.

    Parameters
    ----------
    text : bytes, optional
        For the first page.
    metadata : mapping, optional
        What tifffile writes in its own notes, None for no notes.
    is_contiguous : bool
        Whether all pixels have to lie together, because the text says how many pages there are.
    """

    text: bytes | None = None
    metadata: Mapping[str, Any] | None = None
    is_contiguous: bool = False


def described(images: Sequence[ImageFile]) -> list[Description]:
    """Return the description of each image of a file.

    Parameters
    ----------
    images : sequence of ImageFile
        In the order in which they are written.
    """
    told = list(takewhile(lambda image: image.details.get("dialect"), images))
    others = [_plain(image) for image in images[len(told) :]]
    if told and (xml := _ome_xml(told)) is not None:
        return [Description(xml.encode()), *[Description()] * (len(told) - 1), *others]
    if len(told) == 1 and _is_imagej(told[0]):
        return [Description(_imagej_text(told[0]), is_contiguous=True), *others]
    return [_plain(image) for image in images]


def _sizes(image: ImageFile) -> dict[str, int] | None:
    """Return the length of each axis but colours, None if the axes are unknown or repeated."""
    axes = str(image.details.get("axes", ""))
    if len(axes) != image.array.ndim or len(set(axes)) != len(axes):
        return None
    sizes = dict(zip(axes, image.array.shape, strict=True))
    if image.channels != "mono":
        sizes.pop("S", None)
    return sizes


def _is_imagej(image: ImageFile) -> bool:
    sizes = _sizes(image)
    if image.details.get("dialect") != "imagej" or sizes is None:
        return False
    leading = [axis for axis in sizes if axis in "TZC"]
    ordered = leading == sorted(leading, key="TZC".index) and set(sizes) <= set("TZCYX")
    plain = image.channels == "mono" or image.array.dtype == np.uint8
    small = image.array.nbytes < _LARGEST_IMAGEJ
    return ordered and plain and small and image.array.dtype.name in _IMAGEJ_DTYPES


def _imagej_text(image: ImageFile) -> bytes:
    sizes = {axis: size for axis, size in (_sizes(image) or {}).items() if axis not in "YX"}
    tag = facts_of(image).pages[0].tags.get(tags.DESCRIPTION)
    text = tag.value.decode("utf-8", "surrogateescape") if tag else ""
    metadata = image.details.get("metadata") or {}
    return imagej.description(text, metadata, sizes).encode("utf-8", "surrogateescape")


def _ome_xml(images: Sequence[ImageFile]) -> str | None:
    if any(image.details.get("dialect") != "ome" for image in images):
        return None
    told = [image.details.get("ome") for image in images]
    first = told[0]
    if first and all(each and each["xml"] == first["xml"] for each in told):
        return _xml_of_source(images, first)
    written = _written(images, (1,))
    if written is None:
        return None
    metadata = [image.details.get("metadata") or {} for image in images]
    return ome.fresh(list(zip(written, metadata, strict=True)))


def _xml_of_source(images: Sequence[ImageFile], source: Mapping[str, Any]) -> str | None:
    others = source["files"] - {source["name"]}
    own_name = images[0].details.get("file_name") in {None, source["name"]}
    if others and own_name and _is_whole(images, source):
        return str(source["xml"])  # the file is one of a set again
    channels = source.get("channels", ())
    written = _written(images, channels)
    big_endian = facts_of(images[0]).byteorder == ">"
    if written is None:
        return None
    return ome.updated(source["about"], written, big_endian=big_endian)


def _is_whole(images: Sequence[ImageFile], source: Mapping[str, Any]) -> bool:
    """Return whether the pages are as many and as large as in the source."""
    layouts = [layout_of(image.array, channels=image.channels) for image in images]
    pages = sum(int(np.prod(layout.leading)) for layout in layouts)
    size = layouts[0].height, layouts[0].width
    is_part = any("part" in image.details["ome"] for image in images)
    return bool(not is_part and pages == source["pages"] and size == facts_of(images[0]).size)


def _written(images: Sequence[ImageFile], channels: tuple[int, ...]) -> list[ome.Written] | None:
    written: list[ome.Written] = []
    first = 0
    for image in images:
        sizes, dtype = _sizes(image), image.array.dtype.name
        if sizes is None or dtype not in ome.TYPES or not {"Y", "X"} <= set(sizes):
            return None
        if list(sizes)[-2:] != ["Y", "X"]:
            return None
        samples = 1 if image.channels == "mono" else image.array.shape[-1]
        own = image.details.get("ome") or {}
        place = int(own.get("number", 0)), own.get("part", {})
        made = ome.Written(*place, sizes, samples, dtype, first, image.bits, channels)
        written.append(made)
        facts = facts_of(image)
        behind = 0 if facts.levels_below else len(facts.levels)
        first += made.pages * (1 + behind)
    return written


def _plain(image: ImageFile) -> Description:
    tag = facts_of(image).pages[0].tags.get(tags.DESCRIPTION)
    text = tag.value if tag and is_for_people(tag.value) else None
    form = outline_of(image)
    axes = form.axes
    metadata = {"axes": axes} if len(axes) == form.array.ndim else {}
    if _needs_no_notes(image, form):
        return Description(text)
    if image.details.get("dialect") == "shaped":
        metadata |= image.details.get("metadata") or {}
    return Description(text, metadata)


def _needs_no_notes(image: ImageFile, form: Form) -> bool:
    """Return whether pages without notes are read as the same array."""
    axes, leading = form.axes, form.array.shape[: -3 if "planarconfig" in form.options else -2]
    if image.details.get("dialect") == "shaped":
        return False
    from_plain = "tiff" in image.details and not image.details.get("dialect")
    thin = image.channels == "mono" and image.array.shape[-1] == 1
    if thin or not (from_plain or not leading):
        return False
    nameless = not set(axes[: len(leading)]) & set("TZC")
    return len(leading) == 0 or (len(leading) == 1 and leading[0] > 1 and nameless)
