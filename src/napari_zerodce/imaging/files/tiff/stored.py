"""How the samples of an image are in its TIFF, and how those of its result get the same form."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.sample_depth import limited, spread
from napari_zerodce.imaging.files.tiff import alpha
from napari_zerodce.imaging.files.tiff.depth import white_of
from napari_zerodce.imaging.planes import Array

_PACKED: Final = frozenset({"uint8", "uint16", "uint32"})
_ALPHAS: Final = frozenset({"ASSOCALPHA", "UNASSALPHA"})


@dataclass(frozen=True)
class Stored:
    """How the samples of an image are in its file.

    Parameters
    ----------
    axes : str
        A letter for each axis, in the order of the file.
    order : tuple of int
        The axes of the file in our order: planes last, and then samples.
    photometric : str
        "minisblack", "miniswhite" or "rgb".
    planarconfig : str, optional
        "contig" or "separate", if pixels have several samples.
    extrasamples : tuple of str
        What the samples after those of brightness or colour are.
    bits : int, optional
        Of a sample, if they do not fill the dtype.
    was : str
        The colours of the file if they became RGB, such as "CMYK".
    subfiletype : int
        Whether the pages are marked as those of a document (2), or as masks of others (4).
    further : ndarray, shape (..., K), optional
        The samples besides colour and alpha, which come back as they are.
    """

    axes: str
    order: tuple[int, ...]
    photometric: str = "minisblack"
    planarconfig: str | None = None
    extrasamples: tuple[str, ...] = ()
    bits: int | None = None
    was: str = ""
    subfiletype: int = 0
    further: Array | None = field(default=None, compare=False, repr=False)

    @property
    def is_premultiplied(self) -> bool:
        """Whether the one sample after those of colour is associated alpha."""
        return self.extrasamples == ("ASSOCALPHA",)

    @property
    def transparencies(self) -> int:
        """How many of the last samples are alpha."""
        return sum(kind in _ALPHAS for kind in self.extrasamples)

    @property
    def alpha_place(self) -> int | None:
        """Which of the samples after those of colour is alpha."""
        places = (n for n, kind in enumerate(self.extrasamples) if kind in _ALPHAS)
        return next(places, None)

    def without_further(self) -> Stored:
        """Return the form without the samples besides colour and alpha."""
        if self.further is None or self.alpha_place is None:
            return self
        return replace(self, extrasamples=(self.extrasamples[self.alpha_place],), further=None)

    def of_last(self, count: int) -> Stored | None:
        """Return the form of the last axes, None if the file has others before them.

        Parameters
        ----------
        count : int
            How many axes are left.
        """
        gone = len(self.order) - count
        if self.order[:gone] != tuple(range(gone)):
            return None
        return replace(
            self, axes=self.axes[gone:], order=tuple(axis - gone for axis in self.order[gone:])
        )

    def in_our_order(self, axes: str) -> Stored:
        """Return the form of a file of a kind that is not written, as a plain TIFF has it.

        Parameters
        ----------
        axes : str
            A letter for each axis of the image.
        """
        planar = "contig" if self.photometric == "rgb" and axes.endswith("S") else None
        order = tuple(range(len(axes)))
        return replace(self, axes=axes, order=order, planarconfig=planar)

    def fits(self, image: ImageFile) -> bool:
        """Return whether an image may have this form.

        Parameters
        ----------
        image : ImageFile
        """
        has_samples = image.channels == "mono" or self.planarconfig is not None
        return len(self.order) == image.array.ndim and has_samples


@dataclass(frozen=True)
class Form:
    """Samples as a TIFF has them.

    Parameters
    ----------
    array : ndarray
    axes : str
        A letter for each axis of the array, or "" if they are unknown.
    options : dict
        What `tifffile.TiffWriter.write` needs to know of the samples.
    """

    array: Array
    axes: str
    options: dict[str, Any]


def as_written(image: ImageFile) -> ImageFile:
    """Return an image whose form is one that its dialect can describe: ours, page by page.

    Parameters
    ----------
    image : ImageFile
    """
    stored, axes = image.details.get("stored"), str(image.details.get("axes", ""))
    told = image.details.get("dialect") in {"ome", "imagej"}
    if not isinstance(stored, Stored) or not told or len(axes) != image.array.ndim:
        return image
    if image.channels != "mono" and image.details["dialect"] == "ome":
        return image
    return replace(image, details={**image.details, "stored": stored.in_our_order(axes)})


def form_of(image: ImageFile, *, is_packed: bool) -> Form:
    """Return the samples of an image in the form of the file that it comes from, if it has one.

    Parameters
    ----------
    image : ImageFile
        Or a page of one.
    is_packed : bool
        Whether samples may have fewer bits than their dtype; tifffile cannot compress such.
    """
    array, stored = _with_samples(image, _form_for(image))
    if stored.is_premultiplied and image.channels == "rgba" and alpha.can_divide(array.dtype):
        array = alpha.multiplied(array, white_of(array.dtype, stored.bits))
    if stored.photometric == "miniswhite":
        array = inverted(array, stored)
    bits = _packed_bits(image, stored)
    if bits:
        array = limited(array, bits) if is_packed else spread(array, bits)
    return _ordered(array, stored, bits if is_packed else None)


def outline_of(image: ImageFile) -> Form:
    """Return the axes and options of `form_of`, with samples that are not converted.

    Parameters
    ----------
    image : ImageFile
        Or a page of one.
    """
    return _ordered(*_with_samples(image, _form_for(image)), None)


def _form_for(image: ImageFile) -> Stored:
    stored = image.details.get("stored")
    known = stored.without_further() if isinstance(stored, Stored) else None
    found = known.of_last(image.array.ndim) if known else None
    return found if found and found.fits(image) else _usual(image)


def _ordered(array: Array, stored: Stored, bits: int | None) -> Form:
    options = {
        "photometric": stored.photometric,
        "planarconfig": stored.planarconfig,
        "extrasamples": list(stored.extrasamples) or None,
        "bitspersample": bits,
        "subfiletype": stored.subfiletype,
    }
    told = {key: value for key, value in options.items() if value}
    return Form(array.transpose(np.argsort(stored.order)), stored.axes, told)


def lost_form(image: ImageFile, *, is_packed: bool) -> tuple[str, ...]:
    """Return what of the form of an image's file is not written again, in the words of users.

    Parameters
    ----------
    image : ImageFile
    is_packed : bool
        As for `form_of`.
    """
    stored = image.details.get("stored")
    if not isinstance(stored, Stored):
        return ()
    bits = None if is_packed else _packed_bits(image, stored)
    further = ("samples besides colour and alpha",) if stored.further is not None else ()
    return (f"compressed samples of {bits} bits", *further) if bits else further


def crosses_bytes(image: ImageFile) -> bool:
    """Return whether samples are packed so that one may begin in the byte where another ends.

    Parameters
    ----------
    image : ImageFile
    """
    bits = _packed_bits(image, _form_for(image))
    return bits is not None and bits > 8


def _packed_bits(image: ImageFile, stored: Stored) -> int | None:
    return stored.bits if image.array.dtype.name in _PACKED else None


def _usual(image: ImageFile) -> Stored:
    """Return the form of an image that does not come from a TIFF."""
    axes = str(image.details.get("axes", ""))
    order = tuple(range(image.array.ndim))
    known = axes if len(axes) == image.array.ndim else ""
    if image.channels == "mono":
        return Stored(known, order)
    kinds = (image.details.get("alpha", "UNASSALPHA"),) if image.channels == "rgba" else ()
    return Stored(known, order, "rgb", "contig", kinds)


def _with_samples(image: ImageFile, stored: Stored) -> tuple[Array, Stored]:
    """Return an array whose last axis is that of samples again, if its file has one."""
    array = image.array
    if image.channels == "mono":
        moved = array if stored.planarconfig is None else np.moveaxis(array, -3, -1)
        count = moved.shape[-1] - (3 if stored.photometric == "rgb" else 1)
        extra = stored.extrasamples if stored.planarconfig and count > 0 else ()
        return moved, replace(stored, extrasamples=(extra * count)[:count])
    if image.channels == "rgba" and stored.photometric != "rgb":  # grey and alpha
        if (array[..., :1] == array[..., 1:3]).all():
            return array[..., [0, 3]], stored
        stored = replace(stored, photometric="rgb")
    return array, stored


def inverted(array: Array, stored: Stored) -> Array:
    """Return samples whose white is black, or the reverse; alpha stays. Floats have white at 1.

    Parameters
    ----------
    array : ndarray, shape (...), or (..., S) if there is alpha
    stored : Stored
    """
    if array.dtype.kind == "b":
        return ~array
    # The sum of the darkest and the brightest value.
    signed = array.dtype.kind == "i"
    both = array.dtype.type(-1 if signed else white_of(array.dtype, stored.bits))
    result: Array = both - array
    if count := stored.transparencies:
        result[..., -count:] = array[..., -count:]
    return result
