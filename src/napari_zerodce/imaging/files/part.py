"""A part of the image of a file, with those of its facts that are true of the part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.tiff.part import facts_of_part
from napari_zerodce.imaging.scope import Range


def cut(image: ImageFile, ranges: Sequence[Range]) -> ImageFile:
    """Return a part of an image.

    Parameters
    ----------
    image : ImageFile
    ranges : sequence of (int, int)
        Of each axis of the array, without that of colours.
    """
    shape = image.array.shape
    if all(each == (0, length) for each, length in zip(ranges, shape, strict=False)):
        return image
    array = image.array[tuple(slice(*each) for each in ranges)]
    return replace(image, array=array, details=_details(image, ranges), coarser=())


def _details(image: ImageFile, ranges: Sequence[Range]) -> dict[str, Any]:
    shape, details = image.array.shape, dict(image.details)
    if details.pop("masks", ()):
        details["lost"] = (*details.get("lost", ()), "masks")
    series: Sequence[Mapping[str, Any]] = details.get("series", ())
    if len(series) != shape[0]:
        return facts_of_part(details, shape, ranges)
    own = [facts_of_part(each, shape[1:], ranges[1:]) for each in series[slice(*ranges[0])]]
    return {**details, **own[0], "axes": details["axes"], "series": tuple(own)}
