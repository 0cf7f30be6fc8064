"""Whether a stream of JPEG XL or JPEG XR has lost something, and the level that gives its size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.planes import Array

_XL_START: Final = b"\xff\x0a"
_XL_SIZES: Final = (9, 13, 18, 30)
_XL_EXTRAS: Final = ((0, 0), (1, 0), (2, 4), (1, 12))  # a count, and the bits of what is added
_XR_START: Final = b"WMPHOTO\0"
_SIDE: Final = 512  # pixels of the region whose size is measured
_LOWEST: Final = {"jpegxl": 1, "jpegxr": 50}  # lower ones of JPEG XR fail for narrow images
_HIGHEST: Final = 99


def is_lossy(scheme: str, stream: bytes) -> bool:
    """Return whether a stream has lost something.

    Parameters
    ----------
    scheme : {"jpegxl", "jpegxr"}
    stream : bytes
        Its beginning; of an unknown one, the answer is False.
    """
    try:
        return _is_lossy_xl(stream) if scheme == "jpegxl" else _is_lossy_xr(stream)
    except (IndexError, ValueError):
        return False


def level_for(scheme: str, array: Array, samples: int, bits: float) -> int:
    """Return the level that gives an image a size.

    Parameters
    ----------
    scheme : {"jpegxl", "jpegxr"}
    array : ndarray, shape (..., H, W), or (..., H, W, S) of several samples
    samples : int
        Of a pixel.
    bits : float
        Of a pixel when it is compressed.
    """
    region = _middle(array, samples)
    pixels = region.shape[0] * region.shape[1]
    encode, low, high = _encoder(scheme), _LOWEST[scheme], _HIGHEST
    while low < high:
        level = (low + high + 1) // 2
        fits = 8 * len(encode(region, level)) <= bits * pixels
        low, high = (level, high) if fits else (low, level - 1)
    return low


def _encoder(scheme: str) -> Callable[[Array, int], bytes]:
    import imagecodecs

    encoders: dict[str, Callable[[Array, int], Any]] = {
        "jpegxl": lambda array, level: imagecodecs.jpegxl_encode(array, level, lossless=False),
        "jpegxr": imagecodecs.jpegxr_encode,
    }
    return encoders[scheme]


def _middle(array: Array, samples: int) -> Array:
    shape = array.shape[-3:] if samples > 1 else array.shape[-2:]
    plane = array.reshape(-1, *shape)[0]
    rows, columns = (max(0, (length - _SIDE) // 2) for length in shape[:2])
    return np.ascontiguousarray(plane[rows : rows + _SIDE, columns : columns + _SIDE])


def _is_lossy_xl(stream: bytes) -> bool:
    """Return whether colours are XYB, which no encoder without loss uses (ISO/IEC 18181-1)."""
    bits = _Bits(stream[stream.index(_XL_START) + 2 :][:64])
    is_small = bits.take(1)
    _skip_length(bits, is_small)
    if bits.take(3) == 0:  # no usual ratio of the sides
        _skip_length(bits, is_small)
    if bits.take(1):  # all as usual
        return True
    if bits.take(1):  # orientation, preview or animation
        return False
    is_float = bits.take(1)
    bits.take(6 if bits.take(2) == 3 else 0)
    bits.take(4 if is_float else 0)
    bits.take(1)
    least, more = _XL_EXTRAS[bits.take(2)]
    if not all(bits.take(1) for _ in range(least + bits.take(more))):
        return False  # a channel that is no usual alpha
    return bool(bits.take(1))


def _skip_length(bits: _Bits, is_small: int) -> None:
    bits.take(5 if is_small else _XL_SIZES[bits.take(2)])


def _is_lossy_xr(stream: bytes) -> bool:
    """Return whether samples are scaled, as by quantisation (ITU-T T.832)."""
    start = stream.index(_XR_START) + len(_XR_START)
    has_tiles, is_short, has_window = stream[start + 1] >> 7, stream[start + 2] >> 7, 0x20
    if has_tiles or stream[start + 2] & has_window:
        return False
    return bool(stream[start + (8 if is_short else 12)] & 0x10)


class _Bits:
    """Bits of bytes, the lowest first."""

    def __init__(self, content: bytes) -> None:
        self._left = int.from_bytes(content, "little")

    def take(self, count: int) -> int:
        """Return the next bits as a number."""
        taken = self._left & ((1 << count) - 1)
        self._left >>= count
        return taken
