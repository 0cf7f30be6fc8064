"""A packet of XMP whose orientation and sizes fit the upright image; nothing else is changed."""

from __future__ import annotations

import re
from typing import Final

_ORIENTATION: Final = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>)\s*)([1-8])(?=\s*["'<])""")
_EXCHANGED: Final = {
    one: other
    for pair in (
        (b"tiff:ImageWidth", b"tiff:ImageLength"),
        (b"tiff:XResolution", b"tiff:YResolution"),
        (b"exif:PixelXDimension", b"exif:PixelYDimension"),
    )
    for one, other in (pair, pair[::-1])
}
_SIZES: Final = re.compile(b"|".join(_EXCHANGED))


def orientation_in(xmp: bytes) -> int:
    """Return the orientation that a packet says, from 1 to 8; 1 if there is none.

    Parameters
    ----------
    xmp : bytes
    """
    found = _ORIENTATION.search(xmp)
    return int(found[2]) if found else 1


def fitted(xmp: bytes, *, turned: bool) -> bytes:
    """Return a packet that describes the upright image.

    Parameters
    ----------
    xmp : bytes
    turned : bool
        Whether width and height are exchanged.
    """
    xmp = _ORIENTATION.sub(rb"\g<1>1", xmp)
    return _SIZES.sub(lambda name: _EXCHANGED[name[0]], xmp) if turned else xmp
