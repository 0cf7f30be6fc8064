"""How the image of a TIFF is read: planes and colours in our order, and the facts beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

from napari_zerodce.imaging.files.image_file import ImageFile, upright
from napari_zerodce.imaging.files.tiff.facts import details_of, tag_of
from napari_zerodce.imaging.files.tiff.samples import coloured, planes_last
from napari_zerodce.imaging.files.tiff.series import check_last_page, only_image, pixels


def read(path: Path) -> tuple[ImageFile, ...]:
    """Read the image of a TIFF: all pages of the same kind, without their previews.

    Raises
    ------
    ImageError
        If the file does not fit in memory, or holds several images of different kinds.
    Exception
        Any, if the file is damaged or its colours are neither grey nor RGB.
    """
    with tifffile.TiffFile(path) as file:
        series = only_image(file, path)
        check_last_page(file)
        page = series.keyframe
        number = [other is series for other in file.series].index(True)
        array, axes = planes_last(pixels(path, series, number), series.axes)
        details = details_of(file, page)
    array = upright(array, tag_of(page, "Orientation"), rows=array.ndim - 2 - ("S" in axes))
    # Not page.photometric, which has the same value for a file without this tag.
    white = tag_of(page, "PhotometricInterpretation") == tifffile.PHOTOMETRIC.MINISWHITE
    if white and array.dtype.kind == "u":
        array = array.dtype.type(2**page.bitspersample - 1) - array
    if page.photometric == tifffile.PHOTOMETRIC.PALETTE and not file.is_imagej:
        array, axes = np.moveaxis(np.asarray(page.colormap)[:, array], 0, -1), axes + "S"
    array, axes, channels = coloured(array, axes, page)
    return (ImageFile(array, channels, details | {"axes": axes}),)
