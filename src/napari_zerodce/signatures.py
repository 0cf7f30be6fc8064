"""What a file is by its first bytes: one table for images, videos, archives and models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

LENGTH: Final = 4096
"""How many of the first bytes tell all that can be told."""


@dataclass(frozen=True)
class Content:
    """What a file is.

    Parameters
    ----------
    title : str
        In words that follow "it is", such as "a PDF document".
    suffix : str
        That of an image or a video that this program may read, "" for all other kinds.
    also : tuple of str
        The suffixes of other kinds of images whose files begin the same way.
    group : str
        "archive" or "model" for what is not to be looked at, but to be unpacked or exported from.
    """

    title: str
    suffix: str = ""
    also: tuple[str, ...] = ()
    group: Literal["", "archive", "model"] = ""


def content_at_start(start: bytes) -> Content | None:
    """Return what a file is, None if its first bytes do not tell it.

    Parameters
    ----------
    start : bytes
        At least the first 4096 bytes of the file, or all.
    """
    return (
        next((each for begin, each in _STARTS.items() if start.startswith(begin)), None)
        or next((each for place, begin, each in _AT if start.startswith(begin, place)), None)
        or next((each for pattern, each in _PATTERNS if pattern.match(start)), None)
        or _boxed(start)
    )


def _archive(title: str) -> Content:
    return Content(title, group="archive")


def _model(title: str) -> Content:
    return Content(title, group="model")


_TIFF: Final = Content("a TIFF image", ".tif", also=(".vsi",))
_JPEG_2000: Final = Content("a JPEG 2000 image", ".jp2")
_JPEG_XL: Final = Content("a JPEG XL image", ".jxl")
_MPEG: Final = Content("an MPEG video", ".mpg")
_TRANSPORT: Final = Content("an MPEG transport stream", ".ts")

_STARTS: Final = {
    b"\x89PNG\r\n\x1a\n": Content("a PNG image", ".png"),
    b"\xff\xd8\xff": Content("a JPEG image", ".jpg"),
    b"GIF8": Content("a GIF image", ".gif"),
    b"II*\0": _TIFF,
    b"MM\0*": _TIFF,
    b"II+\0": _TIFF,
    b"MM\0+": _TIFF,
    b"\x93NUMPY": Content("a NumPy array", ".npy"),
    b"\x89HDF\r\n\x1a\n": Content("an HDF5 file", ".h5", also=(".ims",)),
    b"MATLAB 7.3": Content("a MATLAB 7.3 file, which is HDF5", ".h5"),
    b"v/1\x01": Content("an OpenEXR image", ".exr"),
    b"ZISRAWFILE": Content("a Zeiss CZI image", ".czi"),
    b"\xda\xce\xbe\x0a": Content("a Nikon ND2 image", ".nd2"),
    b"OLYMPUSRAWFORMAT": Content("an Olympus image", ".oir"),
    b"\0\0\0\x0cjP  ": _JPEG_2000,
    b"\xff\x4f\xff\x51": Content("a JPEG 2000 image", ".j2k"),
    b"\0\0\0\x0cJXL ": _JPEG_XL,
    b"\xff\x0a": _JPEG_XL,
    b"qoif": Content("a QOI image", ".qoi"),
    b"FUJIFILMCCD-RAW": Content("a RAW photo", ".raf"),
    b"IIRO": Content("a RAW photo", ".orf"),
    b"IIRS": Content("a RAW photo", ".orf"),
    b"MMOR": Content("a RAW photo", ".orf"),
    b"IIU\0": Content("a RAW photo", ".rw2"),
    b"FOVb": Content("a RAW photo", ".x3f"),
    b"\0MRM": Content("a RAW photo", ".mrw"),
    b"\x1aE\xdf\xa3": Content("a Matroska video", ".mkv"),
    b"\0\0\x01\xba": _MPEG,
    b"\0\0\x01\xb3": _MPEG,
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": Content("a Windows Media video", ".wmv"),
    b"FLV\x01": Content("a Flash video"),
    b"P7\n": Content("a PAM image"),
    b"PF\n": Content("a PFM image"),
    b"Pf\n": Content("a PFM image"),
    b"II\xbc\x01": Content("a JPEG XR image"),
    b"%PDF": Content("a PDF document"),
    b"%!PS": Content("a PostScript document"),
    b"8BPS": Content("a Photoshop image"),
    b"gimp xcf": Content("a GIMP image"),
    b"SIMPLE  =": Content("a FITS image"),
    b"MATLAB 5.0": Content("a MATLAB file"),
    b"\x0e\x03\x13\x01": Content("an HDF4 file"),
    b"CDF\x01": Content("a NetCDF file"),
    b"CDF\x02": Content("a NetCDF file"),
    b"NRRD000": Content("an NRRD image"),
    b"#?RADIANCE": Content("a Radiance HDR image"),
    b"DDS ": Content("a DirectDraw image"),
    b"ID3": Content("a sound file"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": Content("an older Office document", also=(".zvi", ".oib")),
    b"version https://git-lfs": Content("the pointer of a Git LFS file, which is not downloaded"),
    b"\x1f\x8b": _archive("a gzip archive"),
    b"BZh": _archive("a bzip2 archive"),
    b"7z\xbc\xaf\x27\x1c": _archive("a 7-Zip archive"),
    b"Rar!\x1a\x07": _archive("a RAR archive"),
    b"\xfd7zXZ\0": _archive("an XZ archive"),
    b"\x28\xb5\x2f\xfd": _archive("a Zstandard archive"),
    b"GGUF": _model("a GGUF model"),
    b"7767517\n": _model("an ncnn model"),
}
_AT: Final = (
    (4, b"TFL3", _model("a TensorFlow Lite model")),
    (4, b"ORTM", _model("an ONNX Runtime model")),
    (6, b"HEAPCCDR", Content("a RAW photo", ".crw")),
    (128, b"DICM", Content("a DICOM file", ".dcm")),
    (344, b"n+1\0", Content("a NIfTI image")),
    (344, b"ni1\0", Content("the header of a NIfTI image")),
    (257, b"ustar", _archive("a tar archive")),
)
_PATTERNS: Final = (
    # Letters alone would take texts for images: the size of the header follows, or a number.
    (
        re.compile(rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL),
        Content("a BMP image", ".bmp"),
    ),
    (re.compile(rb"P[1-6]\s+[\d#]"), Content("a Netpbm image", ".pnm")),
    # Packets of 188 bytes, with the time before each on discs and cameras.
    (re.compile(rb"(G.{187}){2}G", re.DOTALL), _TRANSPORT),
    (re.compile(rb"....(G.{191}){2}G", re.DOTALL), _TRANSPORT),
)
_RIFF: Final = {
    b"WEBP": Content("a WebP image", ".webp"),
    b"AVI ": Content("an AVI video", ".avi"),
    b"WAVE": Content("a sound file"),
}
_AVIF: Final = Content("an AVIF image", ".avif")
_BRANDS: Final = {
    b"avif": _AVIF,
    b"avis": _AVIF,
    b"crx ": Content("a Canon RAW photo", ".cr3"),
    b"qt  ": Content("a QuickTime video", ".mov"),
    b"M4A ": Content("a sound file"),
}
_HEIC: Final = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


def _boxed(start: bytes) -> Content | None:
    """Return what the containers RIFF and ISO base media hold."""
    if start.startswith(b"RIFF"):
        return _RIFF.get(start[8:12])
    if start[4:8] != b"ftyp":
        return None
    brand = start[8:12]
    if brand in _HEIC:
        is_avif = b"avif" in start[16 : int.from_bytes(start[:4])]
        return _AVIF if is_avif else Content("a HEIC image", ".heic")
    return _BRANDS.get(brand, Content("an MP4 video", ".mp4"))
