"""How colours of other kinds become RGB: CMYK, CIELab, palettes and measured light."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.planes import Array

_D50: Final = np.array((0.96422, 1.0, 0.82521), np.float32)
# XYZ to linear sRGB: from D65, and from D50 by Bradford's adaptation. IEC 61966-2-1; Lindbloom,
# http://www.brucelindbloom.com/index.html?Eqn_RGB_XYZ_Matrix.html
_RGB_OF_D65: Final = np.array(
    (
        (3.2404542, -1.5371385, -0.4985314),
        (-0.9692660, 1.8760108, 0.0415560),
        (0.0556434, -0.2040259, 1.0572252),
    ),
    np.float32,
)
_RGB_OF_D50: Final = np.array(
    (
        (3.1338561, -1.6168667, -0.4906146),
        (-0.9787684, 1.9161415, 0.0334540),
        (0.0719453, -0.2289914, 1.4052427),
    ),
    np.float32,
)


def from_cmyk(array: Array, white: int) -> Array:
    """Return the RGB of inks, as programs without an ICC profile show them.

    Parameters
    ----------
    array : ndarray, shape (..., 4), integers or floats
        Less than no ink, as signed integers have it, counts as none.
    white : int
        The value of full ink.

    Returns
    -------
    ndarray, shape (..., 3), dtype of `array`
    """
    wide = array.dtype if array.dtype.kind == "f" else np.uint64
    ink = np.clip(array, array.dtype.type(0), array.dtype.type(white))
    paper = (array.dtype.type(white) - ink).astype(wide)
    mixed = paper[..., :3] * paper[..., 3:]
    if array.dtype.kind != "f":
        mixed = (mixed + np.uint64(white // 2)) // np.uint64(white)
    return np.asarray(mixed.astype(array.dtype))


def from_lab(array: Array, *, is_signed: bool) -> Array:
    """Return the sRGB of CIELab colours, whose white is D50.

    Parameters
    ----------
    array : ndarray, shape (..., 3), uint8 or uint16
    is_signed : bool
        Whether a and b are signed integers (CIELab), or have their zero in the middle (ICCLab).

    Returns
    -------
    ndarray, shape (..., 3), dtype of `array`
    """
    white = np.iinfo(array.dtype).max
    unit = 256 ** (array.dtype.itemsize - 1)  # of a and b: 1/256 in 16 bits
    signed = np.dtype(f"i{array.dtype.itemsize}")
    opponents = np.ascontiguousarray(array[..., 1:], array.dtype.newbyteorder("="))
    middle = 0 if is_signed else 128 * unit
    a, b = np.moveaxis(opponents.view(signed) if is_signed else opponents, -1, 0)
    lightness = array[..., 0] * np.float32(100 / white)
    y = (lightness + 16) / 116
    x = y + (a.astype(np.float32) - middle) / unit / 500
    z = y - (b.astype(np.float32) - middle) / unit / 200
    xyz = np.stack([_cubed(x), _cubed(y), _cubed(z)], -1) * _D50
    display = _companded(xyz @ _RGB_OF_D50.T)
    result: Array = np.rint(display * white).astype(array.dtype)
    return result


def _cubed(ratio: Array) -> Array:
    return np.where(ratio > 6 / 29, ratio**3, (ratio - 4 / 29) * 3 * (6 / 29) ** 2)


def _companded(linear: Array) -> Array:
    inside = np.clip(linear, 0, 1)
    return np.where(inside > 0.0031308, 1.055 * inside ** (1 / 2.4) - 0.055, 12.92 * inside)


def from_logarithms(array: Array) -> Array:
    """Return the luminance of SGI LogL, as libtiff does.

    Parameters
    ----------
    array : ndarray, int16
        The sign in the first bit, and (log2(Y) + 64) * 256 in the others.

    Returns
    -------
    ndarray, shape of `array`, float32
    """
    steps = (array & 0x7FFF).astype(np.float32)
    light = np.where(steps > 0, np.exp2((steps + 0.5) / 256 - 64), 0)
    return np.where(array < 0, -light, light).astype(np.float32)


def from_xyz(array: Array) -> Array:
    """Return the linear RGB of measured light, which may be brighter than 1.

    Parameters
    ----------
    array : ndarray, shape (..., 3), float32
        XYZ.

    Returns
    -------
    ndarray, shape (..., 3), float32
        Colours that sRGB cannot show get 0 for what would be negative.
    """
    return np.maximum(array @ _RGB_OF_D65.T, 0)


def from_palette(indices: Array, colormap: Any) -> Array:
    """Return the colours of a palette, with 8 bits.

    Parameters
    ----------
    indices : ndarray, shape (...)
    colormap : array-like, shape (3, entries), uint16

    Returns
    -------
    ndarray, shape (..., 3) or (...), uint8
        Without the axis of colours if all colours of the palette are grey.

    Raises
    ------
    IndexError
        If the palette has too few entries.
    """
    table = np.asarray(colormap, np.uint32)
    # Some programs write palettes of 8 bits, although the format demands 16.
    bytes_ = (table if table.max(initial=0) < 256 else (table + 128) // 257).astype(np.uint8)
    numbers = indices.astype(np.uint8) if indices.dtype == bool else indices
    grey = bool((bytes_ == bytes_[:1]).all())
    return bytes_[0][numbers] if grey else bytes_.T[numbers]


def with_alpha(colours: Array, array: Array) -> Array:
    """Return colours or grey as RGB with the alpha that is the last sample of another array.

    Parameters
    ----------
    colours : ndarray, shape (...) or (..., 3)
    array : ndarray, shape (..., S)

    Returns
    -------
    ndarray, shape (..., 4), dtype of `colours`
    """
    rgb = colours if colours.ndim == array.ndim else np.stack([colours] * 3, -1)
    return np.concatenate([rgb, array[..., -1:].astype(colours.dtype)], -1)
