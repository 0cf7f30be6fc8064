"""How the images of a TIFF are read: planes and colours in our order, and the facts beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import tifffile

from napari_zerodce.imaging.files.image_file import ImageFile, check_room
from napari_zerodce.imaging.files.tiff.depth import told_bits
from napari_zerodce.imaging.files.tiff.facts import details_of
from napari_zerodce.imaging.files.tiff.own_pages import (
    images_in,
    is_one_of_a_set,
    leading_axes,
    opened,
)
from napari_zerodce.imaging.files.tiff.pages import kind_of, stacked
from napari_zerodce.imaging.files.tiff.samples import only_moves, understood
from napari_zerodce.imaging.files.tiff.series import (
    Series,
    outline_of,
    pages_of,
    pixels,
)
from napari_zerodce.imaging.files.tiff.stored import Stored
from napari_zerodce.imaging.planes import Array

_WITH_LUTS: Final = frozenset({"lsm", "stk", "fluoview"})
_MASK: Final = tifffile.FILETYPE.MASK
_OWN_ORDER: Final = frozenset({"lsm", "stk", "fluoview", "svs", "ndpi", "scn", "qpi", "bif"})


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read the images of a TIFF: all pages that are no reduced copies of others.

    Images of one shape, dtype and kind are one image, with the facts of each under "series". Each
    image has the numbers of its pages under "pages", and the form of its samples under "stored".
    Pages of one bit beside other images are masks; the first image has them under "masks".

    Raises
    ------
    ImageError
        If the file does not fit in memory.
    Exception
        Any, if the file is damaged or its colours are of an unknown kind.
    """
    return _read(path, pixels)


def outline(path: Path) -> tuple[ImageFile, ...]:
    """Return what `read` does, without the pixels unless they become others.

    Parameters
    ----------
    path, raises
        As for `read`.
    """
    return _read(path, _outline_or_pixels)


def _outline_or_pixels(path: Path, series: Series) -> Array:
    return (outline_of if only_moves(series.keyframe) else pixels)(path, series)


def _read(path: Path, pixels_of: Callable[[Path, Series], Array]) -> tuple[ImageFile, ...]:
    with opened(path) as (said, held):
        series = images_in(said, held)
        masks = [each for each in series if _is_mask(each)]
        others = [each for each in series if not _is_mask(each)]
        reader = _Reader(path, said, pixels_of)
        if not others:  # refused later, as masks of all kinds are
            return (reader.image(masks[0]),)
        first, *rest = _stacks(reader, others)
        if masks:
            first = replace(
                first, details={**first.details, "masks": tuple(map(reader.mask, masks))}
            )
        return (first, *rest)


def _is_mask(series: Series) -> bool:
    page = series.keyframe
    return page.bitspersample == 1 and page.photometric != tifffile.PHOTOMETRIC.PALETTE


def _stacks(reader: _Reader, series: Sequence[Series]) -> list[ImageFile]:
    if len(series) > 1:  # large ones are read, not mapped
        check_room(2 * sum(each.nbytes for each in series), reader.path)
    groups: dict[Any, list[ImageFile]] = {}
    for each in series:
        image = reader.image(each)
        groups.setdefault(kind_of(image), []).append(image)
    return [stacked(group) for group in groups.values()]


@dataclass(frozen=True)
class _Reader:
    """What reads the images of one file.

    Parameters
    ----------
    path : Path
    file : TiffFile
        What the file says.
    pixels : callable
        Reads the array of a series.
    """

    path: Path
    file: tifffile.TiffFile
    pixels: Callable[[Path, Series], Array]

    def image(self, series: Series) -> ImageFile:
        page, file = series.keyframe, self.file
        array, axes = self._in_own_order(self.pixels(self.path, series), series)
        luts = file.is_imagej or series.kind in _WITH_LUTS
        array, axes, channels, stored = understood(array, axes, page, self.path, has_luts=luts)
        details = details_of(file, series)
        if series.kind in _OWN_ORDER:
            stored = stored.in_our_order(axes)
        if stored.was:
            details.pop("icc_profile", None)  # of other colours
            details["lost"] = (stored.was,)
        details |= {"axes": axes, "stored": stored, "pages": pages_of(series)}
        bits = stored.bits or told_bits(file, page, array)
        return ImageFile(array, channels, details, bits=bits)

    def mask(self, series: Series) -> ImageFile:
        array, page = pixels(self.path, series), series.keyframe
        role = int(page.subfiletype) & _MASK
        stored = Stored(series.axes, tuple(range(array.ndim)), subfiletype=role)
        if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
            stored = replace(stored, photometric="miniswhite")
            array = ~array
        form = {"axes": series.axes, "stored": stored, "pages": pages_of(series)}
        return ImageFile(array, "mono", details_of(self.file, series) | form)

    def _in_own_order(self, array: Array, series: Series) -> tuple[Array, str]:
        pages = pages_of(series)
        if series.axes[:1] != "I" or not is_one_of_a_set(self.file):
            return array, series.axes
        told = leading_axes(self.file, len(pages))
        if told is None:
            return array, series.axes
        letters, lengths = told
        return array.reshape(*lengths, *array.shape[1:]), letters + series.axes[1:]
