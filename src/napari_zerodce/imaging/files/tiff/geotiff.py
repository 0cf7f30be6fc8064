"""Where on earth the pixels of a part of a GeoTIFF are."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from napari_zerodce.imaging.files.tiff.directory import ByteOrder, Directory, Tag

TIE_POINTS, TRANSFORMATION = 33922, 34264
PLACE_ON_EARTH: Final = frozenset({TIE_POINTS, TRANSFORMATION})
_DOUBLE = 12


def moved(page: Directory, offset: tuple[int, int], byteorder: ByteOrder) -> Directory:
    """Return a page's directory for an image that begins at another pixel.

    Parameters
    ----------
    page : Directory
    offset : tuple of int
        Row and column of the first pixel.
    byteorder : {"<", ">"}
    """
    found = dict(page.tags)
    dtype = np.dtype(f"{byteorder}f8")
    for code in PLACE_ON_EARTH & set(found):
        if found[code].dtype == _DOUBLE:
            found[code] = _moved(code, found[code], offset, dtype)
    return replace(page, tags=found)


def _moved(code: int, tag: Tag, offset: tuple[int, int], dtype: np.dtype[np.float64]) -> Tag:
    rows, columns = offset
    numbers = np.frombuffer(tag.value, dtype).copy()
    if code == TIE_POINTS and numbers.size % 6 == 0:  # column, row, depth and their place
        numbers.reshape(-1, 6)[:, :2] -= columns, rows
    elif code == TRANSFORMATION and numbers.size == 16:
        matrix = numbers.reshape(4, 4)
        matrix[:, 3] = matrix @ (columns, rows, 0.0, 1.0)
    return replace(tag, value=numbers.tobytes())
