"""The order of the pages of a TIFF: several images of one shape are a stack, and back."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.tiff.facts import with_pages
from napari_zerodce.imaging.files.tiff.further_samples import joined

STACK: Final = "Q"
"""The letter of the axis along which images of one shape are stacked."""


def kind_of(image: ImageFile) -> Hashable:
    """Return what two images of one stack have in common.

    Parameters
    ----------
    image : ImageFile
    """
    stored = image.details["stored"]
    axes, of_samples = image.details["axes"], (stored.was, stored.bits)
    return image.array.shape, image.array.dtype, image.channels, axes, of_samples


def stacked(images: Sequence[ImageFile]) -> ImageFile:
    """Return images that are alike as one image with an axis more, and the facts of each.

    Parameters
    ----------
    images : sequence of ImageFile
        Each with "axes" and "pages" among its details.
    """
    first = images[0]
    if len(images) == 1:
        return first
    series = tuple(dict(image.details) for image in images)
    axes = STACK + str(first.details["axes"])
    bits = {image.bits for image in images}
    return replace(
        first,
        array=np.stack([image.array for image in images]),
        details={**first.details, "axes": axes, "series": series},
        bits=bits.pop() if len(bits) == 1 else None,
    )


def in_file_order(images: Iterable[ImageFile]) -> tuple[ImageFile, ...]:
    """Return images as they are in their file: each series alone, and pages in their order.

    Parameters
    ----------
    images : iterable of ImageFile
        As `read` returns them, perhaps with other pixels.
    """
    series = [joined(each) for image in images for each in (*_unstacked(image), *_masks(image))]
    if len(series) == 1:
        return tuple(series)
    places = sorted(
        place for number, image in enumerate(series) for place in _places(number, image)
    )
    runs = [(number, list(run)) for number, run in groupby(places, key=lambda place: place[1])]
    return tuple(part_of(series[number], [plane for *_, plane in run]) for number, run in runs)


def _masks(image: ImageFile) -> tuple[ImageFile, ...]:
    return tuple(image.details.get("masks", ()))


def _unstacked(image: ImageFile) -> Iterator[ImageFile]:
    series: Sequence[Mapping[str, Any]] = image.details.get("series", ())
    if len(series) != image.array.shape[0]:  # also if only a part of the stack is left
        yield image
        return
    for array, details in zip(image.array, series, strict=True):
        yield replace(image, array=array, details=details)


def _places(number: int, image: ImageFile) -> list[tuple[int, int, int]]:
    """Return the page, the number of the image and the plane, for each part that may be apart."""
    pages = image.details.get("pages", ())
    if len(pages) > 1 and len(pages) == image.array.shape[0] and _is_stack_of_pages(image):
        return [(page, number, plane) for plane, page in enumerate(pages)]
    return [(min(pages, default=number), number, -1)]


def _is_stack_of_pages(image: ImageFile) -> bool:
    axes, stored = str(image.details.get("axes", "")), image.details.get("stored")
    return axes[:1] in {"I", "Q"} and stored is not None and stored.order[0] == 0


def part_of(image: ImageFile, planes: Sequence[int]) -> ImageFile:
    """Return some consecutive planes of a stack of pages, or the image itself.

    Parameters
    ----------
    image : ImageFile
        With "pages" and "stored" among its details.
    planes : sequence of int
        Their numbers in the stack; -1 alone for all.
    """
    if planes == [-1] or len(planes) == image.array.shape[0]:
        return image
    details, stored = dict(image.details), image.details["stored"]
    details["pages"] = tuple(details["pages"][plane] for plane in planes)
    facts = details.get("tiff")
    if facts is not None and len(facts.pages) == image.array.shape[0]:
        own = replace(facts, pages=tuple(facts.pages[plane] for plane in planes))
        details = with_pages(details, own)
    if len(planes) > 1:
        return replace(image, array=image.array[planes[0] : planes[-1] + 1], details=details)
    array = image.array[planes[0]]
    details |= {"axes": details["axes"][1:], "stored": stored.of_last(array.ndim)}
    return replace(image, array=array, details=details)
