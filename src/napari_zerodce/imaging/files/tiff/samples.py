"""What the samples of a TIFF mean: the order of axes, and grey, colour or channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from tifffile import EXTRASAMPLE, FILETYPE, PHOTOMETRIC, PLANARCONFIG

from napari_zerodce.imaging.files.image_file import check_room, upright
from napari_zerodce.imaging.files.tiff import alpha, colours, libtiff
from napari_zerodce.imaging.files.tiff.depth import packed_bits, white_of
from napari_zerodce.imaging.files.tiff.further_samples import set_aside
from napari_zerodce.imaging.files.tiff.stored import Stored, inverted
from napari_zerodce.imaging.files.urls import Named
from napari_zerodce.imaging.planes import Array, Channels, layout_of

_LAB: Final = (PHOTOMETRIC.CIELAB, PHOTOMETRIC.ICCLAB)
_RGB: Final = 3
_CMYK: Final = 1  # of the sets of inks
_WIDEST_SAMPLE: Final = 8  # bytes, in the arithmetic of conversions


@dataclass(frozen=True)
class Samples:
    """An array in our order, what its axes are, and how it is in its file."""

    array: Array
    axes: str
    stored: Stored

    @property
    def has_samples(self) -> bool:
        """Whether the last axis is that of the samples of a pixel."""
        return self.axes.endswith("S")

    @property
    def count(self) -> int:
        """How many samples a pixel has."""
        return int(self.array.shape[-1]) if self.has_samples else 1


def understood(
    array: Array, axes: str, page: Any, path: Named, *, has_luts: bool
) -> tuple[Array, str, Channels, Stored]:
    """Return the samples of pages as an image in our order.

    Parameters
    ----------
    array : ndarray
        As the file has it.
    axes : str
        A letter for each axis.
    page : TiffPage
        Any page of the image.
    path : Path or Url
        For the message if memory is short.
    has_luts : bool
        Whether palettes are lookup tables for the screen, as in ImageJ.

    Raises
    ------
    ImageError
        If the memory is too small.
    ValueError
        If we cannot show such colours.
    """
    if "S" in axes and array.shape[axes.index("S")] == 1:  # in damaged files
        array, axes = array.squeeze(axes.index("S")), axes.replace("S", "")
    samples = _planes_last(array, axes, page)
    orientation = page.tags["Orientation"].value if "Orientation" in page.tags else 1
    rows = array.ndim - 2 - samples.has_samples
    samples = replace(samples, array=upright(samples.array, orientation, rows=rows))
    as_it_is = {PHOTOMETRIC.MINISBLACK, *((PHOTOMETRIC.PALETTE,) if has_luts else ())}
    if photometric_of(page) in as_it_is:
        return _with_channels(samples)
    return _with_channels(_in_colour(samples, page, path))


def only_moves(page: Any) -> bool:
    """Return whether samples become no others, so that a header tells all but their values.

    Parameters
    ----------
    page : TiffPage
        Any page of the image.
    """
    kinds = {PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.RGB}
    is_premultiplied = EXTRASAMPLE.ASSOCALPHA in page.extrasamples
    return photometric_of(page) in kinds and not is_premultiplied and not libtiff.is_needed(page)


def photometric_of(page: Any) -> int:
    """Return what a page says of its colours; without such a tag, 0 is black.

    Parameters
    ----------
    page : TiffPage
    """
    # tifffile gives the same value for a missing tag and for MINISWHITE.
    known = "PhotometricInterpretation" in page.tags
    return int(page.photometric if known else PHOTOMETRIC.MINISBLACK)


def _planes_last(array: Array, axes: str, page: Any) -> Samples:
    """Move rows, columns and samples to the end, because files may have them at any axis."""
    order = list(range(array.ndim))
    if {"Y", "X"} <= set(axes):
        last = "YXS" if "S" in axes else "YX"
        order = [axis for axis, name in enumerate(axes) if name not in last]
        order += [axes.index(name) for name in last]
    known = {int(kind): kind.name for kind in EXTRASAMPLE}
    extra = tuple(known.get(int(kind), "UNSPECIFIED") for kind in page.extrasamples)
    contig = page.planarconfig == PLANARCONFIG.CONTIG
    planar = None if "S" not in axes else "contig" if contig else "separate"
    of_document = int(page.subfiletype) & FILETYPE.PAGE
    form = "minisblack", planar, extra, packed_bits(page)
    stored = Stored(axes, tuple(order), *form, subfiletype=of_document)
    return Samples(array.transpose(order), "".join(axes[axis] for axis in order), stored)


def _in_colour(samples: Samples, page: Any, path: Named) -> Samples:
    """Return samples as grey where more is brighter, or as RGB."""
    kind, stored = photometric_of(page), samples.stored
    # JPEG and others give RGB for YCbCr.
    photo = kind == PHOTOMETRIC.YCBCR and page.compression not in libtiff.LOSSLESS
    if kind == PHOTOMETRIC.RGB or photo:
        photometric = "rgb" if samples.count >= _RGB else "minisblack"  # fewer in damaged files
        return replace(samples, stored=replace(stored, photometric=photometric))
    check_room(_WIDEST_SAMPLE * samples.array.size, path)
    if kind == PHOTOMETRIC.MINISWHITE:
        stored = replace(stored, photometric="miniswhite")
        return replace(samples, array=inverted(samples.array, stored), stored=stored)
    if kind == PHOTOMETRIC.PALETTE:
        return _as_rgb(samples, _from_palette(samples, page), "palette")
    return _from_other_colours(samples, page)


def _from_palette(samples: Samples, page: Any) -> Array:
    array = samples.array
    if not samples.has_samples:
        return colours.from_palette(array, page.colormap)
    if samples.count != 1 + samples.stored.transparencies:
        raise ValueError("unsupported colours, a palette with several indices for a pixel")
    return colours.with_alpha(colours.from_palette(array[..., 0], page.colormap), array)


def _from_other_colours(samples: Samples, page: Any) -> Samples:
    kind, array, count = photometric_of(page), samples.array, samples.count
    if kind == PHOTOMETRIC.SEPARATED and count == 4 and _ink_set(page) == _CMYK:
        white = white_of(array.dtype, samples.stored.bits)
        return _as_rgb(samples, colours.from_cmyk(array, white), "CMYK")
    if kind in _LAB and count == 3 and array.dtype.kind in "iu" and array.dtype.itemsize <= 2:
        bits = array.view(f"u{array.dtype.itemsize}") if array.dtype.kind == "i" else array
        is_signed = kind == PHOTOMETRIC.CIELAB
        return _as_rgb(samples, colours.from_lab(bits, is_signed=is_signed), "CIELab")
    if libtiff.is_needed(page):
        rgb = colours.from_xyz(array) if kind == PHOTOMETRIC.LOGLUV else array
        return _as_rgb(samples, rgb, "LogLuv" if libtiff.is_logarithmic(page) else "YCbCr")
    name = getattr(page.photometric, "name", page.photometric)
    raise ValueError(f"unsupported colours, {name} with {count} samples a pixel")


def _as_rgb(samples: Samples, array: Array, was: str) -> Samples:
    """Return samples whose file has other colours, which are not written again."""
    axes = samples.axes.removesuffix("S")
    is_grey = array.ndim == len(axes)
    axes += "" if is_grey else "S"
    planar, photometric = (None, "minisblack") if is_grey else ("contig", "rgb")
    order = tuple(range(array.ndim))
    bits = None if array.dtype == np.uint8 else samples.stored.bits
    extra = samples.stored.extrasamples if array.shape[-1] > _RGB and not is_grey else ()
    form = photometric, planar, extra, bits, "" if is_grey else was
    stored = Stored(axes, order, *form, samples.stored.subfiletype)
    return Samples(array, axes, stored)


def _ink_set(page: Any) -> int:
    return int(page.tags["InkSet"].value) if "InkSet" in page.tags else _CMYK


def _with_channels(samples: Samples) -> tuple[Array, str, Channels, Stored]:
    """Return samples as colour if the file says so, and otherwise as channels."""
    array, axes, stored = samples.array, samples.axes, samples.stored
    if not samples.has_samples:
        # The writer may not have known about colour: the shape then decides, as in napari.
        guessed = layout_of(array).channels if "Q" in axes and array.ndim == len(axes) else "mono"
        return array, axes if guessed == "mono" else axes[:-3] + "YXS", guessed, stored
    count, is_rgb = array.shape[-1], stored.photometric == "rgb"
    if not is_rgb and count == 2 and stored.transparencies:
        array, count, is_rgb = array[..., [0, 0, 0, 1]], 4, True  # grey and alpha
    if is_rgb and count > _RGB + 1:
        array, stored = set_aside(array, stored)
        count = array.shape[-1]
    if not is_rgb or count not in {3, 4}:
        return np.moveaxis(array, -1, -3), axes[:-3] + _channel_letter(axes) + "YX", "mono", stored
    if stored.without_further().is_premultiplied and count == 4 and alpha.can_divide(array.dtype):
        array = alpha.divided(array, white_of(array.dtype, stored.bits))
    return array, axes, "rgb" if count == 3 else "rgba", stored


def _channel_letter(axes: str) -> str:
    return "S" if "C" in axes else "C"
