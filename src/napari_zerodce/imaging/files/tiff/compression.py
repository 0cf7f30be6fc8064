"""How the samples of a TIFF are compressed, and how those of the result can be, alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import tifffile

from napari_zerodce.imaging.files.tiff import lossy
from napari_zerodce.imaging.planes import Array

_SCHEMES: Final = {
    "LZW": "lzw",
    "ADOBE_DEFLATE": "zlib",
    "DEFLATE": "zlib",
    "ZSTD": "zstd",
    "ZSTD_DEPRECATED": "zstd",
    "PACKBITS": "packbits",
    "LZMA": "lzma",
    "LERC": "lerc",
    "PNG": "png",
    "JPEG": "jpeg",
    "OJPEG": "jpeg",
    "ALT_JPEG": "jpeg",
    "JPEG_2000_LOSSY": "jpeg2000",
    "JPEG2000": "jpeg2000",
    "APERIO_JP2000_YCBC": "aperio_jp2000_rgb",  # what an encoder writes is decoded to RGB
    "APERIO_JP2000_RGB": "aperio_jp2000_rgb",
    "JPEGXR": "jpegxr",
    "JPEGXR_NDPI": "jpegxr",
    "JPEGXL": "jpegxl",
    "JPEGXL_DNG": "jpegxl",
    "WEBP": "webp",
}
"""Codecs that are written again. Results of others are compressed with zlib."""

COMPRESSIONS: Final = {
    code: _SCHEMES[code.name]
    for code in tifffile.COMPRESSION
    if _SCHEMES.get(code.name) in {"lzw", "zlib", "zstd", "packbits", "lzma", "lerc", "png"}
}
"""Codecs for any samples and without loss."""

_PREDICTED: Final = {"lzw", "zlib", "zstd"}
_DTYPES: Final = {
    "jpeg": ("uint8",),
    "webp": ("uint8",),
    "png": ("uint8", "uint16"),
    "jpegxr": ("uint8", "uint16"),
    "jpegxl": ("uint8", "uint16"),
    "jpeg2000": ("uint8", "uint16"),
    "aperio_jp2000_rgb": ("uint8", "uint16"),
    "lerc": ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"),
}
_SAMPLES: Final = {"jpeg": (1, 3), "webp": (3, 4), "jpegxr": (1, 3), "png": (1, 3, 4)}
_BY_SIZE: Final[dict[str, dict[str, Any]]] = {"jpegxl": {"lossless": False}, "jpegxr": {}}
"""Codecs whose streams do not say their level, with options of those that lose something."""

_USUAL_QUALITY = 90
_WEBP_QUALITY = 80  # its files do not say theirs
_STANDARD_TABLE_SUM = 3688  # of luminance, Annex K of the JPEG standard: quality 50 of libjpeg
_SCANNED: Final = 2**16
_LARGEST_WEBP, _LARGEST_JPEG = 16383, 65500


def compression_of(file: tifffile.TiffFile, page: Any) -> dict[str, Any]:
    """Return how a page is compressed, as options of `tifffile.TiffWriter.write`.

    Parameters
    ----------
    file : TiffFile
    page : TiffPage
    """
    scheme = _SCHEMES.get(getattr(page.compression, "name", ""))
    if page.compression == tifffile.COMPRESSION.NONE:
        return {}
    if scheme is None:
        return {"compression": "zlib", "predictor": None}
    predictor = page.predictor if page.predictor in {2, 3} and scheme in _PREDICTED else None
    found: dict[str, Any] = {"compression": scheme, "predictor": predictor}
    if scheme == "jpeg":
        found |= _jpeg_options(file, page)
    elif scheme == "lerc" and "LercParameters" in page.tags:
        inner = {1: "deflate", 2: "zstd"}.get(page.tags["LercParameters"].value[1])
        found["compressionargs"] = {"compression": inner} if inner else {}
    elif scheme == "webp":
        exact = b"VP8L" in _first_segment(file, page)[:64]
        found["compressionargs"] = {"lossless": exact, "level": None if exact else _WEBP_QUALITY}
    elif scheme in {"jpeg2000", "aperio_jp2000_rgb"} and _is_lossy(_first_segment(file, page)):
        found["compressionargs"] = {"level": _decibels(page), "reversible": False}
    elif scheme in _BY_SIZE and lossy.is_lossy(scheme, _first_segment(file, page)):
        found["compressionargs"] = {"bits": _bits_per_pixel(page)}
    return found


def fitting(options: Mapping[str, Any], array: Array, samples: int) -> dict[str, Any]:
    """Return options of compression for an array, with zlib if the codec cannot have it.

    Parameters
    ----------
    options : mapping
        What `compression_of` returned for the source.
    array : ndarray
        What is written.
    samples : int
        Samples of a pixel.
    """
    scheme = options.get("compression")
    if scheme is None:
        return {}
    largest = {"webp": _LARGEST_WEBP, "jpeg": _LARGEST_JPEG}.get(scheme, 2**31)
    fits = (
        array.dtype.name in _DTYPES.get(scheme, (array.dtype.name,))
        and samples in _SAMPLES.get(scheme, (samples,))
        and max(array.shape) <= largest
    )
    if not fits:
        return {"compression": "zlib"}
    chosen = dict(options)
    if not _can_predict(options.get("predictor"), array.dtype):
        chosen["predictor"] = None
    if scheme == "jpeg" and samples != 3:
        chosen.pop("subsampling", None)
    chosen["compressionargs"] = dict(options.get("compressionargs", {}))  # tifffile adds to them
    if samples != 3:
        chosen["compressionargs"].pop("outcolorspace", None)
    if (bits := chosen["compressionargs"].pop("bits", None)) is not None:
        level = lossy.level_for(scheme, array, samples, bits)
        chosen["compressionargs"] = {"level": level, **_BY_SIZE[scheme]}
    return chosen


def _can_predict(predictor: int | None, dtype: np.dtype[Any]) -> bool:
    if predictor == 3:
        return dtype.kind == "f"
    return predictor == 2 and dtype.kind in "iu" and dtype.itemsize <= 4


def _jpeg_options(file: tifffile.TiffFile, page: Any) -> dict[str, Any]:
    told = page.jpegtables
    tables = told if isinstance(told, bytes) and told else _first_segment(file, page)
    options: dict[str, Any] = {"level": jpeg_quality(tables) or _USUAL_QUALITY}
    colours = {}
    if page.photometric == tifffile.PHOTOMETRIC.RGB:
        options["outcolorspace"], colours = "RGB", {"subsampling": (1, 1)}
    elif page.photometric == tifffile.PHOTOMETRIC.YCBCR:
        told = tuple(page.subsampling or (2, 2))
        colours = {"subsampling": told if told in {(1, 1), (2, 1), (2, 2), (4, 1)} else (1, 1)}
    return {"compressionargs": options, **colours}


def _first_segment(file: tifffile.TiffFile, page: Any) -> bytes:
    if not page.dataoffsets or not page.databytecounts[0]:
        return b""
    file.filehandle.seek(page.dataoffsets[0])
    return bytes(file.filehandle.read(min(page.databytecounts[0], _SCANNED)))


def jpeg_quality(stream: bytes) -> int | None:
    """Return the quality, 1 to 100, with which libjpeg makes such tables, None without tables.

    Parameters
    ----------
    stream : bytes
        The beginning of a JPEG, or its tables alone.
    """
    start = stream.find(b"\xff\xdb")
    table = stream[start + 5 : start + 69]
    if start < 0 or len(table) < 64 or stream[start + 4] >> 4:
        return None
    scale = 100 * sum(table) / _STANDARD_TABLE_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return 100 if set(table) == {1} else int(min(max(round(quality), 1), 99))


def _is_lossy(stream: bytes) -> bool:
    """Return whether a JPEG 2000 stream has the wavelet that rounds (9-7)."""
    start = stream.find(b"\xff\x52")  # COD: its last fixed byte says which wavelet
    return start >= 0 and len(stream) > start + 13 and stream[start + 13] == 0


def _decibels(page: Any) -> int:
    """Return the peak signal-to-noise ratio that gives about the size of the source.

    Samples of tissue need 34 dB at 0.5 bits and 6 dB more for each doubling of the bits.
    """
    bits = _bits_per_pixel(page)
    return int(np.clip(round(34 + 6 * np.log2(max(bits, 0.05) / 0.5)), 28, 55))


def _bits_per_pixel(page: Any) -> float:
    return float(8 * sum(page.databytecounts) / max(1, page.imagewidth * page.imagelength))
