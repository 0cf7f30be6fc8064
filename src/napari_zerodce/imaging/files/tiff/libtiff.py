"""The pages that tifffile cannot decode, by libtiff: LogLuv, YCbCr outside of a JPEG, old JPEG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import imagecodecs
import numpy as np
from tifffile import COMPRESSION, PHOTOMETRIC

from napari_zerodce.imaging.files.image_file import check_room, upright
from napari_zerodce.imaging.files.tiff.colours import from_logarithms
from napari_zerodce.imaging.planes import Array

LOSSLESS: Final = frozenset(
    {COMPRESSION.NONE, COMPRESSION.LZW, COMPRESSION.ADOBE_DEFLATE, COMPRESSION.DEFLATE}
    | {COMPRESSION.PACKBITS, COMPRESSION.ZSTD, COMPRESSION.LZMA}
)
# libtiff mirrors a page as its orientation says, and does not turn it: how to mirror it back.
_MIRRORED: Final = {2: 2, 3: 3, 4: 4, 6: 2, 7: 3, 8: 4}


def is_needed(page: Any) -> bool:
    """Return whether libtiff has to decode a page.

    Parameters
    ----------
    page : TiffPage
    """
    plain = page.photometric == PHOTOMETRIC.YCBCR and page.compression in LOSSLESS
    ours = plain or page.compression == COMPRESSION.OJPEG
    return is_logarithmic(page) or (ours and (page.bitspersample, page.samplesperpixel) == (8, 3))


def is_logarithmic(page: Any) -> bool:
    """Return whether the samples of a page are logarithms of light.

    Parameters
    ----------
    page : TiffPage
    """
    return page.photometric in {PHOTOMETRIC.LOGL, PHOTOMETRIC.LOGLUV}


def pixels(path: Path, shape: Sequence[int], pages: Sequence[int], page: Any) -> Array:
    """Return pages that are alike.

    Parameters
    ----------
    path : Path
    shape : sequence of int
        Of all pages together; the samples of a pixel come last.
    pages : sequence of int
        Their numbers in the file.
    page : TiffPage
        One of them.

    Returns
    -------
    ndarray, shape `shape`
        RGB of uint8, or Y or XYZ of float32.
    """
    samples = 4 * page.size * (2 * len(pages) + 1)
    check_room(path.stat().st_size + (4 if is_logarithmic(page) else 1) * samples, path)
    content = path.read_bytes()
    return np.stack([_decoded(content, number, page) for number in pages]).reshape(shape)


def _decoded(content: bytes, number: int, page: Any) -> Array:
    if is_logarithmic(page):
        array = np.asarray(imagecodecs.tiff_decode(content, number))
        return from_logarithms(array) if array.dtype.kind == "i" else array
    array = imagecodecs.tiff_decode(content, number, asrgb=True)[..., :3]
    tag = page.tags.get("Orientation")
    return upright(array, _MIRRORED.get(int(tag.value)) if tag else 1, rows=0)
