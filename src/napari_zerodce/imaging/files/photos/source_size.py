"""With which quality a lossy photo is about as large as its source, which does not say its own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.planes import Array, layout_of

_FACTS: Final = ("exif", "xmp", "iptc", "icc_profile")
_CROPS, _SIDE = 3, 256
"""A sample has 3x3 crops of so many pixels: one try needs 0.1 to 0.4 s, and the size of the whole
photo is 0.9 to 1.3 times what it tells (HEIC of 12 million pixels)."""
_FRAMES: Final = 8

QUALITIES: Final = range(40, 96)
"""A result that is much brighter than its source is larger rather than worse than this."""


def density_of(content: bytes, image: ImageFile, details: Mapping[str, Any]) -> float:
    """Return the bytes of a file for each pixel, without its facts.

    Parameters
    ----------
    content : bytes
        Of the file.
    image : ImageFile
    details : mapping
        With the facts as the file has them.
    """
    facts = sum(len(details.get(key) or b"") for key in _FACTS)
    return max(len(content) - facts, 1) / _pixels(image)


def _pixels(image: ImageFile) -> int:
    return image.array.size // (1 if image.channels == "mono" else image.array.shape[-1])


def level_like_source(
    image: ImageFile,
    encoded: Callable[[ImageFile, int], bytes],
    *,
    density: float,
    levels: Sequence[int] = QUALITIES,
) -> int:
    """Return the highest level with which an image needs no more than some bytes for each pixel.

    Parameters
    ----------
    image : ImageFile
        What is written.
    encoded : callable
        From an image and a level to a file.
    density : float
        Bytes of the source for each pixel.
    levels : sequence of int
        Of quality, rising.

    Returns
    -------
    int
        The lowest level if each needs more.
    """
    sample = _sample(image)
    most = density * _pixels(sample)
    fitting = bisect_right(levels, most, key=lambda level: len(encoded(sample, level)))
    return levels[max(fitting - 1, 0)]


def chosen_quality(
    image: ImageFile, encoded: Callable[[ImageFile, int], bytes], kind: str
) -> int | None:
    """Return the quality that the user wants, or with which a photo is as large as its source.

    Parameters
    ----------
    image : ImageFile
        What is written.
    encoded : callable
        As for `level_like_source`.
    kind : str
        Key of the details that a source of the same kind left, with its ``density``.

    Returns
    -------
    int or None
        None if the user says nothing and the source is of another kind.
    """
    wanted: int | None = image.details.get("quality")
    density = (image.details.get(kind) or {}).get("density")
    if wanted or not density:
        return wanted
    return level_like_source(image, encoded, density=density)


def _sample(image: ImageFile) -> ImageFile:
    """Return crops of an image side by side, without facts, or all of it if it is small."""
    layout = layout_of(image.array, channels=image.channels)
    details = {key: value for key, value in image.details.items() if key not in _FACTS}
    rows = len(layout.leading)
    array = image.array[:_FRAMES] if rows else image.array
    if min(layout.height, layout.width) >= _CROPS * _SIDE:
        array = _crops(_crops(array, rows), rows + 1)
    return replace(image, array=np.ascontiguousarray(array), details=details)


def _crops(array: Array, axis: int) -> Array:
    starts = np.linspace(0, array.shape[axis] - _SIDE, _CROPS).astype(int)
    places = np.concatenate([np.arange(start, start + _SIDE) for start in starts])
    return array.take(places, axis)
