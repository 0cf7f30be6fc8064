"""How many bits of each sample of a TIFF count, and which of its values is white."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import tifffile

from napari_zerodce.imaging.files.tiff.ome import xml_of
from napari_zerodce.imaging.files.tiff.once import once_per_file
from napari_zerodce.imaging.planes import Array

_LARGEST_TAGS: Final = ("SMaxSampleValue", "MaxSampleValue")
_SIGNIFICANT: Final = re.compile(r'\bSignificantBits="(\d{1,2})"')


def packed_bits(page: Any) -> int | None:
    """Return the bits of a sample in the file, None if they fill the dtype.

    Parameters
    ----------
    page : TiffPage
    """
    bits, dtype = page.bitspersample, page.dtype
    known = dtype is not None and dtype.kind == "u" and isinstance(bits, int)
    return bits if known and 1 < bits < 8 * dtype.itemsize else None


def told_bits(file: tifffile.TiffFile, page: Any, array: Array) -> int | None:
    """Return how many bits count of samples that fill their dtype, None if all do.

    Programs write the largest value of the camera or that of the image into the same tags, so it
    counts only if it ends a number of bits, and if no sample is larger.

    Parameters
    ----------
    file : TiffFile
    page : TiffPage
    array : ndarray
        The samples.
    """
    if array.dtype.kind != "u":
        return None
    full, fewer = 8 * array.dtype.itemsize, _told_by_ome(file) or _told_by_tags(page)
    if not fewer or not 8 <= fewer < full:
        return None
    # Part by part, because a mapped array may be larger than the memory.
    return fewer if all(part.max(initial=0) < 2**fewer for part in array) else None


@once_per_file
def _told_by_ome(file: tifffile.TiffFile) -> int | None:
    found = _SIGNIFICANT.search(xml_of(file) or "")
    return int(found[1]) if found else None


def _told_by_tags(page: Any) -> int | None:
    for name in _LARGEST_TAGS:
        value = page.tags[name].value if name in page.tags else None
        largest = value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value
        if isinstance(largest, int | float) and largest > 0:
            bits = round(largest).bit_length()
            return bits if largest == 2**bits - 1 else None
    return None


def white_of(dtype: np.dtype[Any], bits: int | None) -> int:
    """Return the value of full brightness, or of no transparency.

    Parameters
    ----------
    dtype : dtype
        Of integers or floats.
    bits : int, optional
        Of a sample, if they do not fill the dtype.
    """
    return 1 if dtype.kind == "f" else 2**bits - 1 if bits else int(np.iinfo(dtype).max)
