"""How an image becomes a TIFF, if possible in the dialect of the file that it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import tifffile

from napari_zerodce.imaging.files.image_file import ImageFile
from napari_zerodce.imaging.files.tiff.pages import in_file_order
from napari_zerodce.imaging.files.tiff.stored import form_of, lost_form

_DTYPES: Final = {
    "imagej": ("uint8", "uint16", "int16", "float32"),
    "ome": ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"),
}
BIG: Final = (".btf", ".tf8")
"""The suffixes of files whose offsets have 64 bits."""

_LARGEST_IMAGEJ: Final = 2**32 - 2**25  # its offsets have 32 bits


def can_hold(images: Sequence[ImageFile], _suffix: str) -> bool:
    """Return whether there are images; they may be any.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    return len(images) > 0


def left_out(images: Sequence[ImageFile], _suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that a file cannot hold.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    lost = [lost_form(image, is_packed=_is_packed(image)) for image in images]
    return tuple(dict.fromkeys(name for names in lost for name in names))


def write(path: Path, images: Sequence[ImageFile]) -> None:
    """Write images, if possible in the dialect of the file that they come from.

    Parameters
    ----------
    path : Path
    images : sequence of ImageFile
        Of any shapes and dtypes.
    """
    every = in_file_order(images)
    alone = len(every) == 1
    dialects = {_possible_dialect(image) for image in every}
    dialect = dialects.pop() if len(dialects) == 1 else None
    dialect = dialect if alone or dialect == "ome" else None
    size = sum(image.array.nbytes for image in every)
    is_big = path.suffix.lower() in BIG or (size > _LARGEST_IMAGEJ and dialect != "imagej")
    dialects_on = {"imagej": dialect == "imagej", "ome": dialect == "ome"}
    with tifffile.TiffWriter(path, bigtiff=is_big, **dialects_on) as file:
        for image in every:
            _write_one(file, image, dialect, is_plain=not alone and dialect is None)


def _write_one(
    file: tifffile.TiffWriter, image: ImageFile, dialect: str | None, *, is_plain: bool
) -> None:
    details = image.details
    keys = ("compression", "predictor", "resolution", "resolutionunit")
    options = {key: details[key] for key in keys if key in details}
    if "dpi" in details:
        options |= {"resolution": details["dpi"], "resolutionunit": "INCH"}
    form = form_of(image, is_packed=_is_packed(image))
    metadata = {"axes": form.axes} if len(form.axes) == form.array.ndim else {}
    if dialect:
        metadata |= details["metadata"]
    if dialect == "imagej":  # ImageJ reads neither
        options = {k: v for k, v in options.items() if k not in {"compression", "predictor"}}
        options["colormap"] = details.get("colormap")
    file.write(
        form.array,
        metadata=None if is_plain else metadata,
        iccprofile=details.get("icc_profile"),
        **form.options,
        **options,
    )


def _is_packed(image: ImageFile) -> bool:
    """Return whether samples may have fewer bits than their dtype."""
    return image.details.get("compression") is None and image.details.get("dialect") != "imagej"


def _possible_dialect(image: ImageFile) -> str | None:
    """Return the dialect of the image's original file, or None if it cannot hold this array."""
    array, axes = image.array, image.details.get("axes", "")
    dialect: str | None = image.details.get("dialect")
    if len(axes) != array.ndim or len(set(axes)) != len(axes) or not set(axes) <= set("TZCYXS"):
        return None
    if image.channels == "mono" and array.shape[-1] == 1:
        return None  # tifffile would take the columns for the samples of a pixel
    if array.dtype.name not in _DTYPES.get(dialect or "", ()):
        return None
    if dialect == "ome":
        return dialect
    ordered = "".join(axis for axis in "TZCYXS" if axis in axes) == axes
    plain = image.channels == "mono" or array.dtype == np.uint8
    return dialect if ordered and plain and array.nbytes < _LARGEST_IMAGEJ else None
