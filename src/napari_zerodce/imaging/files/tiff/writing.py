"""How an image becomes a TIFF, if possible in the dialect of the file that it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import tifffile

from napari_zerodce.imaging.files.image_file import ImageFile

_DTYPES: Final = {
    "imagej": ("uint8", "uint16", "int16", "float32"),
    "ome": ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"),
}
_LARGEST_IMAGEJ: Final = 2**32 - 2**25  # its offsets have 32 bits


def can_hold(images: Sequence[ImageFile], _suffix: str) -> bool:
    """Return whether there is one image; it may be any.

    Parameters
    ----------
    images : sequence of ImageFile
    _suffix : str
    """
    return len(images) == 1


def left_out(_images: Sequence[ImageFile], _suffix: str) -> tuple[str, ...]:
    """Return the names of the facts that a file cannot hold.

    Parameters
    ----------
    _images : sequence of ImageFile
    _suffix : str
    """
    return ()


def write(path: Path, images: Sequence[ImageFile]) -> None:
    """Write an image, if possible in the dialect of the file that it comes from.

    Parameters
    ----------
    path : Path
    images : sequence of ImageFile
        One image, of any shape and dtype.
    """
    (image,) = images
    details, array = image.details, image.array
    keys = ("compression", "predictor", "resolution", "resolutionunit")
    options = {key: details[key] for key in keys if key in details}
    if "dpi" in details:
        options |= {"resolution": details["dpi"], "resolutionunit": "INCH"}
    axes = details.get("axes", "")
    metadata = {"axes": axes} if len(axes) == array.ndim else {}
    dialect = _possible_dialect(image)
    if dialect:
        metadata |= details["metadata"]
    if dialect == "imagej":  # ImageJ reads neither
        options = {k: v for k, v in options.items() if k not in {"compression", "predictor"}}
        options["colormap"] = details.get("colormap")
    if image.channels != "mono":
        options["planarconfig"] = "contig"
    if image.channels == "rgba":
        options["extrasamples"] = [details.get("alpha", "UNASSALPHA")]
    tifffile.imwrite(
        path,
        array,
        photometric="minisblack" if image.channels == "mono" else "rgb",
        imagej=dialect == "imagej",
        ome=dialect == "ome",
        metadata=metadata,
        iccprofile=details.get("icc_profile"),
        **options,
    )


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
