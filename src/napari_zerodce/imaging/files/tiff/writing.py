"""How images become a TIFF, if possible in the dialect of the file that they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import tifffile

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.tiff import micro_manager, resolution, tags
from napari_zerodce.imaging.files.tiff.compression import fitting
from napari_zerodce.imaging.files.tiff.description import Description, described
from napari_zerodce.imaging.files.tiff.directory import EXIF, GPS, Directory, Layout, encoded
from napari_zerodce.imaging.files.tiff.facts import TiffFacts, facts_of, is_for_people
from napari_zerodce.imaging.files.tiff.foreign import lost_texts, with_foreign
from napari_zerodce.imaging.files.tiff.pages import in_file_order
from napari_zerodce.imaging.files.tiff.pyramid import levels_of
from napari_zerodce.imaging.files.tiff.stored import (
    Form,
    as_written,
    crosses_bytes,
    form_of,
    lost_form,
    outline_of,
)

_LARGEST_CLASSIC: Final = 2**32 - 2**25  # its offsets have 32 bits
BIG: Final = (".btf", ".tf2", ".tf8")
"""The suffixes of files whose offsets have 64 bits."""

_NAMES: Final = {EXIF: "ExifTag", GPS: "GPSTag"}


def can_hold(images: Sequence[ImageFile], _suffix: str) -> bool:
    """Return whether there is an image; it may be any.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    return len(images) > 0


def left_out(images: Sequence[ImageFile], _suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that a file cannot hold.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    names = [name for image in in_file_order(images) for name in _lost(image)]
    return tuple(dict.fromkeys(names))


def _lost(image: ImageFile) -> tuple[str, ...]:
    form = lost_form(image, is_packed=_is_packed(image))
    if form and image.details.get("compression") == "jpeg":
        form = (f"{image.details['stored'].bits}-bit JPEG",)
    return (*facts_of(image).lost, *form, *lost_texts(image.details))


def write(path: Path, images: Sequence[ImageFile]) -> None:
    """Write images, if possible in the dialect of the file that they come from.

    Parameters
    ----------
    path : Path
    images : sequence of ImageFile
        Of any shape and dtype.
    """
    written = _packable([as_written(image) for image in in_file_order(images)])
    facts = facts_of(written[0])
    size = sum(image.array.nbytes for image in written) * (4 / 3 if facts.levels else 1)
    layout = Layout(
        facts.byteorder,
        facts.is_big or path.suffix.lower() in BIG or size > _LARGEST_CLASSIC,
    )
    descriptions = described(written)
    stack = _stack_of(written)
    with tifffile.TiffWriter(
        path, bigtiff=layout.is_big, byteorder=layout.byteorder, ome=False
    ) as file:
        if stack and not layout.is_big:
            file.filehandle.write(micro_manager.beginning(stack, layout.byteorder))
        for image, description in zip(written, descriptions, strict=True):
            _write_image(file, image, description, layout)
    if descriptions[0].is_contiguous:
        _write_tags_of_pages(path, facts.pages)
    if stack and not layout.is_big:
        micro_manager.finish(path, stack, layout.byteorder)


def _packable(images: Sequence[ImageFile]) -> Sequence[ImageFile]:
    """Return images whose file is little-endian if samples of one cross bytes.

    tifffile packs swapped samples as if they were not swapped.
    """
    return [_little_endian(each) for each in images] if any(map(_crosses, images)) else images


def _crosses(image: ImageFile) -> bool:
    return _is_packed(image) and crosses_bytes(image)


def _little_endian(image: ImageFile) -> ImageFile:
    facts = facts_of(image)
    if facts.byteorder == "<":
        return image
    pages = tuple(page.swapped() for page in facts.pages)
    facts = replace(facts, byteorder="<", pages=pages)
    return replace(image, details={**image.details, "tiff": facts})


def _stack_of(images: Sequence[ImageFile]) -> micro_manager.Stack | None:
    """Return what Micro-Manager says of a whole stack, None if only a part of it is written."""
    stack = facts_of(images[0]).micro_manager
    forms = [outline_of(image) for image in images]
    pages = sum(int(np.prod(form.array.shape[: _leading_of(form)])) for form in forms)
    return stack if stack and pages == len(stack.places) else None


@dataclass(frozen=True)
class _Page:
    """What is said of a page, or of the first and of all pages that are written together."""

    first: Directory = field(default_factory=Directory)
    every: Directory = field(default_factory=Directory)


def _write_image(
    file: tifffile.TiffWriter, image: ImageFile, description: Description, layout: Layout
) -> None:
    options = _options(image)
    pages = _said(image, layout)
    array, leading = image.array, _leading_of(outline_of(image))
    count = int(np.prod(array.shape[:leading]))
    together = description.is_contiguous or _is_one_write(pages) or len(pages) != count
    if together:
        every = _with_place(pages) if description.is_contiguous else _common(pages)
        blocks = [(array, _Page(pages[0], every))]
    else:
        planes = array.reshape(count, *array.shape[leading:])
        blocks = [(plane, _Page(page)) for plane, page in zip(planes, pages, strict=True)]
    for number, (block, said) in enumerate(blocks):
        metadata = description.metadata if together else None
        text = (description.text if number == 0 else None) or _text_of(said.first)
        _write_block(file, replace(image, array=block), said, (text, metadata), options)


def _said(image: ImageFile, layout: Layout) -> list[Directory]:
    """Return what is said of each page, without the place on earth of a whole whose part it is."""
    facts, shape = facts_of(image), image.array.shape
    size = shape[-2:] if image.channels == "mono" else shape[-3:-1]
    first = with_foreign(facts.pages[0], image, layout.byteorder)
    pages = [first, *facts.pages[1:]]
    if facts.size in {(0, 0), size}:
        return pages
    return [tags.without_place(page) for page in pages]


def _is_one_write(pages: Sequence[Directory]) -> bool:
    """Return whether all pages but the first say the same, and the first says that, too."""
    if len(pages) < 3:
        return len(pages) < 2
    others = pages[1]
    included = others.tags.items() <= pages[0].tags.items() and not others.nested
    return included and all(page == others for page in pages[2:])


def _common(pages: Sequence[Directory]) -> Directory:
    shared = set(pages[0].tags.items())
    for page in pages[1:]:
        shared &= set(page.tags.items())
    return Directory(dict(shared))


def _with_place(pages: Sequence[Directory]) -> Directory:
    """Return the tags that all pages have; their values are written when the pages are there."""
    codes = set(pages[0].tags).intersection(*(page.tags for page in pages), pages[0].tags)
    own = set(tags.IMAGEJ) if len(pages) == 1 else set()
    return Directory({code: pages[0].tags[code] for code in codes - own})


def _text_of(page: Directory) -> bytes | None:
    tag = page.tags.get(tags.DESCRIPTION)
    return tag.value if tag and is_for_people(tag.value) else None


def _write_block(
    file: tifffile.TiffWriter,
    image: ImageFile,
    said: _Page,
    description: tuple[bytes | None, Mapping[str, Any] | None],
    options: Mapping[str, Any],
) -> None:
    """Write pages that are alike, and the smaller copies of them."""
    facts = facts_of(image)
    levels = levels_of(image, facts.size, facts.levels)
    form = _form(image)
    text, metadata = description
    file.write(
        form.array,
        **form.options,
        **_compressed({**options, **_own_resolution(facts, said)}, form),
        metadata=None if metadata is None else dict(metadata),
        description=text,
        software=False,
        subifds=len(levels) if facts.levels_below else None,
        iccprofile=_profile(image, said),
        extratags=_extratags(file, said),
    )
    for level in levels:
        form = _form(replace(image, array=level))
        how = _compressed(options, form)
        role = {**form.options, "subfiletype": 1}
        file.write(form.array, **role, **how, metadata=None, software=False)


def _own_resolution(facts: TiffFacts, said: _Page) -> dict[str, Any]:
    """Return the resolution of a page if not all have the same."""
    own = resolution.details_of_page(said.first, facts.byteorder)
    if not own and any(tags.ACROSS in page.tags for page in facts.pages):
        return {"resolution": None}
    return {key: own[key] for key in ("resolution", "resolutionunit") if key in own}


def _profile(image: ImageFile, said: _Page) -> bytes | None:
    """Return the colour profile of a page: its own if not all have the same."""
    every, stored = facts_of(image).pages, image.details.get("stored")
    if any(tags.PROFILE in page.tags for page in every) and not getattr(stored, "was", ""):
        own = said.first.tags.get(tags.PROFILE)
        return own.value if own else None
    return image.details.get("icc_profile")


def _extratags(file: tifffile.TiffWriter, said: _Page) -> list[tuple[Any, ...]]:
    extra: list[tuple[Any, ...]] = []
    for code, tag in said.first.tags.items():
        if code not in {tags.DESCRIPTION, *tags.WRITTEN_APART}:
            once = said.every.tags.get(code) != tag
            extra.append((code, tag.dtype, tag.count, tag.numbers(file.tiff.byteorder), once))
    for code, nested in said.first.nested.items():
        if code in _NAMES:
            # By its name, because tifffile takes no codes of pointers.
            extra.append((_NAMES[code], *_place_of(file, nested), True))
    return extra


def _place_of(file: tifffile.TiffWriter, nested: Directory) -> tuple[int, int, int]:
    """Write a directory at the end of the file, and return a pointer to it."""
    handle, is_big = file.filehandle, file.tiff.is_bigtiff
    handle.write(b"\0" * (handle.tell() % 2))
    offset = handle.tell()
    handle.write(encoded(nested, offset, Layout(file.tiff.byteorder, is_big)))
    return (16 if is_big else 4, 1, offset)


def _options(image: ImageFile) -> dict[str, Any]:
    details = image.details
    keys = ("compression", "predictor", "compressionargs", "subsampling")
    options = {key: details[key] for key in keys if key in details}
    options |= facts_of(image).layout
    if "resolution" in details:
        options["resolution"] = details["resolution"]
        options["resolutionunit"] = details.get("resolutionunit", "INCH")
    elif "dpi" in details:
        options |= {"resolution": details["dpi"], "resolutionunit": "INCH"}
    return options


def _leading_of(form: Form) -> int:
    """Return how many axes are those of pages, in the file as in the image."""
    return form.array.ndim - (3 if "planarconfig" in form.options else 2)


def _compressed(options: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """Return options that an array of pages can have."""
    contig = form.options.get("planarconfig") == "contig"
    keys = ("compression", "predictor", "compressionargs", "subsampling")
    how = {key: options[key] for key in keys if key in options}
    others = {key: value for key, value in options.items() if key not in keys}
    return others | fitting(how, form.array, form.array.shape[-1] if contig else 1)


def _form(image: ImageFile) -> Form:
    """Return the samples of an image as they are written."""
    form = form_of(image, is_packed=_is_packed(image))
    palette = tags.COLORMAP in facts_of(image).pages[0].tags and form.array.dtype == np.uint8
    return replace(form, options={**form.options, "photometric": "palette"}) if palette else form


def _is_packed(image: ImageFile) -> bool:
    """Return whether samples can have fewer bits than their dtype; tifffile compresses none."""
    return image.details.get("compression") is None


def _write_tags_of_pages(path: Path, pages: Sequence[Directory]) -> None:
    """Write what pages say that the first one does not, in a file whose pages lie together."""
    if len(pages) < 2:
        return
    with tifffile.TiffFile(path, mode="r+") as file:
        for number, said in enumerate(pages[: len(file.pages)]):
            page = file.pages[number].aspage()
            for code, tag in said.tags.items():
                if code in page.tags and code not in {tags.DESCRIPTION, *tags.IMAGEJ}:
                    page.tags[code].overwrite(tag.numbers(file.byteorder))
