"""What a TIFF says beside its pixels."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import tifffile

COMPRESSIONS: Final = {
    tifffile.COMPRESSION.LZW: "lzw",
    tifffile.COMPRESSION.ADOBE_DEFLATE: "zlib",
    tifffile.COMPRESSION.DEFLATE: "zlib",
    tifffile.COMPRESSION.ZSTD: "zstd",
    tifffile.COMPRESSION.PACKBITS: "packbits",
    tifffile.COMPRESSION.LZMA: "lzma",
}
_IMAGEJ_KEYS: Final = frozenset(
    {"unit", "yunit", "zunit", "spacing", "finterval", "fps", "tunit", "loop", "mode"}
    | {"xorigin", "yorigin", "zorigin", "Info", "Labels", "LUTs", "Properties"}
)
_OME_KEYS: Final = (
    *(f"PhysicalSize{axis}{unit}" for axis in "XYZ" for unit in ("", "Unit")),
    "TimeIncrement",
    "TimeIncrementUnit",
)


def details_of(file: tifffile.TiffFile, page: Any) -> dict[str, Any]:
    """Return the facts of the image that a page begins, for `ImageFile.details`.

    Parameters
    ----------
    file : TiffFile
    page : TiffPage
    """
    details: dict[str, Any] = {}
    if page.extrasamples in {(0,), (1,), (2,)}:
        details["alpha"] = tifffile.EXTRASAMPLE(page.extrasamples[0]).name
    if page.compression in COMPRESSIONS:
        details["compression"] = COMPRESSIONS[page.compression]
        details["predictor"] = page.predictor if page.predictor in {2, 3} else None
    resolution = tag_of(page, "XResolution"), tag_of(page, "YResolution")
    if all(isinstance(value, tuple) and all(value) for value in resolution):
        details["resolution"] = resolution
        details["resolutionunit"] = page.resolutionunit
    if profile := tag_of(page, "InterColorProfile"):
        details["icc_profile"] = profile
    if file.is_imagej and file.imagej_metadata:
        known = {k: v for k, v in file.imagej_metadata.items() if k in _IMAGEJ_KEYS}
        details |= {"dialect": "imagej", "metadata": known}
        if page.photometric == tifffile.PHOTOMETRIC.PALETTE:
            details["colormap"] = page.colormap
    elif file.is_ome and file.ome_metadata:
        # Invalid or unusual XML is no reason to refuse the image.
        with suppress(KeyError, TypeError, AttributeError, ValueError, SyntaxError):
            details |= {"dialect": "ome", "metadata": _ome_sizes(file.ome_metadata)}
    return details


def tag_of(page: Any, name: str) -> Any:
    """Return the value of a tag, None if the page lacks it.

    Parameters
    ----------
    page : TiffPage
    name : str
    """
    return page.tags[name].value if name in page.tags else None


def _ome_sizes(xml: str) -> dict[str, Any]:
    """Return the pixel sizes and channel names of the first image."""
    image = tifffile.xml2dict(xml)["OME"]["Image"]
    pixels = (image[0] if isinstance(image, list) else image)["Pixels"]
    sizes = {key: pixels[key] for key in _OME_KEYS if key in pixels}
    channels = pixels.get("Channel", [])
    names = [
        channel.get("Name") for channel in (channels if isinstance(channels, list) else [channels])
    ]
    if names and all(names):
        sizes["Channel"] = {"Name": names}
    return sizes
