"""What a file is by its first bytes, whatever its suffix says."""

from __future__ import annotations

import zipfile
from codecs import getincrementaldecoder
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LENGTH: Final = 4096


@dataclass(frozen=True)
class Content:
    """What a file is.

    Parameters
    ----------
    title : str
        In words that follow "it is", such as "a PDF document".
    suffix : str
        That of an image or a video that this program may read, "" for all other kinds.
    """

    title: str
    suffix: str = ""


_STARTS: Final[dict[bytes, Content]] = {
    b"\x89PNG\r\n\x1a\n": Content("a PNG image", ".png"),
    b"\xff\xd8\xff": Content("a JPEG image", ".jpg"),
    b"GIF8": Content("a GIF image", ".gif"),
    b"II*\0": Content("a TIFF image", ".tif"),
    b"MM\0*": Content("a TIFF image", ".tif"),
    b"II+\0": Content("a TIFF image", ".tif"),
    b"MM\0+": Content("a TIFF image", ".tif"),
    b"\x93NUMPY": Content("a NumPy array", ".npy"),
    b"\x89HDF\r\n\x1a\n": Content("an HDF5 file", ".h5"),
    b"v/1\x01": Content("an OpenEXR image", ".exr"),
    b"ZISRAWFILE": Content("a Zeiss CZI image", ".czi"),
    b"\xda\xce\xbe\x0a": Content("a Nikon ND2 image", ".nd2"),
    b"\0\0\0\x0cjP  ": Content("a JPEG 2000 image", ".jp2"),
    b"\xff\x4f\xff\x51": Content("a JPEG 2000 image", ".j2k"),
    b"FUJIFILMCCD-RAW": Content("a RAW photo", ".raf"),
    b"\x1aE\xdf\xa3": Content("a Matroska video", ".mkv"),
    b"FLV\x01": Content("a Flash video", ".flv"),
    b"\0\0\x01\xba": Content("an MPEG video", ".mpg"),
    b"\0\0\0\x0cJXL ": Content("a JPEG XL image", ".jxl"),
    b"\xff\x0a": Content("a JPEG XL image", ".jxl"),
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
    b"qoif": Content("a QOI image", ".qoi"),
    b"BM": Content("a BMP image", ".bmp"),
    b"DDS ": Content("a DirectDraw image"),
    b"P1\n": Content("a Netpbm image", ".pnm"),
    b"P2\n": Content("a Netpbm image", ".pnm"),
    b"P3\n": Content("a Netpbm image", ".pnm"),
    b"P4\n": Content("a Netpbm image", ".pnm"),
    b"P5\n": Content("a Netpbm image", ".pnm"),
    b"P6\n": Content("a Netpbm image", ".pnm"),
    b"ID3": Content("a sound file"),
    b"\x1f\x8b": Content("a gzip archive"),
    b"BZh": Content("a bzip2 archive"),
    b"7z\xbc\xaf\x27\x1c": Content("a 7-Zip archive"),
    b"Rar!\x1a\x07": Content("a RAR archive"),
    b"\xfd7zXZ\0": Content("an XZ archive"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": Content("an older Office document"),
    b"version https://git-lfs": Content("the pointer of a Git LFS file, which is not downloaded"),
}
_AT: Final[tuple[tuple[int, bytes, Content], ...]] = (
    (128, b"DICM", Content("a DICOM file", ".dcm")),
    (344, b"n+1\0", Content("a NIfTI image")),
    (344, b"ni1\0", Content("the header of a NIfTI image")),
    (257, b"ustar", Content("a tar archive")),
)
_RIFF: Final = {
    b"WEBP": Content("a WebP image", ".webp"),
    b"AVI ": Content("an AVI video", ".avi"),
    b"WAVE": Content("a sound file"),
}
_BRANDS: Final = {
    b"avif": Content("an AVIF image", ".avif"),
    b"avis": Content("an AVIF image", ".avif"),
    b"crx ": Content("a Canon RAW photo", ".cr3"),
    b"jxl ": Content("a JPEG XL image", ".jxl"),
    b"jp2 ": Content("a JPEG 2000 image", ".jp2"),
    b"qt  ": Content("a QuickTime video", ".mov"),
    b"M4A ": Content("a sound file"),
}
_HEIC: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_PACKED: Final = {
    "word/": "a Word document",
    "xl/": "an Excel workbook",
    "ppt/": "a PowerPoint presentation",
    "content.xml": "an OpenDocument file",
}
_MARKUP: Final = {
    b"<svg": "an SVG drawing",
    b"<!doctype html": "a web page, perhaps in place of a download",
    b"<html": "a web page, perhaps in place of a download",
    b"<?xml": "an XML text",
}


def content_of(path: Path) -> Content | None:
    """Return what a file is, None if nobody knows.

    Parameters
    ----------
    path : Path
        A file that can be read.
    """
    with path.open("rb") as file:
        start = file.read(_LENGTH)
    if not start:
        return Content("an empty file")
    known = (content for magic, content in _STARTS.items() if start.startswith(magic))
    placed = (each for place, magic, each in _AT if start[place:].startswith(magic))
    return (
        next(known, None)
        or next(placed, None)
        or _boxed(start)
        or _zipped(path, start)
        or _text(start)
    )


def _boxed(start: bytes) -> Content | None:
    """Return what the containers RIFF and ISO base media hold."""
    if start.startswith(b"RIFF"):
        return _RIFF.get(start[8:12])
    if start[4:8] != b"ftyp":
        return None
    brand = start[8:12]
    if brand in _HEIC:
        is_avif = b"avif" in start[16 : int.from_bytes(start[:4])]
        return _BRANDS[b"avif"] if is_avif else Content("a HEIC image", ".heic")
    return _BRANDS.get(brand, Content("an MP4 video", ".mp4"))


def _zipped(path: Path, start: bytes) -> Content | None:
    if not start.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return Content("a damaged ZIP archive")
    if names and all(name.endswith(".npy") for name in names):
        return Content("a NumPy archive", ".npz")
    found = (title for part, title in _PACKED.items() if any(n.startswith(part) for n in names))
    return Content(next(found, "a ZIP archive"))


def _text(start: bytes) -> Content | None:
    lower = start.lower()
    for mark, title in _MARKUP.items():
        if mark in lower:
            return Content(title)
    try:
        # Not bytes.decode: the last bytes may be a part of a character.
        text = getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return None
    printable = all(letter.isprintable() or letter in "\t\n\r\f" for letter in text)
    return Content("a text") if printable else None
